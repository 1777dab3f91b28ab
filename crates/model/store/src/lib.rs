//! Keeps any object in SQLite or PostgreSQL. The only crate that knows SQL.
//!
//! One generic store is driven by the [`object::Model`]: no code is generated per object. A request becomes a list of
//! `Statement`s in the database's dialect; a driver runs them. SQLite has one writer thread with group commit
//! that acknowledges after COMMIT, and readers of its own; PostgreSQL has a pool.

mod conn;
mod error;
mod filter;
mod memory;
mod migrate;
mod news;
mod postgres;
mod query;
mod shape;
mod snapshot;
mod sql;
mod sqlite;
mod statement;
mod store;
mod touch;
mod transfer;
mod turn;
mod tx;
mod write;

#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use filter::{Filter, Op, scalar};
pub use migrate::{MigrateOptions, Plan, lock_text};
pub use news::{Listener, News};
pub use postgres::{PostgresConfig, SslMode};
pub use query::{After, Page, Query};
pub use snapshot::{Row, Snapshot};
pub use statement::Column;
pub use store::{Place, Store};
pub use transfer::{Frozen, Layout, Load, canonical};
pub use tx::{Savepoint, Tx};
pub use write::Write;

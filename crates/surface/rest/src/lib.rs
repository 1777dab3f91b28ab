//! API v3 out of the catalogue.
//!
//! Every kind of object with a path gets its lists, details and uses, every operation of a feature its place; permissions,
//! parsing and the shape of errors sit here, in front of all of them, so that no operation can forget them. This crate
//! knows no kind by name: an object that is added to the registry is in the API and in its OpenAPI document.

mod ask;
mod detail;
mod family;
mod filter;
mod forms;
mod list;
pub mod openapi;
mod operation;
mod options;
mod reference;
mod render;
mod reply;
mod router;
mod scope;
mod search;
mod table;
mod used_by;

#[cfg(test)]
mod tests;

pub use forms::forms;
pub use reference::reference;
pub use router::router;
pub use table::{Action, Endpoint, Table};

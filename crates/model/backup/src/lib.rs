//! Copies of an installation: moved to another database, or kept sealed in a folder or in object storage.
//!
//! Built on the store's transfer of whole tables, so that a copy made from one database goes back into either. It knows
//! neither settings nor features; the binary gives it a store, a key and a place.

mod archive;
mod copy;
mod place;
mod s3;
mod seal;

#[cfg(test)]
mod tests;

pub use archive::{Contents, Extras, Report, TableReport, create, restore, verify};
pub use copy::{Progress, copy};
pub use place::Place;
pub use s3::S3;
pub use seal::Passphrase;

/// What went wrong, with the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Store(#[from] store::Error),
    #[error("{0}: {1}")]
    File(String, #[source] std::io::Error),
    #[error("the passphrase or key is not the one that this backup was made with, or its first lines were changed")]
    WrongPassphrase,
    /// Changed, cut short, or no backup at all.
    #[error("the backup cannot be used: {0}; nothing was changed")]
    Damaged(String),
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Remote(String),
}

pub type Result<T> = std::result::Result<T, Error>;

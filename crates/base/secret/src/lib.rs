//! Redacted values, password hashing, and keys derived from the server's secret key.
//!
//! Separate so that the code which must not leak, must take constant time and must bound its own cost
//! is in one small place. It knows nothing of users or sessions.

mod hasher;
mod keys;
pub mod password;
mod value;

pub use hasher::{Hasher, Verdict};
pub use keys::{RootKey, SealError, Sealer, Signer};
pub use password::PasswordError;
pub use value::{Secret, ct_eq};

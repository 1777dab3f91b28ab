//! What is issued: codes, access tokens, refresh tokens and device codes.
//!
//! A secret is kept as its hash only, so whoever reads the database can use none. All that descends from one grant carries
//! the same `family`, which ends as a whole when something of it is used twice.

mod access;
mod code;
pub mod device_code;
mod list;
mod refresh;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use access::AccessToken;
pub use code::AuthorizationCode;
pub use device_code::DeviceToken;
pub use list::{CODE_FIELDS, TOKEN_FIELDS, own_rows, unused_codes};
pub use refresh::RefreshToken;

/// How a secret is kept and looked up.
pub fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes()))
}

/// What people call a token of some kind.
pub fn name_of(kind: &str, token: &object::Record) -> String {
    let key = |name| token.get(name).as_key().map(|key| key.to_string()).unwrap_or_default();
    format!("{kind} for {} for user {}", key("provider"), key("user"))
}

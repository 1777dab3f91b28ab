//! What can be wrong with a token or a key.

use crate::jwt::ClaimError;

/// A token or key that is not accepted. The texts are for logs; to a client say only "invalid".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("not a compact token: {0}")]
    Malformed(&'static str),
    #[error("the token's header is not acceptable: {0}")]
    Header(String),
    #[error("the token's algorithm {0} is not among those allowed here")]
    AlgorithmNotAllowed(String),
    #[error("the key cannot be used with {0}")]
    KeyMismatch(&'static str),
    #[error("no key matches the token")]
    NoKey,
    #[error("the signature is wrong")]
    Signature,
    #[error("the token cannot be decrypted with this key")]
    Decryption,
    #[error("the key cannot be read: {0}")]
    Key(String),
    #[error("the payload is not a JSON object with the expected members: {0}")]
    Payload(String),
    #[error(transparent)]
    Claims(#[from] ClaimError),
    #[error("the cryptographic library refused: {0}")]
    Crypto(&'static str),
}

impl Error {
    pub(crate) fn key(reason: impl Into<String>) -> Self {
        Self::Key(reason.into())
    }
}

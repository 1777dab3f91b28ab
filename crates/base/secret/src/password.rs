//! Password hashes in the notation Django stores, so that an existing database keeps working.
//!
//! New hashes are Argon2id. The others are read only, and [`needs_rehash`] tells when to replace one
//! at the next successful login. These functions block for as long as a hash takes: servers go
//! through [`Hasher`](crate::Hasher).

mod stored;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use clock::Random;

use stored::Stored;

/// Longer passwords are refused before any hashing, which would take time proportional to them.
pub const MAX_LENGTH: usize = 4096;

const SALT_LENGTH: usize = 16;
const HASH_LENGTH: usize = 32;

/// What an Argon2id hash costs. The default is OWASP's: 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
    pub lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self { memory: 19_456, passes: 2, lanes: 1 }
    }
}

/// Why a password could not be hashed or compared. A wrong password is no error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("the password is longer than {MAX_LENGTH} bytes")]
    TooLong,
    #[error("the stored password hash is in an unknown or damaged format")]
    Format,
    #[error("the stored password hash asks for more work than allowed ({0})")]
    TooCostly(&'static str),
    #[error("hashing failed: {0}")]
    Hashing(String),
}

/// Hash `password` with a fresh salt: `argon2$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
pub fn hash(password: &str, cost: Cost, random: &Random) -> Result<String, PasswordError> {
    check_length(password)?;
    let salt: [u8; SALT_LENGTH] = random.bytes();
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(HASH_LENGTH))
        .map_err(|error| PasswordError::Hashing(error.to_string()))?;
    let mut output = [0; HASH_LENGTH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), &salt, &mut output)
        .map_err(|error| PasswordError::Hashing(error.to_string()))?;
    Ok(format!(
        "argon2$argon2id$v=19$m={},t={},p={}${}${}",
        cost.memory,
        cost.passes,
        cost.lanes,
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(output),
    ))
}

/// Whether `password` is the one `stored` was made of.
///
/// An unusable password (`!…`) and an empty column match nothing.
pub fn verify(password: &str, stored: &str) -> Result<bool, PasswordError> {
    check_length(password)?;
    if is_unusable(stored) {
        return Ok(false);
    }
    Stored::parse(stored)?.verify(password)
}

/// Whether `stored` should be replaced by a new [`hash`] once the password is known.
pub fn needs_rehash(stored: &str, cost: Cost) -> bool {
    if is_unusable(stored) {
        return false;
    }
    !matches!(
        Stored::parse(stored),
        Ok(Stored::Argon2 { algorithm: Algorithm::Argon2id, version: Version::V0x13, cost: used, .. })
            if used == cost
    )
}

/// Whether `stored` is Django's mark for "no password can log in here".
pub fn is_unusable(stored: &str) -> bool {
    stored.is_empty() || stored.starts_with('!')
}

/// The mark for "no password can log in here": `!` and 40 random characters, as Django writes it.
pub fn unusable(random: &Random) -> String {
    format!("!{}", random.token(40))
}

/// Whether `stored` is something [`verify`] can work with: for imports that bring their own hashes.
pub fn check_stored(stored: &str) -> Result<(), PasswordError> {
    if is_unusable(stored) { Ok(()) } else { Stored::parse(stored).map(drop) }
}

fn check_length(password: &str) -> Result<(), PasswordError> {
    if password.len() > MAX_LENGTH { Err(PasswordError::TooLong) } else { Ok(()) }
}

#[cfg(test)]
mod tests;

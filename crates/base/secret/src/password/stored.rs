//! The formats a stored hash can have, their limits, and how each is compared.

use std::num::NonZeroU32;
use std::str::FromStr;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{digest, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bcrypt::HashParts;

use super::{Cost, PasswordError};
use crate::ct_eq;

// SECURITY: stored hashes can be imported, so whoever can import must not be able to make one login
// take minutes or gigabytes. The limits are several times what Django has ever used as default.
const MAX_ARGON2_MEMORY: u32 = 262_144;
const MAX_ARGON2_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
const MAX_PBKDF2_ITERATIONS: u32 = 10_000_000;
const MAX_BCRYPT_COST: u32 = 15;
const MAX_SCRYPT_MEMORY: u64 = 256 * 1024 * 1024;
const MAX_SCRYPT_WORK: u64 = 4 * MAX_SCRYPT_MEMORY;
const MIN_HASH_LENGTH: usize = 16;
const MAX_HASH_LENGTH: usize = 128;

/// A stored hash, read and within the limits.
pub(super) enum Stored {
    Argon2 { algorithm: Algorithm, version: Version, cost: Cost, salt: Vec<u8>, hash: Vec<u8> },
    Pbkdf2 { algorithm: pbkdf2::Algorithm, iterations: NonZeroU32, salt: String, hash: Vec<u8> },
    Bcrypt { sha256: bool, hash: String },
    Scrypt { params: scrypt::Params, salt: String, hash: Vec<u8> },
}

impl Stored {
    pub(super) fn parse(stored: &str) -> Result<Self, PasswordError> {
        let (algorithm, rest) = stored.split_once('$').ok_or(PasswordError::Format)?;
        match algorithm {
            "argon2" => Self::parse_argon2(rest),
            "pbkdf2_sha256" => Self::parse_pbkdf2(rest, pbkdf2::PBKDF2_HMAC_SHA256, 32),
            "pbkdf2_sha1" => Self::parse_pbkdf2(rest, pbkdf2::PBKDF2_HMAC_SHA1, 20),
            "bcrypt_sha256" => Self::parse_bcrypt(rest, true),
            "bcrypt" => Self::parse_bcrypt(rest, false),
            "scrypt" => Self::parse_scrypt(rest),
            _ => Err(PasswordError::Format),
        }
    }

    pub(super) fn verify(&self, password: &str) -> Result<bool, PasswordError> {
        let failed = |error: String| PasswordError::Hashing(error);
        match self {
            Self::Argon2 { algorithm, version, cost, salt, hash } => {
                let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(hash.len()))
                    .map_err(|error| failed(error.to_string()))?;
                let mut output = vec![0; hash.len()];
                Argon2::new(*algorithm, *version, params)
                    .hash_password_into(password.as_bytes(), salt, &mut output)
                    .map_err(|error| failed(error.to_string()))?;
                Ok(ct_eq(output, hash))
            }
            Self::Pbkdf2 { algorithm, iterations, salt, hash } => {
                Ok(pbkdf2::verify(*algorithm, *iterations, salt.as_bytes(), password.as_bytes(), hash).is_ok())
            }
            Self::Bcrypt { sha256, hash } => {
                let input = if *sha256 {
                    hex(digest::digest(&digest::SHA256, password.as_bytes()).as_ref())
                } else {
                    password.to_owned()
                };
                bcrypt::verify(input, hash).map_err(|error| failed(error.to_string()))
            }
            Self::Scrypt { params, salt, hash } => {
                let mut output = vec![0; hash.len()];
                scrypt::scrypt(password.as_bytes(), salt.as_bytes(), params, &mut output)
                    .map_err(|error| failed(error.to_string()))?;
                Ok(ct_eq(output, hash))
            }
        }
    }

    /// `argon2id$v=19$m=102400,t=2,p=8$salt$hash`; hashes before Argon2 1.3 have no `v`.
    fn parse_argon2(rest: &str) -> Result<Self, PasswordError> {
        let mut parts: Vec<&str> = rest.split('$').collect();
        if parts.len() == 4 {
            parts.insert(1, "v=16");
        }
        let [algorithm, version, params, salt, hash] = parts[..] else {
            return Err(PasswordError::Format);
        };
        let algorithm = match algorithm {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return Err(PasswordError::Format),
        };
        let version = match version {
            "v=19" => Version::V0x13,
            "v=16" => Version::V0x10,
            _ => return Err(PasswordError::Format),
        };
        let mut cost = Cost { memory: 0, passes: 0, lanes: 0 };
        for pair in params.split(',') {
            match pair.split_once('=') {
                Some(("m", value)) => cost.memory = number(value)?,
                Some(("t", value)) => cost.passes = number(value)?,
                Some(("p", value)) => cost.lanes = number(value)?,
                _ => return Err(PasswordError::Format),
            }
        }
        limit(cost.memory <= MAX_ARGON2_MEMORY, "Argon2 memory")?;
        limit(cost.passes <= MAX_ARGON2_PASSES, "Argon2 passes")?;
        limit(cost.lanes <= MAX_LANES, "Argon2 lanes")?;
        let decode = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| PasswordError::Format);
        let (salt, hash) = (decode(salt)?, checked_hash(decode(hash)?)?);
        // Checks the lower bounds too, so that `verify` can only fail for lack of memory.
        Params::new(cost.memory, cost.passes, cost.lanes, Some(hash.len())).map_err(|_| PasswordError::Format)?;
        if salt.len() < 8 {
            return Err(PasswordError::Format);
        }
        Ok(Self::Argon2 { algorithm, version, cost, salt, hash })
    }

    /// `iterations$salt$hash`
    fn parse_pbkdf2(rest: &str, algorithm: pbkdf2::Algorithm, length: usize) -> Result<Self, PasswordError> {
        let [iterations, salt, hash] = rest.split('$').collect::<Vec<_>>()[..] else {
            return Err(PasswordError::Format);
        };
        let iterations: u32 = number(iterations)?;
        limit(iterations <= MAX_PBKDF2_ITERATIONS, "PBKDF2 iterations")?;
        let iterations = NonZeroU32::new(iterations).ok_or(PasswordError::Format)?;
        let hash = STANDARD.decode(hash).map_err(|_| PasswordError::Format)?;
        // SECURITY: a shorter value would be compared as a prefix, an empty one match everything.
        if hash.len() != length {
            return Err(PasswordError::Format);
        }
        Ok(Self::Pbkdf2 { algorithm, iterations, salt: salt.to_owned(), hash })
    }

    /// `$2b$12$salthash`
    fn parse_bcrypt(rest: &str, sha256: bool) -> Result<Self, PasswordError> {
        let parts = HashParts::from_str(rest).map_err(|_| PasswordError::Format)?;
        limit(parts.get_cost() <= MAX_BCRYPT_COST, "bcrypt cost")?;
        Ok(Self::Bcrypt { sha256, hash: rest.to_owned() })
    }

    /// `n$salt$r$p$hash`
    fn parse_scrypt(rest: &str) -> Result<Self, PasswordError> {
        let [n, salt, r, p, hash] = rest.split('$').collect::<Vec<_>>()[..] else {
            return Err(PasswordError::Format);
        };
        let (n, r, p): (u64, u32, u32) = (number(n)?, number(r)?, number(p)?);
        if !n.is_power_of_two() || n < 2 {
            return Err(PasswordError::Format);
        }
        let memory = n.saturating_mul(u64::from(r)).saturating_mul(128);
        limit(memory <= MAX_SCRYPT_MEMORY, "scrypt memory")?;
        limit(memory.saturating_mul(u64::from(p)) <= MAX_SCRYPT_WORK, "scrypt work")?;
        limit(p <= MAX_LANES, "scrypt parallelism")?;
        let params = scrypt::Params::new(n.trailing_zeros() as u8, r, p).map_err(|_| PasswordError::Format)?;
        let hash = checked_hash(STANDARD.decode(hash).map_err(|_| PasswordError::Format)?)?;
        Ok(Self::Scrypt { params, salt: salt.to_owned(), hash })
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, PasswordError> {
    text.parse().map_err(|_| PasswordError::Format)
}

fn limit(is_within: bool, what: &'static str) -> Result<(), PasswordError> {
    if is_within { Ok(()) } else { Err(PasswordError::TooCostly(what)) }
}

fn checked_hash(hash: Vec<u8>) -> Result<Vec<u8>, PasswordError> {
    if (MIN_HASH_LENGTH..=MAX_HASH_LENGTH).contains(&hash.len()) { Ok(hash) } else { Err(PasswordError::Format) }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

//! The sealed file: a header that anybody may read and nobody may change, then chunks.
//!
//! The chunks are AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the number of a chunk
//! and whether it is the last are part of its nonce, so that none can be left out, repeated, reordered or cut off. Each is
//! bound to the header. The key comes from the passphrase by Argon2id with a salt of its own for every file, hence no nonce
//! is ever used twice with one key.

use std::io::{Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clock::Random;
use secret::Secret;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What opens and closes backups: a passphrase, or the content of a key file.
#[derive(Clone)]
pub struct Passphrase(Secret<Vec<u8>>);

impl Passphrase {
    /// # Errors
    /// It is empty or short enough to be guessed.
    pub fn new(text: &[u8]) -> Result<Self> {
        let text = text.trim_ascii();
        if text.len() < 12 {
            return Err(Error::Refused("the passphrase of a backup needs 12 characters at least".into()));
        }
        Ok(Self(Secret::new(text.to_vec())))
    }
}

const MAGIC: &[u8; 16] = b"keywright-backup";
/// Bytes of plain text in a chunk.
const CHUNK: usize = 64 << 10;
const TAG: usize = 16;
/// A header is a few hundred bytes.
const LONGEST_HEADER: usize = 16 << 10;

/// The readable part.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Header {
    format: u32,
    /// Program that made it, for people.
    program: String,
    created: String,
    kdf: String,
    memory: u32,
    passes: u32,
    lanes: u32,
    salt: String,
    cipher: String,
}

impl Header {
    fn key(&self, passphrase: &Passphrase) -> Result<LessSafeKey> {
        let wrong = |what: &str| Error::Damaged(format!("its header names {what}"));
        if self.format != 1 || self.kdf != "argon2id" || self.cipher != "aes-256-gcm-stream" {
            return Err(wrong("a format that this version does not know"));
        }
        // Whoever hands us a file must not make us work for hours.
        if !(8..=1 << 20).contains(&self.memory) || !(1..=16).contains(&self.passes) || !(1..=16).contains(&self.lanes)
        {
            return Err(wrong("costs beyond reason"));
        }
        let salt = STANDARD.decode(&self.salt).map_err(|_| wrong("no salt"))?;
        let params = Params::new(self.memory, self.passes, self.lanes, Some(32)).map_err(|_| wrong("odd costs"))?;
        let mut key = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.0.expose(), &salt, &mut key)
            .map_err(|_| wrong("odd costs"))?;
        UnboundKey::new(&AES_256_GCM, &key).map(LessSafeKey::new).map_err(|_| wrong("no usable key"))
    }
}

/// The nonce of a chunk. Number 0 is the proof that the passphrase is right.
fn nonce(number: u32, last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[NONCE_LEN - 5..NONCE_LEN - 1].copy_from_slice(&number.to_be_bytes());
    bytes[NONCE_LEN - 1] = u8::from(last);
    Nonce::assume_unique_for_key(bytes)
}

fn io(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::Damaged("it is cut short".into()),
        _ => Error::File("the backup".into(), error),
    }
}

/// Seals what is written to it.
pub struct Sealing<W: Write> {
    out: W,
    key: LessSafeKey,
    bound: Vec<u8>,
    number: u32,
    plain: Vec<u8>,
}

impl<W: Write> Sealing<W> {
    pub fn begin(mut out: W, passphrase: &Passphrase, random: &Random, created: &str) -> Result<Self> {
        let mut salt = [0; 16];
        random.fill(&mut salt);
        let header = Header {
            format: 1,
            program: env!("CARGO_PKG_VERSION").into(),
            created: created.into(),
            kdf: "argon2id".into(),
            memory: if cfg!(test) { 64 } else { 64 << 10 },
            passes: 3,
            lanes: 1,
            salt: STANDARD.encode(salt),
            cipher: "aes-256-gcm-stream".into(),
        };
        let key = header.key(passphrase)?;
        let text = serde_json::to_vec(&header).map_err(|e| Error::Refused(e.to_string()))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend((text.len() as u32).to_be_bytes());
        bytes.extend(&text);
        let bound = digest(&SHA256, &bytes).as_ref().to_vec();
        out.write_all(&bytes).map_err(io)?;
        let mut sealing = Self { out, key, bound, number: 0, plain: Vec::with_capacity(CHUNK) };
        sealing.chunk(false)?;
        Ok(sealing)
    }

    pub fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            if self.plain.len() == CHUNK {
                self.chunk(false)?;
            }
            let part = bytes.len().min(CHUNK - self.plain.len());
            self.plain.extend(&bytes[..part]);
            bytes = &bytes[part..];
        }
        Ok(())
    }

    fn chunk(&mut self, last: bool) -> Result<()> {
        let nonce = nonce(self.number, last);
        self.key
            .seal_in_place_append_tag(nonce, Aad::from(&self.bound), &mut self.plain)
            .map_err(|_| Error::Refused("a part of the backup could not be sealed".into()))?;
        self.out.write_all(&(self.plain.len() as u32).to_be_bytes()).map_err(io)?;
        self.out.write_all(&self.plain).map_err(io)?;
        self.plain.clear();
        self.number = self.number.checked_add(1).ok_or_else(|| Error::Refused("the backup is too large".into()))?;
        Ok(())
    }

    pub fn end(mut self) -> Result<W> {
        self.chunk(true)?;
        self.out.flush().map_err(io)?;
        Ok(self.out)
    }
}

/// Opens what is read from it. Nothing comes out that was not checked.
pub struct Opening<R: Read> {
    input: R,
    key: LessSafeKey,
    bound: Vec<u8>,
    number: u32,
    ended: bool,
    pub created: String,
}

impl<R: Read> Opening<R> {
    pub fn begin(mut input: R, passphrase: &Passphrase) -> Result<Self> {
        let mut bytes = vec![0; MAGIC.len() + 4];
        input.read_exact(&mut bytes).map_err(io)?;
        if !bytes.starts_with(MAGIC) {
            return Err(Error::Damaged("it is no backup of Keywright".into()));
        }
        let length = number(&bytes[MAGIC.len()..]);
        if length > LONGEST_HEADER {
            return Err(Error::Damaged("its header is too long".into()));
        }
        let mut text = vec![0; length];
        input.read_exact(&mut text).map_err(io)?;
        bytes.extend(&text);
        let header: Header =
            serde_json::from_slice(&text).map_err(|_| Error::Damaged("its header cannot be read".into()))?;
        let key = header.key(passphrase)?;
        let bound = digest(&SHA256, &bytes).as_ref().to_vec();
        let mut opening = Self { input, key, bound, number: 0, ended: false, created: header.created };
        match opening.next()? {
            Some(proof) if proof.is_empty() => Ok(opening),
            _ => Err(Error::Damaged("it begins with something else than its proof".into())),
        }
    }

    /// The next part; `None` after the last.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.input.read_exact(&mut length).map_err(io)?;
        let length = number(&length);
        if !(TAG..=CHUNK + TAG).contains(&length) {
            return Err(Error::Damaged("a part has an impossible length".into()));
        }
        let mut sealed = vec![0; length];
        self.input.read_exact(&mut sealed).map_err(io)?;
        for last in [false, true] {
            let mut bytes = sealed.clone();
            let opened = self.key.open_in_place(nonce(self.number, last), Aad::from(&self.bound), &mut bytes);
            let Ok(plain) = opened.map(|plain| plain.len()) else { continue };
            bytes.truncate(plain);
            self.number = self.number.wrapping_add(1);
            if last {
                self.ended = true;
                let mut more = [0];
                if self.input.read(&mut more).map_err(io)? > 0 {
                    return Err(Error::Damaged("something was added at its end".into()));
                }
            }
            return Ok(Some(bytes));
        }
        Err(if self.number == 0 {
            Error::WrongPassphrase
        } else {
            Error::Damaged(format!("part {} was changed", self.number))
        })
    }
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b))
}

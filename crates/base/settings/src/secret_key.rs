//! The secret key of an installation without PostgreSQL: made once, kept in the data folder.
//!
//! Randomness is a parameter: this crate has no generator of its own.

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use secret::Secret;

use crate::{Settings, source::read_text};

/// Characters of a generated key: 64 of them, so that a byte picks one without bias.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Why there is no secret key.
#[derive(Debug)]
pub struct SecretKeyFault {
    path: PathBuf,
    cause: io::Error,
}

impl std::fmt::Display for SecretKeyFault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, cause) = (self.path.display(), &self.cause);
        if cause.kind() == io::ErrorKind::InvalidData {
            return write!(
                out,
                "the secret key's file {path} is empty: put its content back (`keywright restore --secret-key` prints that \
                 of a backup), or remove the file if the installation is new"
            );
        }
        write!(
            out,
            "cannot keep the secret key in {path}: {cause}; let this user write to the folder (`data_dir`, \
             KEYWRIGHT_DATA_DIR), or set KEYWRIGHT_SECRET_KEY"
        )
    }
}

// The cause is in the sentence, so it is not given a second time as a source.
impl std::error::Error for SecretKeyFault {}

impl Settings {
    /// The secret key: the one set, the one kept in `data_dir/secret.key`, or a new one kept there.
    ///
    /// `fill` fills a buffer with random bytes.
    pub fn secret_key(&self, fill: impl FnOnce(&mut [u8])) -> Result<Secret<String>, SecretKeyFault> {
        if let Some(key) = &self.general.secret_key {
            return Ok(key.clone());
        }
        let path = self.general.data_dir.join("secret.key");
        self.kept_key(&path, fill).map_err(|cause| SecretKeyFault { path, cause })
    }

    fn kept_key(&self, path: &std::path::Path, fill: impl FnOnce(&mut [u8])) -> io::Result<Secret<String>> {
        match read_text(path) {
            Ok(text) => return checked(text),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) => {}
        }
        let mut bytes = [0_u8; 60];
        fill(&mut bytes);
        let key: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)])).collect();
        fs::create_dir_all(&self.general.data_dir)?;
        // Written aside and linked into place: a crash cannot leave half a key, and of two processes
        // that start at once the second takes the key of the first.
        let aside = path.with_extension(format!("key.{}", std::process::id()));
        let written = write_private(&aside, &key).and_then(|()| fs::hard_link(&aside, path));
        let _ = fs::remove_file(&aside);
        match written {
            Ok(()) => Ok(Secret::new(key)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => checked(read_text(path)?),
            Err(error) => Err(error),
        }
    }
}

/// An empty file would sign everything with a key everybody knows.
fn checked(text: String) -> io::Result<Secret<String>> {
    match text.trim() {
        "" => Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty")),
        key => Ok(Secret::new(key.to_owned())),
    }
}

fn write_private(path: &std::path::Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests;

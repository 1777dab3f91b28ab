//! The certificate of an installation that was given none.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use clock::{Clock, Timestamp};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

use super::{Files, TlsFault};

/// Years a self-signed certificate is valid. Nobody can trust it by itself, so renewing gains nothing.
const YEARS: i32 = 10;

/// The files of the self-signed certificate, made at the first call.
pub(super) fn ensure(data_dir: &Path, clock: &Clock) -> Result<Files, TlsFault> {
    let folder = data_dir.join("tls");
    let files = Files { cert: folder.join("self-signed.crt"), key: folder.join("self-signed.key") };
    if files.cert.exists() && files.key.exists() {
        return Ok(files);
    }
    let key = KeyPair::generate().map_err(TlsFault::SelfSigned)?;
    let certificate = params(clock.now()).and_then(|params| params.self_signed(&key)).map_err(TlsFault::SelfSigned)?;
    let at = |path: &PathBuf| {
        let path = path.clone();
        |source| TlsFault::File { path, source }
    };
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    // The certificate last: a crash in between leaves no pair, and the next start makes a new one.
    write(&files.key, &key.serialize_pem(), 0o600).map_err(at(&files.key))?;
    write(&files.cert, &certificate.pem(), 0o644).map_err(at(&files.cert))?;
    Ok(files)
}

fn params(now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "Keywright self-signed certificate");
    params.distinguished_name.push(DnType::OrganizationName, "Keywright");
    // The first of January keeps clear of leap days and of clients whose clocks run behind.
    let year = now.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or(2025);
    params.not_before = date_time_ymd(year, 1, 1);
    params.not_after = date_time_ymd(year + YEARS, 1, 1);
    Ok(params)
}

/// Writes aside and renames, so that a reader never sees half a file.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(aside, path)
}

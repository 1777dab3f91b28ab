//! Sessions on disk, so that a restart of the outpost logs nobody out.
//!
//! One file each. Its name says what it is looked for by, as hashes; its time of change is when it ends; its content is
//! sealed with a key that only the server has told this process, so that a stolen disk holds no sessions.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use clock::{Clock, Random};
use data_encoding::HEXLOWER;
use gate::{Login, SessionKey, Site};
use parking_lot::Mutex;
use secret::{RootKey, Sealer, Secret};
use serde::{Deserialize, Serialize};

/// What is kept of a session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Content {
    pub(crate) login: Login,
    /// With which the server is asked whether the login still stands.
    pub(crate) access_token: String,
}

/// A session that is kept, as far as it is known without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    site: i64,
    sid: String,
    sub: String,
    expires: i64,
    /// The last time that the server was asked about it, and in which life of the line.
    pub(crate) asked: Option<(i64, u64)>,
}

/// All sessions.
#[derive(Debug)]
pub(crate) struct Kept {
    /// `None`: only in memory.
    folder: Option<PathBuf>,
    clock: Clock,
    random: Random,
    /// Stands in for a secret of the provider that is not known: such sessions end with the process.
    own: Secret<String>,
    entries: Mutex<HashMap<SessionKey, Entry>>,
    /// The contents where there is no folder.
    contents: Mutex<HashMap<SessionKey, Content>>,
}

impl Kept {
    /// Opens the folder, which is made when it is not there.
    pub(crate) fn open(folder: &Path, clock: &Clock, random: &Random) -> Self {
        let mut entries = HashMap::new();
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let read = made.and_then(|()| read(folder, clock.unix()));
        let folder = match read {
            Ok(found) => {
                entries = found;
                Some(folder.to_owned())
            }
            Err(error) => {
                tracing::warn!(
                    "Sessions end when the outpost is restarted, because they cannot be kept in {}: {error}. Set \
                     AUTHENTIK_DATA_DIR to a folder that can be written",
                    folder.display()
                );
                None
            }
        };
        let (clock, random) = (clock.clone(), random.clone());
        let own = Secret::new(random.token(64));
        Self { folder, clock, random, own, entries: Mutex::new(entries), contents: Mutex::default() }
    }

    /// Keeps a session; on disk when this returns.
    pub(crate) fn keep(&self, site: &Site, key: &SessionKey, content: &Content, life: u64) -> io::Result<()> {
        let now = self.clock.unix();
        let login = &content.login;
        let entry = Entry {
            site: site.config.pk,
            sid: short(&login.claims.sid),
            sub: short(&login.claims.sub),
            expires: login.expires.as_second(),
            asked: Some((now, life)),
        };
        if let Some(folder) = &self.folder {
            let plain = serde_json::to_vec(content)?;
            let sealed = self.sealer(site).seal(&key.0, &plain);
            write(&folder.join(name(key, &entry)), &sealed, entry.expires)?;
        } else {
            self.contents.lock().insert(*key, content.clone());
        }
        self.entries.lock().insert(*key, entry);
        Ok(())
    }

    /// A session of a site. `None` when there is none, or none that this site may open.
    pub(crate) fn load(&self, site: &Site, key: &SessionKey) -> Option<Content> {
        let entry = self.entries.lock().get(key).cloned()?;
        if entry.site != site.config.pk || entry.expires <= self.clock.unix() {
            return None;
        }
        let Some(folder) = &self.folder else { return self.contents.lock().get(key).cloned() };
        let sealed = fs::read(folder.join(name(key, &entry))).ok()?;
        let opened = self.sealer(site).open(&key.0, &sealed).ok()?;
        serde_json::from_slice(opened.expose()).ok()
    }

    /// Changes what is known of a session; `None` when there is no such session.
    pub(crate) fn with<R>(&self, key: &SessionKey, change: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        self.entries.lock().get_mut(key).map(change)
    }

    pub(crate) fn end(&self, key: &SessionKey) {
        let entry = self.entries.lock().remove(key);
        if let Some(entry) = entry {
            self.remove(key, &entry);
        }
    }

    /// Ends all sessions of a login at the server.
    pub(crate) fn end_login(&self, sid: &str) -> usize {
        let sid = short(sid);
        self.end_where(|entry| entry.sid == sid)
    }

    /// Ends all sessions of a person.
    pub(crate) fn end_person(&self, sub: &str) -> usize {
        let sub = short(sub);
        self.end_where(|entry| entry.sub == sub)
    }

    /// Forgets what ended by itself.
    pub(crate) fn tidy(&self) {
        let now = self.clock.unix();
        self.end_where(|entry| entry.expires <= now);
    }

    fn end_where(&self, fits: impl Fn(&Entry) -> bool) -> usize {
        let mut ended = Vec::new();
        self.entries.lock().retain(|key, entry| {
            let ends = fits(entry);
            if ends {
                ended.push((*key, entry.clone()));
            }
            !ends
        });
        for (key, entry) in &ended {
            self.remove(key, entry);
        }
        ended.len()
    }

    fn remove(&self, key: &SessionKey, entry: &Entry) {
        let Some(folder) = &self.folder else {
            self.contents.lock().remove(key);
            return;
        };
        let path = folder.join(name(key, entry));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!("The ended session {} cannot be removed: {error}", path.display());
            }
            _ => {}
        }
    }

    fn sealer(&self, site: &Site) -> Sealer {
        let secret = site.config.cookie_secret.as_deref().unwrap_or(&self.own);
        RootKey::new(secret).sealer("outpost session", self.random.clone())
    }
}

fn short(text: &str) -> String {
    HEXLOWER.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..12])
}

fn name(key: &SessionKey, entry: &Entry) -> String {
    format!("{}.{}.{}.{}", key.to_hex(), entry.sid, entry.sub, entry.site)
}

fn parse(name: &str, expires: i64) -> Option<(SessionKey, Entry)> {
    let mut parts = name.split('.');
    let key = SessionKey::from_hex(parts.next()?)?;
    let (sid, sub) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let site = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((key, Entry { site, sid, sub, expires, asked: None }))
}

fn read(folder: &Path, now: i64) -> io::Result<HashMap<SessionKey, Entry>> {
    // Reading alone does not tell whether it can be written.
    let probe = folder.join("probe");
    File::create(&probe)?;
    fs::remove_file(&probe)?;
    let mut entries = HashMap::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        let changed = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        match file.file_name().to_str().and_then(|name| parse(name, changed)) {
            Some((key, entry)) if entry.expires > now => {
                entries.insert(key, entry);
            }
            // Ended, or half written when the process ended.
            _ => fs::remove_file(file.path())?,
        }
    }
    Ok(entries)
}

fn write(path: &Path, bytes: &[u8], expires: i64) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(bytes)?;
    file.set_modified(UNIX_EPOCH + Duration::from_secs(expires.max(0) as u64))?;
    file.sync_all()?;
    fs::rename(&aside, path)
}

#[cfg(test)]
mod tests;

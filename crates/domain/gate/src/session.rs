//! A session at a site, with the headers it is answered with made beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::{Random, Uuid};
use data_encoding::HEXLOWER;

use crate::headers::Identity;
use crate::ports::Login;
use crate::site::Site;

/// What a session is found by: SHA-256 of what the cookie holds. Who reads the store gets no sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKey(pub [u8; 32]);

impl SessionKey {
    /// A new session: what the cookie shall hold, and what it is found by.
    pub fn generate(random: &Random) -> (String, Self) {
        let cookie = URL_SAFE_NO_PAD.encode(random.bytes::<32>());
        let key = Self::of(&cookie);
        (cookie, key)
    }
    /// What the content of a cookie leads to.
    pub fn of(cookie: &str) -> Self {
        Self::digest(cookie.as_bytes())
    }
    /// What a header with credentials leads to, for one site.
    pub(crate) fn of_header(site: i64, header: &[u8]) -> Self {
        let mut text = Vec::with_capacity(header.len() + 16);
        text.extend_from_slice(b"header");
        text.extend_from_slice(&site.to_be_bytes());
        text.extend_from_slice(header);
        Self::digest(&text)
    }
    fn digest(bytes: &[u8]) -> Self {
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(key)
    }
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

/// A session in memory.
#[derive(Debug)]
pub struct Session {
    pub key: SessionKey,
    /// Key of the provider it was made for.
    pub site: i64,
    pub user: Option<i64>,
    /// The login it ends with.
    pub login: Option<Uuid>,
    /// What the provider calls the user.
    pub sub: String,
    /// Seconds since the epoch.
    pub expires: i64,
    /// Made from credentials in a header: kept in memory only.
    pub transient: bool,
    /// What those led to, to see whether something else is to be said of the person by now.
    pub said: Option<Box<Login>>,
    pub identity: Identity,
    /// The configuration under which it was last decided to let it in.
    decided: AtomicU64,
    /// When that was, in seconds since the epoch.
    decided_at: AtomicI64,
    doubted: AtomicBool,
    ended: AtomicBool,
}

impl Session {
    pub fn new(site: &Site, key: SessionKey, login: &Login) -> Self {
        Self {
            key,
            site: site.config.pk,
            user: login.user,
            login: login.session,
            sub: login.claims.sub.clone(),
            expires: login.expires.as_second(),
            transient: false,
            said: None,
            identity: Identity::new(site, login),
            decided: AtomicU64::new(u64::MAX),
            decided_at: AtomicI64::new(0),
            doubted: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }
    /// Whether it must be decided again before it lets anybody in.
    pub fn is_doubted(&self, version: u64, now: i64) -> bool {
        self.decided.load(Ordering::Acquire) != version
            || self.doubted.load(Ordering::Acquire)
            || self.transient && self.decided_at.load(Ordering::Acquire) != now
    }
    /// Says that the decision may be another by now.
    pub fn doubt(&self) {
        self.doubted.store(true, Ordering::Release);
    }
    pub(crate) fn inherit(&self, old: &Self) {
        if old.doubted.load(Ordering::Acquire) {
            self.doubt();
        }
    }
    /// Before deciding again: a doubt that comes up meanwhile must not be lost.
    pub fn begin_review(&self) {
        self.doubted.store(false, Ordering::Release);
    }
    pub fn decided(&self, version: u64, now: i64) {
        self.decided_at.store(now, Ordering::Release);
        self.decided.store(version, Ordering::Release);
    }
    /// Says that it is over, to whoever still holds it.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }
    pub fn is_over(&self, now: i64) -> bool {
        self.expires <= now || self.ended.load(Ordering::Acquire)
    }
}

/// A session that several requests hold.
pub type Held = Arc<Session>;

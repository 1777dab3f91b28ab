//! A browser's session while a request is handled.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use feature::{App, Problem};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use net::{ClientAddress, Origin};
use object::{Id, Object, Value};
use parking_lot::Mutex;
use serde_json::{Map, Value as Json};
use store::{Filter, Store};
use tokio::sync::OnceCell;

use super::{AuthenticatedSession, Session, cookie, device};
use crate::user::User;

/// Header that carries the CSRF token of calls under a session.
pub const CSRF_HEADER: HeaderName = HeaderName::from_static("x-authentik-csrf");
const CSRF_LENGTH: usize = 32;
/// How long a session may be used without writing down that it was.
const TOUCH: SignedDuration = SignedDuration::from_secs(60);

// Names in the data that belong to the session itself.
pub(super) const LOGIN: &str = "_login";
pub(super) const AGE: &str = "_age";
pub(super) const IMPERSONATED: &str = "_impersonated";
pub(super) const METHOD: &str = "_method";
const ADDRESS: &str = "_address";
pub(super) const RESERVED: [&str; 5] = [LOGIN, AGE, IMPERSONATED, METHOD, ADDRESS];

/// The session of a request, read from the database when it is first asked for. An extension of every request.
#[derive(Clone)]
pub struct LazySession(Arc<Lazy>);

struct Lazy {
    from: From,
    key: Option<String>,
    /// The browser sent a cookie, maybe one that is no good any more.
    had_cookie: bool,
    loaded: OnceCell<WebSession>,
}

/// What the request tells of the browser.
#[derive(Clone)]
pub(super) struct From {
    pub app: App,
    pub secure: bool,
    pub origin: Option<String>,
    pub address: String,
    pub user_agent: String,
    /// Whose device it is, as a cookie tells.
    pub device: Option<String>,
}

impl LazySession {
    pub(super) fn of_request(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Self {
        let origin = extensions.get::<Origin>();
        let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        Self(Arc::new(Lazy {
            key: cookie::read(app, headers),
            had_cookie: cookie::is_present(headers),
            loaded: OnceCell::new(),
            from: From {
                app: app.clone(),
                secure: origin.is_some_and(|o| o.scheme.is_secure()),
                origin: origin.map(ToString::to_string),
                address: extensions.get::<ClientAddress>().map(|a| a.0.to_string()).unwrap_or_default(),
                user_agent: agent.chars().take(1024).collect(),
                device: device::read(app, headers),
            },
        }))
    }

    /// The session out of a request's extensions.
    ///
    /// # Errors
    /// The database is not available. A request that did not come through the middleware is a fault.
    pub async fn load_from(extensions: &Extensions) -> Result<WebSession, Problem> {
        match extensions.get::<Self>() {
            Some(lazy) => lazy.load().await,
            None => Err(Problem::fault("a request without session middleware asked for a session")),
        }
    }

    /// Whether the browser sent a session cookie that we made. Needs no query.
    pub fn is_likely(&self) -> bool {
        self.0.key.is_some()
    }

    /// The session: the one that the cookie names, or a new one that is kept only if something is put into it.
    pub async fn load(&self) -> Result<WebSession, Problem> {
        let loaded = self.0.loaded.get_or_try_init(|| WebSession::load(&self.0.from, self.0.key.as_deref())).await?;
        Ok(loaded.clone())
    }

    pub(super) async fn finish(&self) -> Result<Vec<HeaderValue>, Problem> {
        match self.0.loaded.get() {
            Some(session) => session.finish(self.0.had_cookie).await,
            None => Ok(Vec::new()),
        }
    }
}

/// A session that has been read. Clones are the same session; it is written when the request is over.
#[derive(Clone)]
pub struct WebSession(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub from: From,
    pub state: Mutex<State>,
    /// A cookie that is to be set beside that of the session.
    pub device: Mutex<Option<HeaderValue>>,
}

pub(super) struct State {
    /// The row, once there is one.
    pub row: Option<Id<Session>>,
    pub key: String,
    pub user: Option<Arc<User>>,
    pub impersonator: Option<Arc<User>>,
    pub data: Map<String, Json>,
    pub changed: HashSet<String>,
    pub touch: bool,
    pub cookie: Cookie,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookie {
    Keep,
    Set,
    Delete,
}

pub(super) fn hash_of(key: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, key.as_bytes()).as_ref())
}

pub(super) fn later(now: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| now.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

impl State {
    pub fn fresh(app: &App) -> Self {
        Self {
            row: None,
            key: app.random().token(40),
            user: None,
            impersonator: None,
            data: Map::new(),
            changed: HashSet::new(),
            touch: false,
            cookie: Cookie::Keep,
        }
    }
    /// The fixed lifetime of the login, if it has one.
    fn age(&self) -> Option<Duration> {
        self.data.get(AGE).and_then(Json::as_u64).map(Duration::from_secs)
    }
    /// SECURITY: a session that was tied to an address is none from anywhere else.
    fn is_at(&self, address: &str) -> bool {
        self.data.get(ADDRESS).is_none_or(|tied| tied.as_str() == Some(address))
    }
    pub fn put(&mut self, name: &str, value: Json) {
        if self.data.get(name) != Some(&value) {
            self.data.insert(name.to_owned(), value);
            self.changed.insert(name.to_owned());
        }
    }
    pub fn forget(&mut self, name: &str) -> Option<Json> {
        let old = self.data.shift_remove(name);
        if old.is_some() {
            self.changed.insert(name.to_owned());
        }
        old
    }
}

impl WebSession {
    async fn load(from: &From, key: Option<&str>) -> Result<Self, Problem> {
        let state = match key {
            Some(key) => Self::read(&from.app, key).await?.filter(|state| state.is_at(&from.address)),
            None => None,
        };
        let state = state.unwrap_or_else(|| State::fresh(&from.app));
        Ok(Self(Arc::new(Inner { from: from.clone(), state: Mutex::new(state), device: Mutex::default() })))
    }

    async fn read(app: &App, key: &str) -> Result<Option<State>, Problem> {
        let store = app.store();
        let now = app.clock().now();
        let Some(row) = store.first::<Session>(Filter::eq("key_hash", hash_of(key))).await? else { return Ok(None) };
        // SECURITY: expiry counts by itself; the job that removes rows may be late.
        if row.expires <= now {
            return Ok(None);
        }
        let mut state = State { row: Some(row.pk), key: key.to_owned(), data: row.data, ..State::fresh(app) };
        state.touch = now.duration_since(row.last_used) > TOUCH;
        let Some(user) = row.user else { return Ok(Some(state)) };
        match active(store, user).await? {
            Some(user) => state.user = Some(user),
            None => return Ok(None),
        }
        if let Some(other) = state.data.get(IMPERSONATED).and_then(Json::as_i64) {
            match active(store, Id(other)).await? {
                Some(other) => state.impersonator = state.user.replace(other),
                None => _ = state.forget(IMPERSONATED),
            }
        }
        Ok(Some(state))
    }

    /// Who is logged in; the other one while impersonating. Always an active user.
    pub fn user(&self) -> Option<Arc<User>> {
        self.0.state.lock().user.clone()
    }
    /// Who really sits there, while impersonating.
    pub fn impersonator(&self) -> Option<Arc<User>> {
        self.0.state.lock().impersonator.clone()
    }
    /// The row, once there is one.
    pub fn id(&self) -> Option<Id<Session>> {
        self.0.state.lock().row
    }
    /// The login, for tokens that end with it. Its key also serves as `sid`.
    pub fn login_id(&self) -> Option<Id<AuthenticatedSession>> {
        let text = self.0.state.lock().data.get(LOGIN)?.as_str()?.parse().ok()?;
        Some(Id(text))
    }

    /// How the login was made: the method, and what the stages learned on the way. Tokens tell it as `amr`.
    pub fn login_method(&self) -> Option<(String, Map<String, Json>)> {
        serde_json::from_value(self.0.state.lock().data.get(METHOD)?.clone()).ok()
    }

    /// What is kept under a name.
    pub fn get(&self, name: &str) -> Option<Json> {
        self.0.state.lock().data.get(name).cloned()
    }
    /// Keeps something under a name of the form `part/of/the/program`; names that begin with `_` are the session's own.
    pub fn set(&self, name: &str, value: impl Into<Json>) {
        if !RESERVED.contains(&name) {
            self.0.state.lock().put(name, value.into());
        }
    }
    /// Forgets what is kept under a name, and returns it.
    pub fn remove(&self, name: &str) -> Option<Json> {
        if RESERVED.contains(&name) { None } else { self.0.state.lock().forget(name) }
    }
    /// Ties the session to the address that this request came from.
    pub fn tie_to_address(&self) {
        self.0.state.lock().put(ADDRESS, self.0.from.address.as_str().into());
    }
    /// The names under which something is kept.
    pub fn names(&self) -> Vec<String> {
        let state = self.0.state.lock();
        state.data.keys().filter(|k| !RESERVED.contains(&k.as_str())).cloned().collect()
    }

    /// The token that forms carry in a hidden field and scripts in [`CSRF_HEADER`].
    fn csrf_of(&self, key: &str) -> String {
        let tag = self.0.from.app.root_key().signer("csrf token").sign(key.as_bytes());
        tag.replace(['-', '_'], "0").chars().take(CSRF_LENGTH).collect()
    }
    /// Whether a form's hidden field holds the token of this session.
    fn csrf_matches(&self, token: &str) -> bool {
        secret::ct_eq(token, self.csrf_of(&self.0.state.lock().key))
    }
    /// Refuses a call under the session that does not prove to come from our own pages.
    ///
    /// # Errors
    /// 403 with the reason.
    pub fn check_csrf(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let refuse = |reason: String| Err(Problem::detail(StatusCode::FORBIDDEN, format!("CSRF Failed: {reason}")));
        if let Some(origin) = headers.get(header::ORIGIN).and_then(|o| o.to_str().ok())
            && self.0.from.origin.as_deref() != Some(origin)
        {
            return refuse(format!("Origin checking failed - {origin} does not match any trusted origins."));
        }
        let Some(given) = headers.get(CSRF_HEADER) else { return refuse("CSRF token missing.".into()) };
        let given = given.to_str().unwrap_or_default();
        let what = "CSRF token from the 'X-Authentik-Csrf' HTTP header";
        if given.len() != CSRF_LENGTH {
            return refuse(format!("{what} has incorrect length."));
        }
        if self.csrf_matches(given) { Ok(()) } else { refuse(format!("{what} incorrect.")) }
    }

    async fn finish(&self, had_cookie: bool) -> Result<Vec<HeaderValue>, Problem> {
        let from = &self.0.from;
        self.save().await?;
        let state = self.0.state.lock();
        let mut cookies = match state.cookie {
            Cookie::Set => cookie::set(&from.app, from.secure, &state.key, &self.csrf_of(&state.key), state.age()),
            Cookie::Delete => cookie::delete(&from.app, from.secure),
            // A cookie that leads nowhere would be sent for ever.
            Cookie::Keep if had_cookie && state.row.is_none() => cookie::delete(&from.app, from.secure),
            Cookie::Keep => Vec::new(),
        };
        cookies.extend(self.0.device.lock().take());
        Ok(cookies)
    }

    /// Writes what changed since it was read. Happens by itself when the request is over.
    pub async fn save(&self) -> Result<(), Problem> {
        let from = &self.0.from;
        let (row, key, data, changed, touch, age) = {
            let mut state = self.0.state.lock();
            let idle = state.changed.is_empty() && !state.touch;
            if state.row.is_some() && idle || state.row.is_none() && state.data.is_empty() {
                return Ok(());
            }
            let changed = std::mem::take(&mut state.changed);
            let touch = std::mem::take(&mut state.touch);
            (state.row, state.key.clone(), state.data.clone(), changed, touch, state.age())
        };
        let now = from.app.clock().now();
        let expires = later(now, idle_age(&from.app));
        let Some(row) = row else {
            let session = Session {
                pk: Id(from.app.random().uuid_v7(now)),
                key_hash: hash_of(&key),
                user: None,
                data,
                expires,
                expiring: true,
                last_used: now,
                last_ip: from.address.clone(),
                last_user_agent: from.user_agent.clone(),
            };
            let row = from.app.store().insert(&session).await?;
            let mut state = self.0.state.lock();
            (state.row, state.cookie) = (Some(row), Cookie::Set);
            return Ok(());
        };
        let mut set: Vec<(&'static str, Value)> = vec![("last_used", now.into())];
        if touch {
            set.push(("last_ip", from.address.clone().into()));
            set.push(("last_user_agent", from.user_agent.clone().into()));
        }
        if age.is_none() {
            set.push(("expires", expires.into()));
        }
        let tx = from.app.store().begin().await?;
        if !changed.is_empty() {
            // Another tab may have written meanwhile: only what changed here is replaced.
            let Some(now_kept) = tx.get::<Session>(row).await? else { return self.is_over() };
            let mut merged = now_kept.data;
            for name in changed {
                match data.get(&name) {
                    Some(value) => _ = merged.insert(name, value.clone()),
                    None => _ = merged.shift_remove(&name),
                }
            }
            set.push(("data", Json::Object(merged).into()));
        }
        let filter = Filter::eq("pk", row).and(Filter::eq("key_hash", hash_of(&key)));
        let kept = tx.change(Session::model(), filter, set).await?;
        tx.commit().await?;
        if kept == 0 { self.is_over() } else { Ok(()) }
    }

    /// The session was ended from elsewhere while the request was handled: it must not come back.
    fn is_over(&self) -> Result<(), Problem> {
        *self.0.state.lock() = State { cookie: Cookie::Delete, ..State::fresh(&self.0.from.app) };
        Ok(())
    }
}

/// How long a session without a fixed end may lie unused.
pub(super) fn idle_age(app: &App) -> Duration {
    app.settings().sessions.unauthenticated_age
}

pub(super) async fn active(store: &Store, user: Id<User>) -> Result<Option<Arc<User>>, Problem> {
    Ok(store.get::<User>(user).await?.filter(|u| u.is_active).map(Arc::new))
}

//! The two ports of the gate, filled in over HTTP.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use clock::{Clock, Random, Uuid};
use gate::{
    Addresses, Asked, Awaited, Basic, Claims, Fault, Issuer, Login, Memory, Redeem, Review, Session, SessionKey,
    Sessions, Site,
};
use http::StatusCode;
use parking_lot::Mutex;
use serde_json::Value as Json;
use settings::Settings;
use telemetry::Metrics;
use tokio::sync::Notify;
use url::Url;

use crate::Trouble;
use crate::kept::{Content, Kept};
use crate::server::{Server, strip_nulls};
use crate::state::{State, moved};
use crate::tokens::{self, KeySets, login_id};

/// The user name under which a token is given as a password.
const TOKEN_USERNAME: &str = "goauthentik.io/token";
/// Seconds for which credentials in a header are good without asking again.
const GOOD_FOR: u32 = 30;
/// Seconds between two questions about a session while the line is down.
const ASK_AGAIN: i64 = 30;
/// Logins that were redeemed and not yet kept; more are somebody's attempts that failed half way.
const MAX_PENDING: usize = 1000;

/// The server, what it said, and the sessions.
pub(crate) struct Remote {
    pub(crate) server: Arc<Server>,
    pub(crate) state: ArcSwapOption<State>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) metrics: Metrics,
    /// Names this process to the server.
    pub(crate) instance: Uuid,
    /// Asks for the configuration to be read.
    pub(crate) stale: Notify,
    /// Why there is no configuration, or no new one.
    pub(crate) trouble: Mutex<Option<Trouble>>,
    /// The address for browsers, where it is another one than for this process.
    pub(crate) browser: Option<Url>,
    kept: Kept,
    keys: KeySets,
    /// Access tokens of logins between their redemption and their being kept, by ID token.
    pending: Mutex<HashMap<String, String>>,
    version: AtomicU64,
    /// Whether news come in, and how often they began to.
    line_is_up: AtomicBool,
    life: AtomicU64,
    /// Whether the last that was asked of the server was answered.
    is_reachable: AtomicBool,
}

impl Remote {
    pub(crate) fn new(
        server: Arc<Server>,
        kept: Kept,
        settings: &Settings,
        clock: Clock,
        random: Random,
        metrics: &Metrics,
    ) -> Self {
        Self {
            server,
            state: ArcSwapOption::empty(),
            memory: Arc::default(),
            instance: random.uuid_v4(),
            clock,
            random,
            metrics: metrics.clone(),
            stale: Notify::new(),
            trouble: Mutex::default(),
            browser: settings.general.host_browser.clone(),
            kept,
            keys: KeySets::default(),
            pending: Mutex::default(),
            version: AtomicU64::new(0),
            line_is_up: AtomicBool::new(false),
            life: AtomicU64::new(0),
            is_reachable: AtomicBool::new(true),
        }
    }

    /// Says that another configuration counts from now on.
    pub(crate) fn count_up(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// News come in from now on. What happened before was perhaps missed: everything is decided anew.
    pub(crate) fn line_up(&self) {
        self.life.fetch_add(1, Ordering::AcqRel);
        self.count_up();
        self.is_reachable.store(true, Ordering::Release);
        self.line_is_up.store(true, Ordering::Release);
        self.stale.notify_one();
    }

    pub(crate) fn line_down(&self) {
        self.line_is_up.store(false, Ordering::Release);
    }

    /// Notes whether the server answered.
    pub(crate) fn heard(&self, trouble: Option<&Trouble>) {
        self.is_reachable.store(!trouble.is_some_and(Trouble::is_absence), Ordering::Release);
    }

    /// A login at the server is over: no session that came of it lets anybody in any more.
    pub(crate) fn end_login(&self, sid: &str) {
        let id = login_id(sid);
        let ended = self.kept.end_login(sid);
        self.memory.end_where(|session| session.login == Some(id));
        if ended > 0 {
            tracing::info!("The server ended a login; {ended} sessions ended with it");
        }
    }

    pub(crate) fn tidy(&self) {
        self.kept.tidy();
        self.memory.tidy(self.clock.unix());
    }

    /// Posts a form; whether it was answered is noted.
    async fn post(&self, url: &str, form: &[(&str, &str)]) -> Result<(StatusCode, Json), Fault> {
        let said = self.server.post(url, form).await;
        self.heard(said.as_ref().err());
        said.map_err(|trouble| match trouble {
            Trouble::NotTheServer { .. } => Fault::Misconfigured(trouble.to_string()),
            _ => Fault::Unavailable(trouble.to_string()),
        })
    }

    /// The ID token in the answer of a token endpoint, and the access token beside it.
    async fn ask_token(&self, site: &Site, form: &[(&str, &str)]) -> Result<(Login, String), Fault> {
        let oidc = &site.config.oidc_configuration;
        let (status, said) = self.post(&oidc.token_endpoint, form).await?;
        if status != StatusCode::OK {
            let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
            return Err(Fault::Refused(format!(
                "{} answered {status}: {} {}",
                oidc.token_endpoint,
                text("error"),
                text("error_description")
            )));
        }
        let Some(id_token) = said["id_token"].as_str() else {
            let why = "the token endpoint gave no ID token; the provider needs the scope openid";
            return Err(Fault::Misconfigured(why.to_owned()));
        };
        // With an address of its own for browsers, the server may name itself by either.
        let elsewhere = self.browser.as_ref().and_then(|browser| moved(&oidc.issuer, browser));
        let issuers: Vec<&str> = std::iter::once(oidc.issuer.as_str()).chain(elsewhere.as_deref()).collect();
        let login = self.keys.login(&self.server, site, id_token, &issuers, &self.clock).await?;
        Ok((login, said["access_token"].as_str().unwrap_or_default().to_owned()))
    }

    /// What a token says that the server calls good (RFC 7662).
    async fn introspect(&self, site: &Site, token: &str) -> Result<Option<Claims>, Fault> {
        let config = &site.config;
        let form = [("client_id", config.client_id.as_str()), ("client_secret", client_secret(site)), ("token", token)];
        let (status, mut said) = self.post(&config.oidc_configuration.introspection_endpoint, &form).await?;
        if status != StatusCode::OK {
            return Err(Fault::Misconfigured(format!("the introspection endpoint answered {status}")));
        }
        if said["active"] != Json::Bool(true) {
            return Ok(None);
        }
        strip_nulls(&mut said);
        Claims::read(said).map(Some)
    }

    /// Whether the login that a session came of still stands, as far as the server can be asked.
    async fn ask(&self, site: &Site, session: &Session) -> Review {
        let Some(content) = self.kept.load(site, &session.key) else { return Review::Ended };
        if content.access_token.is_empty() {
            return Review::Stands;
        }
        match self.introspect(site, &content.access_token).await {
            Ok(Some(_)) => Review::Stands,
            Ok(None) => Review::Ended,
            // Who was let in stays in while the server is away.
            Err(fault) => {
                tracing::debug!("A session could not be asked about: {fault}");
                Review::Stands
            }
        }
    }
}

/// A provider without a secret is a public client.
fn client_secret(site: &Site) -> &str {
    site.config.client_secret.as_ref().map_or("", |secret| secret.expose())
}

impl Sessions for Remote {
    fn is_current(&self) -> bool {
        self.line_is_up.load(Ordering::Acquire)
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn review<'a>(&'a self, site: &'a Site, session: &'a Session, _: &'a Asked) -> Awaited<'a, Review> {
        Box::pin(async move {
            if session.transient {
                return Ok(Review::Stands);
            }
            let (now, life) = (self.clock.unix(), self.life.load(Ordering::Acquire));
            let is_up = self.is_current();
            let must_ask = self.kept.with(&session.key, |entry| {
                let must = match entry.asked {
                    Some((at, in_life)) => in_life != life || (!is_up && at + ASK_AGAIN <= now),
                    None => true,
                };
                if must {
                    entry.asked = Some((now, life));
                }
                must
            });
            match must_ask {
                None => Ok(Review::Ended),
                Some(false) => Ok(Review::Stands),
                Some(true) => Ok(self.ask(site, session).await),
            }
        })
    }

    fn load<'a>(&'a self, site: &'a Site, key: &'a SessionKey) -> Awaited<'a, Option<Login>> {
        Box::pin(async move { Ok(self.kept.load(site, key).map(|content| content.login)) })
    }

    fn keep<'a>(&'a self, site: &'a Site, key: &'a SessionKey, login: &'a Login) -> Awaited<'a, ()> {
        Box::pin(async move {
            let access_token = self.pending.lock().remove(&login.token).unwrap_or_default();
            let content = Content { login: login.clone(), access_token };
            let life = self.life.load(Ordering::Acquire);
            self.kept
                .keep(site, key, &content, life)
                .map_err(|error| Fault::Unavailable(format!("the session cannot be kept on disk: {error}")))
        })
    }

    fn end<'a>(&'a self, session: &'a Session, everywhere: bool) -> Awaited<'a, ()> {
        Box::pin(async move {
            self.kept.end(&session.key);
            self.memory.end(&session.key);
            if everywhere {
                self.kept.end_person(&session.sub);
                self.memory.end_where(|other| other.sub == session.sub);
            }
            Ok(())
        })
    }
}

impl Issuer for Remote {
    fn addresses(&self, site: &Site, asked: &Asked) -> Result<Arc<Addresses>, Fault> {
        let state = self.state.load();
        let found = state.as_ref().and_then(|state| state.addresses.get(&site.config.pk)).cloned();
        let found = found.ok_or_else(|| Fault::Unavailable("the provider is being changed".to_owned()))?;
        // Logging out goes on here whether or not the server is there.
        let is_logout =
            asked.path().contains("/sign_out") || asked.query().is_some_and(|q| q.contains(gate::LOGOUT_SIGNATURE));
        if is_logout || self.is_current() || self.is_reachable.load(Ordering::Acquire) {
            return Ok(found);
        }
        Err(Fault::Unavailable(format!("{} cannot be reached", self.server.host())))
    }

    fn redeem<'a>(&'a self, site: &'a Site, redeem: Redeem<'a>, _: &'a Asked) -> Awaited<'a, Login> {
        Box::pin(async move {
            let config = &site.config;
            let form = [
                ("grant_type", "authorization_code"),
                ("code", redeem.code),
                ("code_verifier", redeem.verifier),
                ("redirect_uri", redeem.redirect_uri),
                ("client_id", &config.client_id),
                ("client_secret", client_secret(site)),
            ];
            let (login, access_token) = self.ask_token(site, &form).await?;
            let mut pending = self.pending.lock();
            if pending.len() >= MAX_PENDING {
                pending.clear();
            }
            pending.insert(login.token.clone(), access_token);
            Ok(login)
        })
    }

    fn bearer<'a>(&'a self, site: &'a Site, token: &'a str, _: &'a Asked) -> Awaited<'a, Option<Login>> {
        Box::pin(async move {
            let Some(claims) = self.introspect(site, token).await? else { return Ok(None) };
            Ok(Some(Login { good_for: GOOD_FOR, ..tokens::login(claims, token, &self.clock) }))
        })
    }

    fn basic<'a>(&'a self, site: &'a Site, given: Basic<'a>, asked: &'a Asked) -> Awaited<'a, Option<Login>> {
        Box::pin(async move {
            if given.username == TOKEN_USERNAME {
                return self.bearer(site, given.password, asked).await;
            }
            let scope = site.config.scopes_to_request.join(" ");
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", &site.config.client_id),
                ("username", given.username),
                ("password", given.password),
                ("scope", &scope),
            ];
            let (login, _) = self.ask_token(site, &form).await?;
            Ok(Some(Login { good_for: GOOD_FOR, ..login }))
        })
    }
}

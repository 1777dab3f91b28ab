//! Who is there: by cookie, else by the `Authorization` header.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clock::SignedDuration;
use http::header::AUTHORIZATION;

use super::Gate;
use crate::asked::Asked;
use crate::cookie;
use crate::memory::Found;
use crate::ports::{Basic, Fault, Login, Review};
use crate::session::{Held, Session, SessionKey};
use crate::site::Site;

/// Seconds for which wrong credentials are remembered: the right password may be set the next moment.
const WRONG_FOR: i64 = 1;
/// Longer headers hold no credentials of ours.
const LONGEST_HEADER: usize = 16 << 10;

impl Gate {
    /// The session of a request, if it has a good one.
    pub(crate) async fn held(&self, site: &Arc<Site>, asked: &Asked) -> Result<Option<Held>, Fault> {
        let now = self.clock.unix();
        for value in cookie::values(&asked.parts.headers, &site.cookie.session) {
            let key = SessionKey::of(value);
            if let Some(session) = self.by_key(site, asked, key, now).await? {
                return Ok(Some(session));
            }
        }
        self.by_header(site, asked, now).await
    }

    async fn by_key(&self, site: &Arc<Site>, asked: &Asked, key: SessionKey, now: i64) -> Result<Option<Held>, Fault> {
        let session = match self.memory().get(&key, now) {
            Found::Session(session) => session,
            Found::Missing => return Ok(None),
            Found::Unknown => {
                let Some(login) = self.sessions.load(site, &key).await? else {
                    self.memory().put_missing(key, now);
                    return Ok(None);
                };
                self.memory().put(Session::new(site, key, &login), now)
            }
        };
        self.stands(site, asked, session, now).await
    }

    /// The session, if it lets in at this site, now. SECURITY: the one place that says so.
    async fn stands(&self, site: &Arc<Site>, asked: &Asked, session: Held, now: i64) -> Result<Option<Held>, Fault> {
        // A cookie of one application is none at another, whatever its name.
        if session.site != site.config.pk || session.is_over(now) {
            return Ok(None);
        }
        let version = self.sessions.version();
        // First what has ended, as that is what casts doubt.
        if self.sessions.is_current() && !session.is_doubted(version, now) {
            return Ok(Some(session));
        }
        session.begin_review();
        match self.sessions.review(site, &session, asked).await {
            Ok(Review::Stands) => {
                session.decided(version, now);
                Ok((!session.is_over(now)).then_some(session))
            }
            Ok(Review::Renewed(login)) => {
                let mut renewed = Session::new(site, session.key, &login);
                renewed.transient = session.transient;
                renewed.said = session.transient.then_some(login);
                renewed.expires = session.expires;
                renewed.decided(version, now);
                let over = session.is_over(now);
                Ok((!over).then(|| self.memory().renew(&session, renewed)))
            }
            Ok(Review::Ended) => {
                self.memory().end(&session.key);
                if !session.transient {
                    self.sessions.end(&session, false).await?;
                }
                Ok(None)
            }
            Err(fault) => {
                session.doubt();
                Err(fault)
            }
        }
    }

    /// Whether a request that is still being answered (a stream, a tunnel) may go on: looked up afresh, as the session it
    /// came with may have been renewed or left the memory meanwhile. Where that cannot be decided now, what was decided
    /// before stands.
    pub async fn goes_on(&self, site: &Arc<Site>, asked: &Asked) -> bool {
        self.held(site, asked).await.map_or(true, |held| held.is_some())
    }

    /// Credentials that a program sends along. What they led to is remembered for a moment.
    async fn by_header(&self, site: &Arc<Site>, asked: &Asked, now: i64) -> Result<Option<Held>, Fault> {
        if !site.config.intercept_header_auth {
            return Ok(None);
        }
        let mut all = asked.parts.headers.get_all(AUTHORIZATION).iter();
        let (Some(header), None) = (all.next(), all.next()) else { return Ok(None) };
        if header.len() > LONGEST_HEADER {
            return Ok(None);
        }
        // The key holds the site: what is good for one provider says nothing about another (CVE-2021-32701 of Oathkeeper).
        let key = SessionKey::of_header(site.config.pk, header.as_bytes());
        match self.memory().get(&key, now) {
            Found::Session(session) if !session.is_over(now) => {
                return self.stands(site, asked, session, now).await;
            }
            Found::Missing => return Ok(None),
            Found::Session(_) | Found::Unknown => {}
        }
        let Some(login) = self.prove(site, asked, header.to_str().unwrap_or_default()).await? else {
            self.memory().put_missing_for(key, now, WRONG_FOR);
            return Ok(None);
        };
        let version = self.sessions.version();
        let mut session = Session::new(site, key, &login);
        session.transient = true;
        let good_for = login.good_for;
        session.expires = session.expires.min(now + i64::from(good_for));
        session.said = Some(Box::new(login));
        // It was decided this moment.
        session.decided(version, now);
        if good_for == 0 {
            return Ok(Some(Arc::new(session)));
        }
        Ok(Some(self.memory().put(session, now)))
    }

    async fn prove(&self, site: &Arc<Site>, asked: &Asked, header: &str) -> Result<Option<Login>, Fault> {
        let found = match credentials(header) {
            Some(Credentials::Bearer(token)) => self.issuer.bearer(site, token, asked).await,
            Some(Credentials::Basic(username, password)) => {
                let given = Basic { username: &username, password: &password };
                self.issuer.basic(site, given, asked).await
            }
            None => return Ok(None),
        };
        match found {
            Err(Fault::Refused(reason)) => {
                tracing::debug!(provider = site.config.name, "Credentials in a header: {reason}");
                Ok(None)
            }
            other => other,
        }
    }

    /// Keeps a new session; returns what the cookie shall hold and for how long.
    pub(crate) async fn keep(&self, site: &Arc<Site>, mut login: Login) -> Result<(String, i64), Fault> {
        let now = self.clock.now();
        if let Some(validity) = site.validity() {
            let end = now.checked_add(SignedDuration::from_secs(validity)).unwrap_or(login.expires);
            login.expires = login.expires.min(end);
        }
        let (cookie, key) = SessionKey::generate(&self.random);
        self.sessions.keep(site, &key, &login).await?;
        let session = Session::new(site, key, &login);
        let age = session.expires - now.as_second();
        // Decided when the code was redeemed.
        session.decided(self.sessions.version(), now.as_second());
        self.memory().put(session, now.as_second());
        Ok((cookie, age))
    }
}

/// What an `Authorization` header holds.
pub enum Credentials<'h> {
    Bearer(&'h str),
    /// User name and password.
    Basic(String, String),
}

/// Reads an `Authorization` header; `None` for anything that is no credential of ours.
pub fn credentials(header: &str) -> Option<Credentials<'_>> {
    let (scheme, rest) = header.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return (!rest.is_empty()).then_some(Credentials::Bearer(rest));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    (!username.is_empty() && !password.is_empty()).then(|| Credentials::Basic(username.to_owned(), password.to_owned()))
}

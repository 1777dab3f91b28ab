//! The sessions of the embedded outpost: kept in the store, and ended by what ends the login that they hang on.

use std::sync::{Arc, Weak};
use std::time::Duration;

use feature::App;
use futures::FutureExt as _;
use gate::{Asked, Awaited, Credentials, Fault, Login, Memory, Review, Session, SessionKey, Sessions, Site};
use http::header::AUTHORIZATION;
use object::{Id, Object};
use parking_lot::Mutex;
use secret::Sealer;
use serde_json::{Map, Value as Json};
use store::{Filter, Listener, News};

use super::issuer::{Asking, not_given};
use crate::session::ProxySession;

/// News that are older may have been missed: what is remembered has to be asked of the database.
const FRESH: Duration = Duration::from_millis(1500);
/// How often what ended by itself is dropped from memory.
const TIDY: Duration = Duration::from_mins(1);

pub struct Embedded {
    app: App,
    sealer: Sealer,
    memory: Arc<Memory>,
    /// Read by whoever checks, so that a check sees what was committed before it began.
    news: Mutex<Listener>,
}

fn unavailable(error: store::Error) -> Fault {
    Fault::Unavailable(error.to_string())
}

impl Embedded {
    pub fn new(app: &App, memory: Arc<Memory>) -> Self {
        let sealer = app.root_key().sealer("proxy sessions", app.random().clone());
        let news = Mutex::new(directory::news::listen(app.store()));
        Self { app: app.clone(), sealer, memory, news }
    }

    /// Has sessions looked at again whose users changed.
    fn hear(&self) {
        let mut news = self.news.lock();
        while let Some(Some(heard)) = news.next().now_or_never() {
            match heard {
                News::Told(user) => {
                    let user = user.parse::<i64>().ok();
                    self.memory.doubt_where(|session| session.user == user);
                }
                News::Missed => self.memory.doubt_where(|_| true),
            }
        }
    }

    async fn row(&self, key: &SessionKey) -> Result<Option<ProxySession>, Fault> {
        let filter = Filter::eq("key_hash", key.to_hex());
        let row: Option<ProxySession> = self.app.store().first(filter).await.map_err(unavailable)?;
        let now = self.app.clock().now();
        Ok(row.filter(|row| row.session.is_some() && row.expires > now))
    }

    fn open(&self, row: &ProxySession) -> Result<Login, Fault> {
        let sealed = self.sealer.open_text(row.key_hash.as_bytes(), &row.login);
        let opened = sealed.map_err(|_| Fault::Refused("the session was sealed with another secret key".to_owned()))?;
        let login: Login =
            serde_json::from_slice(opened.expose()).map_err(|error| Fault::Refused(error.to_string()))?;
        Ok(Login { session: row.session.map(|s| s.0), user: Some(row.user), expires: row.expires, ..login })
    }

    /// Credentials in a header, looked at again.
    async fn review_header(&self, site: &Site, session: &Session, asked: &Asked) -> Result<Review, Fault> {
        let asking = Asking::new(String::new(), asked);
        let inside = asking.inside(&self.app, site.config.pk);
        let header = asked.parts.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let (Some(said), Some(user)) = (&session.said, session.user) else { return Ok(Review::Ended) };
        let claims = match header.and_then(gate::credentials) {
            Some(Credentials::Bearer(token)) => {
                let found = inside.bearer(token).await.map_err(not_given)?;
                found.filter(|tokens| tokens.user == user).map(|tokens| tokens.claims)
            }
            Some(Credentials::Basic(username, password)) => {
                let is_good = inside.is_app_password(&username, &password).await.map_err(not_given)?;
                if is_good { Some(inside.claims(user).await.map_err(not_given)?) } else { None }
            }
            None => None,
        };
        claims.map_or(Ok(Review::Ended), |claims| retold(Login::clone(said), claims))
    }

    /// What is said of a person follows what they are: a group that was left is not told of any longer.
    async fn renewed(&self, site: &Site, row: &ProxySession, asked: &Asked) -> Result<Review, Fault> {
        let asking = Asking::new(String::new(), asked);
        let inside = asking.inside(&self.app, site.config.pk);
        let claims = inside.claims(row.user).await.map_err(not_given)?;
        retold(self.open(row)?, claims)
    }
}

/// The login with what is said of the person now.
fn retold(login: Login, claims: Map<String, Json>) -> Result<Review, Fault> {
    let mut said = serde_json::to_value(&login.claims).unwrap_or_default();
    if let Some(said) = said.as_object_mut() {
        said.extend(claims);
    }
    let claims = gate::Claims::read(said)?;
    if claims == login.claims {
        return Ok(Review::Stands);
    }
    Ok(Review::Renewed(Box::new(Login { claims, ..login })))
}

impl Sessions for Embedded {
    fn is_current(&self) -> bool {
        // SECURITY: in this order, so that the news that make it fresh are heard.
        let is_fresh = self.app.store().news_age() < FRESH;
        self.hear();
        is_fresh
    }

    fn version(&self) -> u64 {
        self.app.store().snapshot().version()
    }

    fn review<'a>(&'a self, site: &'a Site, session: &'a Session, asked: &'a Asked) -> Awaited<'a, Review> {
        Box::pin(async move {
            if session.transient {
                return self.review_header(site, session, asked).await;
            }
            let Some(row) = self.row(&session.key).await? else { return Ok(Review::Ended) };
            let asking = Asking::new(String::new(), asked);
            let inside = asking.inside(&self.app, site.config.pk);
            if !inside.may_enter(row.user).await.map_err(not_given)? {
                return Ok(Review::Ended);
            }
            self.renewed(site, &row, asked).await
        })
    }

    fn load<'a>(&'a self, site: &'a Site, key: &'a SessionKey) -> Awaited<'a, Option<Login>> {
        Box::pin(async move {
            let row = self.row(key).await?.filter(|row| row.provider.0 == site.config.pk);
            match row.map(|row| self.open(&row)) {
                Some(Ok(login)) => Ok(Some(login)),
                Some(Err(fault)) => {
                    tracing::warn!("A kept session cannot be used: {fault}");
                    Ok(None)
                }
                None => Ok(None),
            }
        })
    }

    fn keep<'a>(&'a self, site: &'a Site, key: &'a SessionKey, login: &'a Login) -> Awaited<'a, ()> {
        Box::pin(async move {
            let (Some(session), Some(user)) = (login.session, login.user) else {
                return Err(Fault::Refused("the login has no session to end with".to_owned()));
            };
            let key_hash = key.to_hex();
            let text = serde_json::to_vec(login).map_err(|error| Fault::Refused(error.to_string()))?;
            let app = &self.app;
            let row = ProxySession {
                pk: Id(app.random().uuid_v7(app.clock().now())),
                provider: Id(site.config.pk),
                session: Some(Id(session)),
                user,
                login: self.sealer.seal_text(key_hash.as_bytes(), &text),
                expires: login.expires,
                key_hash,
            };
            match app.store().insert(&row).await {
                Ok(_) => Ok(()),
                // The login ended between the code and now.
                Err(store::Error::ForeignKey) => Err(Fault::Refused("the login has ended".to_owned())),
                Err(error) => Err(unavailable(error)),
            }
        })
    }

    fn end<'a>(&'a self, session: &'a Session, everywhere: bool) -> Awaited<'a, ()> {
        Box::pin(async move {
            let one = Filter::eq("key_hash", session.key.to_hex());
            let filter = match session.user.filter(|_| everywhere) {
                Some(user) => Filter::eq("user", user),
                None => one,
            };
            let store = self.app.store();
            let tx = store.begin().await.map_err(unavailable)?;
            tx.change(ProxySession::model(), filter, vec![("session", object::Value::Null)])
                .await
                .map_err(unavailable)?;
            if let Some(user) = session.user {
                directory::news::announce(&tx, user).await.map_err(super::fault)?;
            }
            tx.commit().await.map_err(unavailable)
        })
    }
}

/// Takes note of news where nobody asks, and drops what is over, until the sessions are gone.
pub async fn keep_tidy(sessions: Weak<Embedded>) {
    loop {
        tokio::time::sleep(TIDY).await;
        let Some(sessions) = sessions.upgrade() else { return };
        sessions.hear();
        sessions.memory.tidy(sessions.app.clock().unix());
    }
}

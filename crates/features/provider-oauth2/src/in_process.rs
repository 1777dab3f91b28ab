//! The provider for clients inside this program: the gate before applications is one.
//!
//! Separate so that such a client passes the very checks that others pass over HTTP (client, redirect URI, PKCE, single
//! use, policies, records), without speaking HTTP to itself.

use std::collections::HashSet;
use std::sync::Arc;

use apps::Application;
use clock::Timestamp;
use directory::{Intent, Token};
use feature::{App, Caller, Problem};
use http::HeaderMap;
use net::Origin;
use oauth2_wire::{ClientAuth, Params, ScopeSet, url_encode};
use object::{Id, Object as _, Uuid};
use policy::{Context, HttpInfo, Subject};
use serde_json::{Map, Value as Json};
use store::{Filter, Op, Query};

use crate::bearer;
use crate::client::{Client, Clients};
use crate::endpoints::discovery;
use crate::grants::{self, Refusal};
use crate::issue;
use crate::request::Asked;
use crate::tokens::{AccessToken, RefreshToken};

/// A client inside this program, and the request of a browser or program that it acts upon.
pub struct Inside<'a> {
    pub app: &'a App,
    /// Key of the provider.
    pub provider: i64,
    /// `https://id.example.com`: where browsers reach this server.
    pub base: &'a str,
    pub origin: &'a Origin,
    pub http: Arc<HttpInfo>,
    pub caller: Caller,
}

/// What a client got.
pub struct Tokens {
    /// The access token.
    pub token: String,
    /// The claims of the ID token that goes with it.
    pub claims: Map<String, Json>,
    pub expires: Timestamp,
    pub user: i64,
    /// The login that they end with.
    pub session: Option<Uuid>,
}

/// Why a client got nothing.
pub enum NotGiven {
    /// For the log.
    Refused(String),
    Fault(Problem),
}

impl From<store::Error> for NotGiven {
    fn from(error: store::Error) -> Self {
        Self::Fault(error.into())
    }
}
impl From<Problem> for NotGiven {
    fn from(problem: Problem) -> Self {
        Self::Fault(problem)
    }
}

fn refused<T>(reason: &str) -> Result<T, NotGiven> {
    Err(NotGiven::Refused(reason.to_owned()))
}

impl Inside<'_> {
    fn client(&self) -> Result<Arc<Client>, NotGiven> {
        let found = Clients::of(self.app).by_pk(self.provider).cloned();
        found.ok_or_else(|| NotGiven::Refused("the provider does not exist".to_owned()))
    }

    fn asked(&self) -> Asked {
        Asked {
            caller: self.caller.clone(),
            http: Arc::clone(&self.http),
            origin: self.origin.clone(),
            base: self.base.to_owned(),
            headers: HeaderMap::new(),
            query: String::new(),
            session: None,
        }
    }

    /// Redeems an authorization code, with PKCE.
    pub async fn redeem(&self, code: &str, verifier: &str, redirect_uri: &str) -> Result<Tokens, NotGiven> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect_uri),
        ];
        self.token(&form).await
    }

    /// A token for whoever has an app password, as a program gets one by the grant `client_credentials`.
    pub async fn app_password(&self, username: &str, password: &str) -> Result<Tokens, NotGiven> {
        let scope = self.client()?.scopes.to_string();
        let form = [
            ("grant_type", "client_credentials"),
            ("username", username),
            ("password", password),
            ("scope", scope.as_str()),
        ];
        self.token(&form).await
    }

    async fn token(&self, form: &[(&str, &str)]) -> Result<Tokens, NotGiven> {
        let (app, client) = (self.app, self.client()?);
        let own = [("client_id", client.client_id()), ("client_secret", client.provider.client_secret.as_str())];
        let form: Vec<(&str, &str)> = own.iter().chain(form).copied().collect();
        let Ok(fields) = Params::parse(url_encode(&form).as_bytes()) else { return refused("too many parameters") };
        let asked = self.asked();
        let auth = ClientAuth::parse(None, &fields);
        let response = match grants::redeem(app, &asked, Some(&client), &auth, &fields).await {
            Ok(response) => response,
            Err(Refusal::Fault(problem)) => return Err(NotGiven::Fault(problem)),
            Err(refusal) => {
                let reason = match &refusal {
                    Refusal::Client(error) => error.to_string(),
                    _ => "the grant was used before".to_owned(),
                };
                // What follows from a refusal (a grant used twice ends) follows here too.
                grants::refuse(app, &asked, refusal).await;
                return Err(NotGiven::Refused(reason));
            }
        };
        match bearer::find(app, &response.access_token).await? {
            Some(row) => Ok(tokens(response.access_token, &row)),
            None => refused("the token was not kept"),
        }
    }

    /// Whose access token it is, if it is one of this client's or of a provider whose tokens it takes, and its user may
    /// enter the application.
    pub async fn bearer(&self, token: &str) -> Result<Option<Tokens>, NotGiven> {
        let (app, client) = (self.app, self.client()?);
        let Some(row) = bearer::find(app, token).await?.filter(|row| !row.revoked) else { return Ok(None) };
        let clients = Clients::of(app);
        let is_ours = clients.by_pk(row.provider.0).is_some_and(|issuer| client.takes_tokens_of(issuer));
        if !is_ours {
            return Ok(None);
        }
        // SECURITY: an agent gets no further than both itself and the person it acts for.
        for user in [Some(row.user), row.actor].into_iter().flatten() {
            if !self.may_enter(user.0).await? {
                return Ok(None);
            }
        }
        let mut found = tokens(token.to_owned(), &row);
        // What is said of a person follows what they are, as far as the token lets anybody know of it.
        if row.provider == client.id() {
            found.claims.extend(self.claims_for(row.user.0, &grants::scope_set(&row.scope)).await?);
        }
        Ok(Some(found))
    }

    /// Whether it still is the app password of that user, who still may enter.
    pub async fn is_app_password(&self, username: &str, password: &str) -> Result<bool, NotGiven> {
        let Some(token) = Token::find(self.app, self.app.store(), password, Intent::AppPassword).await? else {
            return Ok(false);
        };
        match Subject::load(self.app, token.user.0).await? {
            Some(user) if user.username() == username => self.may(&user).await,
            _ => Ok(false),
        }
    }

    /// Whether a user, still active, passes the policies of the application.
    pub async fn may_enter(&self, user: i64) -> Result<bool, NotGiven> {
        match Subject::load(self.app, user).await? {
            Some(user) => self.may(&user).await,
            None => Ok(false),
        }
    }

    async fn may(&self, user: &Arc<Subject>) -> Result<bool, NotGiven> {
        let client = self.client()?;
        let context = Context::default();
        context.set("oauth_scopes", expr::Value::list(client.scopes.iter().map(expr::Value::str).collect()));
        context.set("oauth_grant_type", "authorization_code");
        Ok(issue::is_allowed(self.app, &client, user, Some(&self.http), context).await?)
    }

    /// What tokens of a user would say now, beside what belongs to the protocol.
    pub async fn claims(&self, user: i64) -> Result<Map<String, Json>, NotGiven> {
        self.claims_for(user, &self.client()?.scopes).await
    }

    async fn claims_for(&self, user: i64, scopes: &ScopeSet) -> Result<Map<String, Json>, NotGiven> {
        let client = self.client()?;
        let Some(user) = Subject::load(self.app, user).await? else { return refused("the user does not exist") };
        let about = crate::claims::About { app: self.app, client: &client, user: &user, http: Some(&self.http) };
        Ok(crate::claims::claims(about, scopes).await)
    }
}

fn tokens(token: String, row: &AccessToken) -> Tokens {
    Tokens {
        token,
        claims: row.id_token.clone(),
        expires: row.expires.unwrap_or(Timestamp::MAX),
        user: row.user.0,
        session: row.session.map(|session| session.0),
    }
}

/// The discovery document of a provider, as JSON.
pub async fn discovery(app: &App, provider: i64, base: &str) -> Option<Json> {
    let client = Clients::of(app).by_pk(provider).cloned()?;
    serde_json::to_value(discovery::document(app, &client, base).await).ok()
}

/// The application of a provider.
pub fn application_of(app: &App, provider: i64) -> Option<Arc<Application>> {
    apps::of_provider(&app.store().snapshot(), Id(provider))
}

/// A login under which a client holds tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Holding {
    /// Key of the provider.
    pub provider: i64,
    pub user: i64,
    pub login: Uuid,
}

/// Tokens that are looked at at a time.
const PAGE: u64 = 1000;

/// Under which logins clients hold tokens, of one user or of all.
pub async fn holdings(app: &App, providers: &[i64], user: Option<i64>) -> store::Result<HashSet<Holding>> {
    let good = Filter::eq("revoked", false).and(Filter::compare("expires", Op::Gt, app.clock().now()));
    let held = Filter::IsNull { path: "session".into(), null: false };
    let mut filter = Filter::any_of("provider", providers.iter().copied()).and(good).and(held);
    if let Some(user) = user {
        filter = filter.and(Filter::eq("user", user));
    }
    let (mut all, mut last) = (HashSet::new(), None);
    loop {
        let mut query = Query::filter(filter.clone()).limit(PAGE);
        if let Some(last) = last {
            query = query.after(last);
        }
        let found: Vec<AccessToken> = app.store().find(&query).await?;
        let Some(end) = found.last() else { return Ok(all) };
        last = Some(end.pk.key());
        let holding = |token: &AccessToken| {
            Some(Holding { provider: token.provider.0, user: token.user.0, login: token.session?.0 })
        };
        all.extend(found.iter().filter_map(holding));
    }
}

/// Whether a user could enter the application of a client, as far as that can be told without a request.
pub async fn could_enter(app: &App, provider: i64, user: i64) -> store::Result<bool> {
    let snapshot = app.store().snapshot();
    let Some(user) = Subject::load(app, user).await? else { return Ok(false) };
    let application = Clients::of(app).by_pk(provider).and_then(|client| client.application.clone());
    let row = application.and_then(|a| snapshot.row(Application::MODEL, a.base.pk.key()).cloned());
    let Some(row) = row else { return Ok(false) };
    let is_active = user.record().get("is_active").as_bool() == Some(true);
    // What cannot be read now says nothing against anybody.
    Ok(is_active && policy::could_pass(app, &row, &user).await.unwrap_or(true))
}

/// Takes the tokens away that a client holds for a user.
pub async fn take_back(app: &App, provider: i64, user: i64) -> store::Result<()> {
    let of = Filter::eq("provider", provider).and(Filter::eq("user", user));
    app.store().delete_where(AccessToken::model(), of.clone()).await?;
    app.store().delete_where(RefreshToken::model(), of).await?;
    Ok(())
}

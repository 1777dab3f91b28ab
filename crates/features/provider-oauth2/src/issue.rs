//! Issuing: from what was granted to the tokens and the rows that stand for them.

use std::sync::Arc;

use apps::{Application, UserConsent};
use clock::{TimeDelta, Timestamp};
use feature::{App, BoxFuture, Change, Problem};
use oauth2_wire::{ClaimsRequest, ScopeSet, TokenResponse, names};
use object::{Id, Object, Uuid};
use policy::{HttpInfo, Subject};
use serde_json::{Map, Value as Json};
use store::Write;

use crate::claims::{self, About};
use crate::client::Client;
use crate::id_token::{self, Authentication, Facts};
use crate::keys::{self, KeyFault};
use crate::tokens::{self, AccessToken, AuthorizationCode, DeviceToken, RefreshToken};

/// For whom and to whom.
#[derive(Clone, Copy)]
pub struct Issuer<'a> {
    pub app: &'a App,
    pub client: &'a Client,
    pub base: &'a str,
    pub http: Option<&'a Arc<HttpInfo>>,
}

/// What was granted.
pub struct Granted {
    pub user: Arc<Subject>,
    pub scope: ScopeSet,
    pub authentication: Authentication,
    /// What all tokens that descend from one grant share.
    pub family: Uuid,
    pub nonce: Option<String>,
    /// Claims of the ID token that were asked for one by one.
    pub wishes: Vec<String>,
    pub acting: Option<Acting>,
}

/// Who acts for the user (RFC 8693).
pub struct Acting {
    pub user: Arc<Subject>,
    /// The claim `act`.
    pub claim: Json,
    /// When the tokens end that were exchanged; what came of them ends no later.
    pub until: Option<Timestamp>,
    /// What the client is told that it got.
    pub token_type: &'static str,
}

/// An access token, not yet kept.
pub struct Access {
    /// As the client gets it.
    pub token: String,
    pub row: AccessToken,
}

/// The claims of the ID token that the `claims` parameter asks for.
pub fn wishes(claims: Option<&str>) -> Vec<String> {
    let read = claims.and_then(|claims| ClaimsRequest::parse(claims).ok());
    read.map(|read| read.id_token.into_keys().collect()).unwrap_or_default()
}

impl Granted {
    fn user_pk(&self) -> i64 {
        self.user.key().unwrap_or_default()
    }
}

impl Issuer<'_> {
    /// The user's claims for the granted scopes.
    pub async fn claims(&self, granted: &Granted) -> Map<String, Json> {
        let about = About { app: self.app, client: self.client, user: &granted.user, http: self.http };
        let includes_all = self.client.provider.include_claims_in_id_token;
        if !includes_all && granted.wishes.is_empty() {
            return Map::new();
        }
        let mut claims = claims::claims(about, &granted.scope).await;
        // OpenID Connect Core §5.5: a wish brings a claim into the ID token, but none that no granted scope gives.
        claims.retain(|name, _| includes_all || granted.wishes.contains(name));
        claims
    }

    /// The claims of an ID token.
    pub fn id_token(&self, granted: &Granted, claims: &Map<String, Json>, expires: Timestamp) -> Map<String, Json> {
        id_token::id_token(&Facts {
            app: self.app,
            client: self.client,
            base: self.base,
            user: &granted.user,
            authentication: &granted.authentication,
            expires,
            nonce: granted.nonce.as_deref(),
            act: granted.acting.as_ref().map(|acting| &acting.claim),
            claims,
        })
    }

    /// An access token with the claims of `id_token`.
    pub fn access(
        &self,
        granted: &Granted,
        id_token: Map<String, Json>,
        expires: Timestamp,
    ) -> Result<Access, KeyFault> {
        let claims = id_token::access_token(self.app, self.client, &id_token, &granted.scope.to_string());
        let token = self.seal(&claims)?;
        let row = AccessToken {
            pk: Id::unsaved(),
            provider: self.client.id(),
            user: Id(granted.user_pk()),
            expires: Some(expires),
            expiring: true,
            scope: granted.scope.iter().map(str::to_owned).collect(),
            id_token,
            revoked: false,
            token_hash: tokens::hash(&token),
            family: granted.family,
            auth_time: granted.authentication.at,
            session: granted.authentication.session.map(Id),
            actor: granted.acting.as_ref().and_then(|acting| acting.user.key()).map(Id),
        };
        Ok(Access { token, row })
    }

    /// A refresh token: random, as it means nothing to anybody but us.
    pub fn refresh(
        &self,
        granted: &Granted,
        id_token: Map<String, Json>,
        scope: Vec<String>,
    ) -> (String, RefreshToken) {
        let token = self.app.random().token(128);
        let row = RefreshToken {
            pk: Id::unsaved(),
            provider: self.client.id(),
            user: Id(granted.user_pk()),
            expires: Some(self.end(self.client.refresh_token_validity)),
            expiring: true,
            scope,
            id_token,
            revoked: false,
            token_hash: tokens::hash(&token),
            family: granted.family,
            auth_time: granted.authentication.at,
            session: granted.authentication.session.map(Id),
        };
        (token, row)
    }

    pub fn end(&self, validity: TimeDelta) -> Timestamp {
        validity.after(self.app.clock().now())
    }

    fn access_end(&self, granted: &Granted) -> Timestamp {
        let end = self.end(self.client.access_token_validity);
        let until = granted.acting.as_ref().and_then(|acting| acting.until);
        until.map_or(end, |until| until.min(end))
    }

    /// The answer to an exchange (RFC 8693 §2.2.1): one access token, and nothing to get further ones with.
    fn exchanged(&self, granted: &Granted, acting: &Acting, access: Access) -> (TokenResponse, Vec<Write>) {
        let left = access.row.expires.map(|at| at.duration_since(self.app.clock().now()).as_secs().max(0));
        let response = TokenResponse {
            access_token: access.token,
            token_type: names::TOKEN_TYPE_BEARER.to_owned(),
            scope: granted.scope.clone(),
            expires_in: left,
            id_token: None,
            refresh_token: None,
            issued_token_type: Some(acting.token_type.to_owned()),
        };
        (response, vec![Write::Insert(access.row.to_record())])
    }

    pub fn seal(&self, claims: &Map<String, Json>) -> Result<String, KeyFault> {
        let payload = serde_json::to_vec(claims).unwrap_or_default();
        keys::seal(self.app, self.client, &payload, "JWT")
    }

    /// The answer of the token endpoint, and the rows to be kept with it. `refresh` holds the scopes of a refresh token
    /// where one is due.
    pub async fn respond(
        &self,
        granted: &Granted,
        refresh: Option<Vec<String>>,
    ) -> Result<(TokenResponse, Vec<Write>), KeyFault> {
        let claims = self.claims(granted).await;
        let expires = self.access_end(granted);
        let mut id_token = self.id_token(granted, &claims, expires);
        let access = self.access(granted, id_token.clone(), expires)?;
        if let Some(acting) = &granted.acting {
            return Ok(self.exchanged(granted, acting, access));
        }
        id_token::with_hashes(self.app, self.client, &mut id_token, Some(&access.token), None);
        let sealed = self.seal(&id_token)?;
        let mut writes = vec![Write::Insert(access.row.to_record())];
        let refresh_token = refresh.map(|scope| {
            let mut about = id_token;
            about.insert("exp".to_owned(), self.end(self.client.refresh_token_validity).as_second().into());
            let (token, row) = self.refresh(granted, about, scope);
            writes.push(Write::Insert(row.to_record()));
            token
        });
        let response = TokenResponse {
            access_token: access.token,
            token_type: names::TOKEN_TYPE_BEARER.to_owned(),
            scope: granted.scope.clone(),
            expires_in: Some(self.client.access_token_validity.as_secs()),
            id_token: Some(sealed),
            refresh_token,
            issued_token_type: None,
        };
        Ok((response, writes))
    }
}

/// Whether the application lets the user in: the one check that every way to a token passes.
pub async fn is_allowed(
    app: &App,
    client: &Client,
    user: &Arc<Subject>,
    http: Option<&Arc<HttpInfo>>,
    context: policy::Context,
) -> Result<bool, Problem> {
    let Some(application) = client.linked() else { return Ok(false) };
    if user.record().get("is_active").as_bool() != Some(true) {
        return Ok(false);
    }
    let snapshot = app.store().snapshot();
    let Some(row) = snapshot.row(apps::Application::MODEL, application.base.pk.key()) else { return Ok(false) };
    let request = policy::PolicyRequest::new(Some(Arc::clone(user))).over(http.cloned()).with_context(context);
    let result = policy::check_row(app, row, &request).await;
    if !result.passing {
        let (slug, username) = (application.slug.as_str(), user.record().text("username"));
        tracing::info!(application = slug, user = username, "Not let in: {}", policy::why(&snapshot, &result));
    }
    Ok(result.passing)
}

/// Ends what agents got in exchange for tokens of a grant.
pub fn end_delegated(family: Uuid) -> Write {
    use store::Filter;
    let delegated = Filter::IsNull { path: "actor".into(), null: false };
    Write::Change {
        model: AccessToken::model(),
        filter: Filter::eq("family", family).and(delegated),
        set: vec![("revoked", true.into())],
        guard: false,
    }
}

/// Ends what a user granted to a client, when the consent to it is taken back.
pub fn withdrawn<'a>(change: &'a Change<'_>, consent: &'a UserConsent) -> BoxFuture<'a, Result<(), Problem>> {
    use store::Filter;
    Box::pin(async move {
        let application: Option<Application> = change.store.get(consent.application).await?;
        let Some(provider) = application.and_then(|application| application.provider) else { return Ok(()) };
        let given = || Filter::eq("user", consent.user).and(Filter::eq("provider", provider.0));
        let revoked =
            |model| Write::Change { model, filter: given(), set: vec![("revoked", true.into())], guard: false };
        let mut writes = vec![revoked(AccessToken::model()), revoked(RefreshToken::model())];
        // Nor does what was granted and not fetched yet become a token.
        let open =
            [(AuthorizationCode::model(), given().and(Filter::eq("used", false))), (DeviceToken::model(), given())];
        writes.extend(open.map(|(model, filter)| Write::DeleteWhere { model, filter, guard: false }));
        change.store.apply(writes).await?;
        Ok(())
    })
}

/// Ends everything that descends from a grant.
pub fn end_family(family: Uuid) -> Vec<Write> {
    use store::Filter;
    let set = || vec![("revoked", true.into())];
    [AccessToken::model(), RefreshToken::model()]
        .into_iter()
        .map(|model| Write::Change { model, filter: Filter::eq("family", family), set: set(), guard: false })
        .collect()
}

//! The answer to the client (RFC 6749 §4.1.2, OpenID Connect Core §3.2.2.5, §3.3.2.5).

use events::{Action, Draft};
use flow::Circumstances;
use oauth2_wire::{AuthorizeError, CheckedRedirectUri, ResponseMode, names};
use object::{Id, Object, Uuid};
use serde_json::{Map, json};
use store::{Filter, Write};

use super::login::LoggedIn;
use super::{Authorization, Refusal, TELLS_ISSUER, ToClient};
use crate::client::Client;
use crate::grants::named;
use crate::id_token;
use crate::issue::{self, Granted, Issuer};
use crate::keys::KeyFault;
use crate::provider::OAuth2Provider;
use crate::tokens::{self, AuthorizationCode};
use crate::{logout, metrics};

/// What to send to the browser.
pub use oauth2_wire::Response as Answer;

/// Makes the code and the tokens that were asked for, keeps them, and says how they travel.
pub async fn respond(
    at: &Circumstances,
    client: &Client,
    authorization: &Authorization,
    session: &LoggedIn,
    flow: Uuid,
) -> Result<Answer, Refusal> {
    let base = at.origin.to_string();
    // Checked against those registered when the request came in.
    let Ok(redirect_uri) = CheckedRedirectUri::well_formed(&authorization.redirect_uri) else {
        return Err(oauth2_wire::PageError::RedirectUri.into());
    };
    let issuer = Issuer { app: &at.app, client, base: &base, http: at.http.as_ref() };
    let made = make(&issuer, authorization, session).await;
    let (mut fields, mut writes) = match made {
        Ok(made) => made,
        Err(fault) => {
            tracing::error!(client = client.client_id(), "The answer to a client could not be made: {fault}");
            return Err(Refusal::Redirect(Box::new(ToClient {
                redirect_uri,
                mode: authorization.response_mode,
                state: authorization.state.clone(),
                error: AuthorizeError::ServerError.into(),
                issuer: client.issuer(&base),
            })));
        }
    };
    let (sub, iss) = (id_token::subject(&at.app, client, &session.user), client.issuer(&base));
    writes.extend(logout::remember(client, session.authentication.session, &sub, &iss, at.now()));
    at.app.store().apply(writes).await?;
    keep_first_redirect_uri(at, client, authorization).await?;
    record(at, client, authorization, session, flow).await;
    metrics::authorization(&at.app, true);
    fields.push(("state", authorization.state.clone().unwrap_or_default()));
    if TELLS_ISSUER {
        fields.push(("iss", iss));
    }
    let params: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Ok(oauth2_wire::respond(&redirect_uri, authorization.response_mode, &params))
}

type Made = (Vec<(&'static str, String)>, Vec<Write>);

async fn make(issuer: &Issuer<'_>, authorization: &Authorization, session: &LoggedIn) -> Result<Made, KeyFault> {
    let Issuer { app, client, .. } = issuer;
    let response_type = authorization.response_type;
    let granted = Granted {
        user: std::sync::Arc::clone(&session.user),
        scope: authorization.scope.clone(),
        authentication: session.authentication.clone(),
        family: app.random().uuid_v4(),
        nonce: authorization.nonce.clone(),
        wishes: issue::wishes(authorization.claims.as_deref()),
        acting: None,
    };
    let mut fields = Vec::with_capacity(6);
    let mut writes = Vec::with_capacity(2);
    let code = response_type.has_code().then(|| app.random().uuid_v4().simple().to_string());
    // COMPAT: with `query` only the code is sent, whatever else was asked for; tokens have no business there.
    let has_tokens = authorization.response_mode != ResponseMode::Query && !response_type.is_code_flow();
    if has_tokens {
        let claims = issuer.claims(&granted).await;
        let expires = issuer.end(client.access_token_validity);
        let mut id_token = issuer.id_token(&granted, &claims, expires);
        let access = issuer.access(&granted, id_token.clone(), expires)?;
        if response_type.has_token() {
            fields.push(("access_token", access.token.clone()));
            writes.push(Write::Insert(access.row.to_record()));
        }
        if response_type.has_id_token() {
            let sent = response_type.has_token().then_some(access.token.as_str());
            id_token::with_hashes(app, client, &mut id_token, sent, code.as_deref());
            fields.push(("id_token", issuer.seal(&id_token)?));
        }
    }
    if let Some(code) = code {
        writes.push(Write::Insert(row(issuer, authorization, &granted, &code).to_record()));
        fields.push(("code", code));
    }
    if has_tokens {
        fields.push(("token_type", names::TOKEN_TYPE_BEARER.to_owned()));
        fields.push(("expires_in", client.access_token_validity.as_secs().to_string()));
    }
    Ok((fields, writes))
}

fn row(issuer: &Issuer<'_>, authorization: &Authorization, granted: &Granted, code: &str) -> AuthorizationCode {
    let mut request = Map::new();
    if let Some(claims) = &authorization.claims {
        request.insert("claims".to_owned(), claims.as_str().into());
    }
    AuthorizationCode {
        pk: Id::unsaved(),
        provider: issuer.client.id(),
        user: Id(granted.user.key().unwrap_or_default()),
        expires: Some(issuer.end(issuer.client.access_code_validity)),
        expiring: true,
        scope: authorization.scope.iter().map(str::to_owned).collect(),
        used: false,
        code_hash: tokens::hash(code),
        family: granted.family,
        redirect_uri: authorization.redirect_uri.clone(),
        nonce: authorization.nonce.clone(),
        code_challenge: authorization.pkce.as_ref().map(|pkce| pkce.challenge.clone()),
        code_challenge_method: authorization.pkce.as_ref().map(|pkce| pkce.method.as_str().to_owned()),
        request,
        amr: granted.authentication.methods.clone(),
        auth_time: granted.authentication.at,
        session: granted.authentication.session.map(Id),
    }
}

/// COMPAT: a client without redirect URIs keeps the first one that somebody was let in with.
async fn keep_first_redirect_uri(
    at: &Circumstances,
    client: &Client,
    authorization: &Authorization,
) -> Result<(), store::Error> {
    if !client.redirect_uris().is_empty() {
        return Ok(());
    }
    let kept = json!([{ "matching_mode": "strict", "url": authorization.redirect_uri }]);
    let model = OAuth2Provider::model();
    let filter = Filter::eq(model.key_field().name, client.id());
    at.app.store().change(model, filter, vec![("redirect_uris", kept.into())]).await.map(|_| ())
}

async fn record(at: &Circumstances, client: &Client, authorization: &Authorization, session: &LoggedIn, flow: Uuid) {
    let application = client.application.as_ref().map(|a| events::reference(&a.to_record()));
    Draft::new(Action::AuthorizeApplication, "authentik.providers.oauth2.views.authorize")
        .with("authorized_application", application.unwrap_or_default())
        .with("flow", flow.simple().to_string())
        .with("scopes", authorization.scope.to_string())
        .user(&named(&session.user))
        .by(&at.caller)
        .record(&at.app)
        .await;
}

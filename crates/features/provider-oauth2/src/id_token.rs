//! The ID token (OpenID Connect Core §2) and the access token that is made of the same claims.

use clock::Timestamp;
use feature::App;
use jose::half_hash;
use oauth2_wire::names;
use object::Uuid;
use policy::Subject;
use serde_json::{Map, Value as Json, json};

use crate::client::Client;
use crate::keys;
use crate::provider::SubMode;

/// When and how the user authenticated, and in which session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Authentication {
    pub at: Timestamp,
    /// RFC 8176; empty when there was no person.
    pub methods: Vec<String>,
    pub session: Option<Uuid>,
}

/// What goes into an ID token beside the user's claims.
pub struct Facts<'a> {
    pub app: &'a App,
    pub client: &'a Client,
    /// `https://host` as the client reached us.
    pub base: &'a str,
    pub user: &'a Subject,
    pub authentication: &'a Authentication,
    pub expires: Timestamp,
    pub nonce: Option<&'a str>,
    /// Who acts for the user (RFC 8693 §4.1).
    pub act: Option<&'a Json>,
    /// The user's claims, which come last and may override none of those before.
    pub claims: &'a Map<String, Json>,
}

/// The value of `sub`: what identifies the user towards the client.
pub fn subject(app: &App, client: &Client, user: &Subject) -> String {
    let record = user.record();
    let uid = || record.as_ref().clone().to::<directory::User>().map_or_else(|_| String::new(), |user| user.uid(app));
    match client.provider.sub_mode {
        SubMode::HashedUserId => uid(),
        SubMode::UserId => user.key().unwrap_or_default().to_string(),
        SubMode::UserUuid => match record.get("uuid") {
            object::Value::Uuid(uuid) => uuid.hyphenated().to_string(),
            _ => uid(),
        },
        SubMode::UserUsername => user.username().to_owned(),
        // SECURITY: to be nobody in particular is to be the same as everybody else without an address (OpenID Connect Core §2;
        // upstream says "").
        SubMode::UserEmail => Some(record.text("email")).filter(|e| !e.is_empty()).map_or_else(uid, str::to_owned),
        SubMode::UserUpn => match record.get("attributes").as_json().and_then(|a| a.get("upn")) {
            Some(Json::String(upn)) if !upn.is_empty() => upn.clone(),
            _ => uid(),
        },
    }
}

/// The claims of the ID token, in upstream's order. Hashes of what it comes with are added by [`with_hashes`].
pub fn id_token(facts: &Facts<'_>) -> Map<String, Json> {
    let Facts { app, client, base, user, authentication, .. } = facts;
    let mut token = Map::new();
    let mut set = |name: &str, value: Json| {
        token.insert(name.to_owned(), value);
    };
    set("iss", client.issuer(base).into());
    set("sub", subject(app, client, user).into());
    set("aud", client.client_id().into());
    set("exp", facts.expires.as_second().into());
    set("iat", app.clock().unix().into());
    set("auth_time", authentication.at.as_second().into());
    set("acr", names::ACR_DEFAULT.into());
    if !authentication.methods.is_empty() {
        set("amr", json!(authentication.methods));
    }
    if let Some(nonce) = facts.nonce {
        set("nonce", nonce.into());
    }
    if let Some(session) = authentication.session {
        set("sid", session_id(session).into());
    }
    if let Some(act) = facts.act {
        set("act", act.clone());
    }
    for (name, value) in facts.claims {
        set(name, value.clone());
    }
    token
}

/// The `sid` of a session (OpenID Connect Front-Channel Logout §3).
pub fn session_id(session: Uuid) -> String {
    session.simple().to_string()
}

/// Adds `at_hash` and `c_hash` (OpenID Connect Core §3.3.2.11).
pub fn with_hashes(
    app: &App,
    client: &Client,
    token: &mut Map<String, Json>,
    access_token: Option<&str>,
    code: Option<&str>,
) {
    let algorithm = keys::algorithm(app, client);
    for (name, value) in [("at_hash", access_token), ("c_hash", code)] {
        if let Some(value) = value {
            token.insert(name.to_owned(), half_hash(value, algorithm).into());
        }
    }
}

/// The claims of the access token: those of the ID token, and what only interfaces need (RFC 9068 §2.2 in spirit).
pub fn access_token(app: &App, client: &Client, id_token: &Map<String, Json>, scope: &str) -> Map<String, Json> {
    let mut token = id_token.clone();
    token.insert("azp".to_owned(), client.client_id().into());
    token.insert("uid".to_owned(), app.random().token(40).into());
    token.insert("scope".to_owned(), scope.into());
    token
}

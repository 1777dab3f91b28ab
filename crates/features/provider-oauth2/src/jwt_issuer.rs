//! Tokens that expressions make (`ak_create_jwt`, `ak_create_jwt_raw`).

use std::sync::Arc;

use clock::{TimeDelta, Timestamp};
use feature::{App, BoxFuture};
use object::Object;
use policy::expression::{Jwt, JwtIssuer};
use serde_json::{Map, Value as Json};
use store::Write;

use crate::client::{Client, Clients};
use crate::grants::scope_set;
use crate::id_token::Authentication;
use crate::issue::{Granted, Issuer};

pub const ISSUER: JwtIssuer = JwtIssuer(issue);

fn issue(app: &App, jwt: Jwt) -> BoxFuture<'_, Result<String, String>> {
    Box::pin(async move {
        let client = client_of(app, &jwt.provider).ok_or("the provider does not exist")?;
        let span = TimeDelta::parse(&jwt.validity).map_err(|error| error.to_string())?;
        let expires = span.after(app.clock().now());
        // No request tells where we are; the settings may.
        let host = app.settings().general.host.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
        let base = host.unwrap_or_else(|| "http://localhost:9000".to_owned());
        let issuer = Issuer { app, client: &client, base: &base, http: None };
        match (&jwt.user, jwt.claims) {
            (_, Some(claims)) => raw(&issuer, claims, expires),
            (Some(user), None) => {
                let granted = Granted {
                    user: Arc::clone(user),
                    scope: scope_set(&jwt.scopes).intersection(&client.scopes),
                    authentication: Authentication { at: app.clock().now(), ..Authentication::default() },
                    family: app.random().uuid_v4(),
                    nonce: None,
                    wishes: Vec::new(),
                    acting: None,
                };
                // The mappings are not evaluated: this runs inside one, which could go on for ever.
                let claims = issuer.id_token(&granted, &Map::new(), expires);
                let access = issuer.access(&granted, claims, expires).map_err(|fault| fault.to_string())?;
                let kept = app.store().apply(vec![Write::Insert(access.row.to_record())]).await;
                kept.map_err(|error| error.to_string())?;
                Ok(access.token)
            }
            (None, None) => Err("a token needs a user or claims".to_owned()),
        }
    })
}

/// Claims as they are, with an end and an issuer where they have none.
fn raw(issuer: &Issuer<'_>, mut claims: Map<String, Json>, expires: Timestamp) -> Result<String, String> {
    let ours = [
        ("iss", Json::from(issuer.client.issuer(issuer.base))),
        ("aud", issuer.client.client_id().into()),
        ("iat", issuer.app.clock().unix().into()),
        ("exp", expires.as_second().into()),
    ];
    for (name, value) in ours {
        claims.entry(name).or_insert(value);
    }
    issuer.seal(&claims).map_err(|fault| fault.to_string())
}

fn client_of(app: &App, provider: &Result<i64, String>) -> Option<Arc<Client>> {
    let clients = Clients::of(app);
    match provider {
        Ok(pk) => clients.by_pk(*pk).cloned(),
        Err(name) => clients.all().find(|client| client.provider.base.name == *name).cloned(),
    }
}

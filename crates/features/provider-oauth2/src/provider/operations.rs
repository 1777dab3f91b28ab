//! Operations on a provider: its addresses, and what a user's tokens would hold.

use clock::SignedDuration;
use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply, parameter};
use http::StatusCode;
use object::Id;
use policy::{HttpInfo, Subject};
use serde_json::json;

use super::OAuth2Provider;
use crate::claims::{self, About};
use crate::client::{Client, Clients};
use crate::id_token::{self, Authentication, Facts};

pub const ALL: &[Operation] = &[
    Operation {
        id: "providers_oauth2_setup_urls_retrieve",
        method: Method::Get,
        path: "providers/oauth2/{id}/setup_urls/",
        permission: Permission::Target("authentik_providers_oauth2.view_oauth2provider"),
        summary: "The addresses that a client is set up with.",
        request: "",
        response: r##"{"$ref": "#/components/schemas/OAuth2ProviderSetupURLs"}"##,
        status: 200,
        parameters: &[],
        run: setup_urls,
    },
    Operation {
        id: "providers_oauth2_preview_user_retrieve",
        method: Method::Get,
        path: "providers/oauth2/{id}/preview_user/",
        permission: Permission::Target("authentik_providers_oauth2.view_oauth2provider"),
        summary: "What the tokens of a user would hold.",
        request: "",
        response: r##"{"$ref": "#/components/schemas/PropertyMappingPreview"}"##,
        status: 200,
        parameters: &[parameter::integer("for_user")],
        run: preview_user,
    },
];

/// What the OpenAPI document says of their answers.
pub const COMPONENTS: &[(&str, &str)] = &[
    (
        "OAuth2ProviderSetupURLs",
        r#"{"type": "object", "description": "OAuth2 Provider Metadata serializer", "properties": {"issuer": {"type": "string", "readOnly": true}, "authorize": {"type": "string", "readOnly": true}, "token": {"type": "string", "readOnly": true}, "user_info": {"type": "string", "readOnly": true}, "provider_info": {"type": "string", "readOnly": true}, "logout": {"type": "string", "readOnly": true}, "jwks": {"type": "string", "readOnly": true}}, "required": ["authorize", "issuer", "jwks", "logout", "provider_info", "token", "user_info"]}"#,
    ),
    (
        "PropertyMappingPreview",
        r#"{"type": "object", "properties": {"preview": {"type": "object", "additionalProperties": {}, "readOnly": true}}, "required": ["preview"]}"#,
    ),
    ("MatchingModeEnum", r#"{"enum": ["strict", "regex"], "type": "string"}"#),
];

fn client_of(call: &Call) -> Result<std::sync::Arc<Client>, Problem> {
    let provider: OAuth2Provider = call.target()?.clone().to()?;
    Clients::of(&call.app).by_pk(provider.base.pk.0).cloned().ok_or_else(Problem::not_found)
}

fn setup_urls(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let client = client_of(call)?;
        let base = call.base_url();
        let global = |name: &str| format!("{base}/application/o/{name}/");
        let slug = client.application.as_ref().map(|a| a.slug.as_str());
        let own = |name: &str| slug.map(|slug| format!("{base}/application/o/{slug}/{name}"));
        Ok(Reply::ok(json!({
            "issuer": client.issuer(&base),
            "authorize": global("authorize"),
            "token": global("token"),
            "user_info": global("userinfo"),
            "provider_info": own(".well-known/openid-configuration"),
            "logout": own("end-session/"),
            "jwks": own("jwks/"),
        })))
    })
}

/// COMPAT: a preview looks half an hour ahead, whatever the provider says.
const PREVIEW: SignedDuration = SignedDuration::from_mins(30);

fn preview_user(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let client = client_of(call)?;
        let app = &call.app;
        let missing = || Problem::new(StatusCode::BAD_REQUEST, json!({ "for_user": "User not found" }));
        let user = match call.parameter("for_user") {
            None => call.caller.user.ok_or_else(missing)?,
            Some(text) => {
                let pk: i64 = text.parse().map_err(|_| {
                    Problem::new(StatusCode::BAD_REQUEST, json!({ "for_user": "for_user must be numerical" }))
                })?;
                // SECURITY: a preview tells everything about a user.
                let is_self = call.caller.user == Some(pk);
                if !is_self && !call.caller.may_on("authentik_core.preview_user", Id::<directory::User>(pk).key()) {
                    return Err(missing());
                }
                pk
            }
        };
        let user = Subject::load(app, user).await?.ok_or_else(missing)?;
        let http = std::sync::Arc::new(HttpInfo::of_call(call, "GET", "/"));
        let about = About { app, client: &client, user: &user, http: Some(&http) };
        let claims = if client.provider.include_claims_in_id_token {
            claims::claims(about, &client.scopes).await
        } else {
            serde_json::Map::new()
        };
        let now = app.clock().now();
        let base = call.base_url();
        let preview = id_token::id_token(&Facts {
            app,
            client: &client,
            base: &base,
            user: &user,
            authentication: &Authentication { at: now, ..Authentication::default() },
            expires: now.checked_add(PREVIEW).unwrap_or(now),
            nonce: None,
            act: None,
            claims: &claims,
        });
        Ok(Reply::ok(json!({ "preview": preview })))
    })
}

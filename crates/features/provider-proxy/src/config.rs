//! What an outpost reads of the providers that it serves: `/api/v3/outposts/proxy/`.
//!
//! SECURITY: it holds the secrets of clients. Only accounts of outposts get it, and of those each only what it was given
//! to serve.

use clock::TimeDelta;
use directory::{User, UserType};
use feature::{App, BoxFuture, Call, Caller, Method, Operation, Page, Permission, Problem, Reply, parameter};
use object::{Choices, Id};
use serde_json::{Value as Json, json};

use crate::index;
use crate::provider::ProxyProvider;

pub const OPERATIONS: &[Operation] = &[Operation {
    id: "outposts_proxy_list",
    method: Method::Get,
    path: "outposts/proxy/",
    permission: Permission::Authenticated,
    summary: "The proxy providers that the calling outpost serves, with all that it needs for it.",
    request: "",
    response: r##"{"$ref": "#/components/schemas/PaginatedProxyOutpostConfigList"}"##,
    status: 200,
    parameters: &[
        parameter::text("name"),
        parameter::ORDERING,
        parameter::PAGE,
        parameter::PAGE_SIZE,
        parameter::SEARCH,
    ],
    run: list,
}];

pub const COMPONENTS: &[(&str, &str)] = &[
    (
        "PaginatedProxyOutpostConfigList",
        r##"{"type": "object", "properties": {"pagination": {"$ref": "#/components/schemas/Pagination"}, "results": {"type": "array", "items": {"$ref": "#/components/schemas/ProxyOutpostConfig"}}, "autocomplete": {"type": "object", "additionalProperties": {}}}, "required": ["autocomplete", "pagination", "results"]}"##,
    ),
    (
        "OpenIDConnectConfiguration",
        r#"{"type": "object", "properties": {"issuer": {"type": "string"}, "authorization_endpoint": {"type": "string"}, "token_endpoint": {"type": "string"}, "userinfo_endpoint": {"type": "string"}, "end_session_endpoint": {"type": "string"}, "introspection_endpoint": {"type": "string"}, "jwks_uri": {"type": "string"}, "response_types_supported": {"type": "array", "items": {"type": "string"}}, "id_token_signing_alg_values_supported": {"type": "array", "items": {"type": "string"}}, "subject_types_supported": {"type": "array", "items": {"type": "string"}}, "token_endpoint_auth_methods_supported": {"type": "array", "items": {"type": "string"}}}, "required": ["authorization_endpoint", "end_session_endpoint", "id_token_signing_alg_values_supported", "introspection_endpoint", "issuer", "jwks_uri", "response_types_supported", "subject_types_supported", "token_endpoint", "token_endpoint_auth_methods_supported", "userinfo_endpoint"]}"#,
    ),
    (
        "ProxyOutpostConfig",
        r##"{"type": "object", "description": "What an outpost needs to stand before an application.", "properties": {"pk": {"type": "integer", "readOnly": true, "title": "ID"}, "name": {"type": "string"}, "internal_host": {"type": "string", "format": "uri"}, "external_host": {"type": "string", "format": "uri"}, "internal_host_ssl_validation": {"type": "boolean"}, "client_id": {"type": "string", "maxLength": 255}, "client_secret": {"type": "string", "maxLength": 255}, "oidc_configuration": {"allOf": [{"$ref": "#/components/schemas/OpenIDConnectConfiguration"}], "readOnly": true}, "cookie_secret": {"type": "string"}, "certificate": {"type": "string", "format": "uuid", "nullable": true}, "skip_path_regex": {"type": "string"}, "basic_auth_enabled": {"type": "boolean"}, "basic_auth_password_attribute": {"type": "string"}, "basic_auth_user_attribute": {"type": "string"}, "mode": {"$ref": "#/components/schemas/ProxyMode"}, "cookie_domain": {"type": "string"}, "access_token_validity": {"type": "number", "format": "double", "nullable": true, "readOnly": true}, "intercept_header_auth": {"type": "boolean"}, "scopes_to_request": {"type": "array", "items": {"type": "string"}, "readOnly": true}, "assigned_application_slug": {"type": "string", "readOnly": true}, "assigned_application_name": {"type": "string", "readOnly": true}}, "required": ["access_token_validity", "assigned_application_name", "assigned_application_slug", "external_host", "name", "oidc_configuration", "pk", "scopes_to_request"]}"##,
    ),
];

/// Whether the caller is an outpost, or somebody who may see everything anyway.
async fn is_outpost(app: &App, caller: &Caller) -> Result<bool, Problem> {
    if caller.superuser {
        return Ok(true);
    }
    let Some(user) = caller.user else { return Ok(false) };
    let user: Option<User> = app.store().get(Id::<User>(user)).await?;
    Ok(user.is_some_and(|user| user.r#type == UserType::InternalServiceAccount))
}

fn list(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let (app, caller) = (&call.app, &call.caller);
        if !is_outpost(app, caller).await? {
            return Err(Problem::forbidden());
        }
        let snapshot = app.store().snapshot();
        let search = call.parameter("search").unwrap_or_default().to_lowercase();
        let mut shown: Vec<_> = snapshot
            .all::<ProxyProvider>()
            .iter()
            .filter(|p| caller.may_on("authentik_providers_proxy.view_proxyprovider", p.base.base.pk.key()))
            .filter(|p| apps::of_provider(&snapshot, Id(p.base.base.pk.0)).is_some())
            .filter(|p| call.parameter("name").is_none_or(|name| name.is_empty() || p.base.base.name == name))
            .filter(|p| search.split_whitespace().all(|word| p.base.base.name.to_lowercase().contains(word)))
            .cloned()
            .collect();
        shown.sort_by(|a, b| a.base.base.name.cmp(&b.base.base.name));
        if call.parameter("ordering") == Some("-name") {
            shown.reverse();
        }
        let page = Page::asked(app, |name| call.parameter(name), shown.len() as u64)?;
        let mut results = Vec::new();
        for provider in page.cut(shown) {
            results.push(one(app, &provider, &call.base_url()).await);
        }
        Ok(Reply::ok(page.json(results, json!({}))))
    })
}

async fn one(app: &App, provider: &ProxyProvider, base_url: &str) -> Json {
    let snapshot = app.store().snapshot();
    let base = &provider.base;
    let application = apps::of_provider(&snapshot, Id(base.base.pk.0));
    let oidc = provider_oauth2::in_process::discovery(app, base.base.pk.0, base_url).await;
    json!({
        "pk": base.base.pk.0,
        "name": base.base.name,
        "internal_host": provider.internal_host,
        "external_host": provider.external_host,
        "internal_host_ssl_validation": provider.internal_host_ssl_validation,
        "client_id": base.client_id,
        "client_secret": base.client_secret,
        "oidc_configuration": oidc,
        "cookie_secret": provider.cookie_secret,
        "certificate": provider.certificate.map(|pair| pair.0.to_string()),
        "skip_path_regex": provider.skip_path_regex,
        "basic_auth_enabled": provider.basic_auth_enabled,
        "basic_auth_password_attribute": provider.basic_auth_password_attribute,
        "basic_auth_user_attribute": provider.basic_auth_user_attribute,
        "mode": provider.mode.as_str(),
        "cookie_domain": provider.cookie_domain,
        "access_token_validity": TimeDelta::parse(&base.access_token_validity).ok().map(|v| v.as_secs() as f64),
        "intercept_header_auth": provider.intercept_header_auth,
        "scopes_to_request": index::scopes(&snapshot, provider),
        "assigned_application_slug": application.as_ref().map(|a| a.slug.as_str()),
        "assigned_application_name": application.as_ref().map(|a| a.name.as_str()),
    })
}

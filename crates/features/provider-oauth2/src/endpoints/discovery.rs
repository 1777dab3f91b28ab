//! The discovery document (OpenID Connect Discovery §4, RFC 8414 §3).

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use feature::App;
use http::{HeaderMap, StatusCode, header};
use jose::jwe::KeyAlgorithm;
use oauth2_wire::{Discovery, GrantType, PkceMethod, ResponseMode, ResponseType, names};
use serde::Serialize;

use super::{Base, not_found};
use crate::client::{Client, Clients};
use crate::{claims, cors, keys};

/// The address of an application leads to its document.
pub async fn root(Path(slug): Path<String>) -> Response {
    let slug: String = form_urlencoded::byte_serialize(slug.as_bytes()).collect();
    let mut response = StatusCode::FOUND.into_response();
    if let Ok(to) = format!("/application/o/{slug}/.well-known/openid-configuration").parse() {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

pub async fn show(state: State<App>, slug: Path<String>, base: Base, headers: HeaderMap) -> Response {
    answer(&state, &slug, &base.0, &headers).await
}

pub async fn options(State(app): State<App>, Path(slug): Path<String>, headers: HeaderMap) -> Response {
    let mut response = ([(header::ALLOW, "GET, HEAD, OPTIONS")], "").into_response();
    if let Some(client) = Clients::of(&app).by_slug(&slug) {
        cors::allow(&headers, &mut response, &cors::Readers::Client(client));
    }
    response
}

async fn answer(app: &App, slug: &str, base: &str, headers: &HeaderMap) -> Response {
    let clients = Clients::of(app);
    let Some(client) = clients.by_slug(slug) else { return not_found() };
    let json = if let Some(json) = client.document(base) {
        json
    } else {
        let document = Document {
            discovery: document(app, client, base).await,
            request_uri_parameter_supported: false,
            frontchannel_logout_supported: true,
            frontchannel_logout_session_supported: true,
            authorization_response_iss_parameter_supported: true,
        };
        let json = Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
        client.keep_document(base, json.clone());
        json
    };
    let mut response = ([(header::CONTENT_TYPE, "application/json")], json).into_response();
    cors::allow(headers, &mut response, &cors::Readers::Client(client));
    response
}

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    discovery: Discovery,
    /// Left out, it would mean that they are supported (OpenID Connect Discovery §3).
    request_uri_parameter_supported: bool,
    /// Front-Channel Logout §3.
    frontchannel_logout_supported: bool,
    frontchannel_logout_session_supported: bool,
    /// RFC 9207 §3.
    authorization_response_iss_parameter_supported: bool,
}

pub async fn document(app: &App, client: &Client, base: &str) -> Discovery {
    let slug = client.application.as_ref().map_or("", |a| a.slug.as_str());
    let global = |name: &str| format!("{base}/application/o/{name}/");
    let own = |name: &str| format!("{base}/application/o/{slug}/{name}");
    let is_encrypted = client.provider.encryption_key.is_some();
    let mut claims_supported: Vec<String> = Discovery::CLAIMS.map(str::to_owned).to_vec();
    for claim in claims::names(app, client).await {
        if !claims_supported.contains(&claim) {
            claims_supported.push(claim);
        }
    }
    Discovery {
        issuer: client.issuer(base),
        authorization_endpoint: global("authorize"),
        token_endpoint: global("token"),
        userinfo_endpoint: global("userinfo"),
        end_session_endpoint: own("end-session/"),
        introspection_endpoint: global("introspect"),
        revocation_endpoint: global("revoke"),
        device_authorization_endpoint: global("device"),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        response_types_supported: ResponseType::ALL.to_vec(),
        response_modes_supported: ResponseMode::ALL.to_vec(),
        jwks_uri: own("jwks/"),
        grant_types_supported: grant_types(client),
        id_token_signing_alg_values_supported: vec![keys::algorithm(app, client).as_str().to_owned()],
        id_token_encryption_alg_values_supported: is_encrypted
            .then(|| vec![KeyAlgorithm::RsaOaep256.as_str().to_owned()]),
        id_token_encryption_enc_values_supported: is_encrypted.then(|| vec!["A256CBC-HS512".to_owned()]),
        subject_types_supported: vec!["public".to_owned()],
        token_endpoint_auth_methods_supported: Discovery::AUTH_METHODS.map(str::to_owned).to_vec(),
        acr_values_supported: vec![names::ACR_DEFAULT.to_owned()],
        scopes_supported: client.scopes.iter().map(str::to_owned).collect(),
        request_parameter_supported: false,
        claims_supported,
        claims_parameter_supported: false,
        code_challenge_methods_supported: PkceMethod::ALL.to_vec(),
    }
}

/// Upstream's grants; token exchange beside them where the provider says whose tokens it takes.
fn grant_types(client: &Client) -> Vec<GrantType> {
    let exchange = client.takes_part_in_exchange().then_some(GrantType::TokenExchange);
    Discovery::GRANT_TYPES.into_iter().chain(exchange).collect()
}

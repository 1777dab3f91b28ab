//! Unit tests of the API, against a server in the same process.

use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use secret::Secret;
use serde_json::{Value, json};
use settings::{Settings, Sources};
use std::collections::HashMap;
use tokio::net::TcpListener;

use super::{Server, site_config};
use crate::Trouble;

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/below")
}

fn sources(host: &str, token: &str) -> Sources {
    let env = [("AUTHENTIK_HOST", host), ("AUTHENTIK_TOKEN", token)];
    Sources::from_env(env.into_iter().filter(|(_, value)| !value.is_empty()))
}

fn settings(host: &str, token: &str) -> Settings {
    Settings::load(&sources(host, token)).unwrap().settings
}

fn server(host: &str) -> Result<Server, Trouble> {
    Server::new(&settings(host, "key"), "2025.12.4")
}

async fn instances(headers: HeaderMap) -> axum::response::Response {
    if headers["authorization"] != "Bearer key" || headers["user-agent"] != "goauthentik.io/outpost/2025.12.4" {
        return StatusCode::FORBIDDEN.into_response();
    }
    let one = |name: &str, kind: &str, managed: Value| {
        let pk = "5b6e5b0e-3f0a-4b7f-9d2a-2f0e7f5c1a11";
        json!({"pk": pk, "name": name, "type": kind, "config": {"a": 1}, "managed": managed, "refresh_interval_s": 300})
    };
    let results = json!([
        one("embedded", "proxy", json!("goauthentik.io/outposts/embedded")),
        one("directory", "ldap", Value::Null),
        one("edge", "proxy", Value::Null),
    ]);
    Json(json!({"pagination": {"next": 0}, "results": results})).into_response()
}

async fn providers(Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    let page: u32 = query["page"].parse().unwrap();
    let next = if page < 3 { page + 1 } else { 0 };
    Json(json!({"pagination": {"next": next, "total_pages": 3}, "results": [{"pk": page}]}))
}

#[tokio::test]
async fn the_outpost_and_all_pages_of_its_providers_are_read() {
    let router = Router::new()
        .route("/below/api/v3/outposts/instances/", get(instances))
        .route("/below/api/v3/outposts/proxy/", get(providers));
    let server = server(&serve(router).await).unwrap();
    let instance = server.instance().await.unwrap();
    assert_eq!((instance.name.as_str(), instance.refresh_interval_s), ("edge", 300.0));
    let pages: Vec<_> = server.providers().await.unwrap().iter().map(|p| p["pk"].as_u64().unwrap()).collect();
    assert_eq!(pages, [1, 2, 3]);
}

#[tokio::test]
async fn what_is_wrong_is_told_apart() {
    let empty = || async { Json(json!({"pagination": {"next": 0}, "results": []})) };
    let ldap = || async {
        let one = json!({"pk": "5b6e5b0e-3f0a-4b7f-9d2a-2f0e7f5c1a11", "name": "d", "type": "ldap"});
        Json(json!({"pagination": {"next": 0}, "results": [one]}))
    };
    let path = "/below/api/v3/outposts/instances/";
    let cases = [
        (Router::new().route(path, get(|| async { StatusCode::FORBIDDEN })), "does not accept the token (403)"),
        (Router::new().route(path, get(|| async { StatusCode::BAD_GATEWAY })), "cannot answer now (502)"),
        (Router::new().route(path, get(|| async { "<html>" })), "instead of what the API of authentik answers"),
        (Router::new(), "with status 404 instead of"),
        (Router::new().route(path, get(empty)), "sees no outpost"),
        (Router::new().route(path, get(ldap)), "of type \"ldap\""),
    ];
    for (router, expected) in cases {
        let trouble = server(&serve(router).await).unwrap().instance().await.unwrap_err().to_string();
        assert!(trouble.contains(expected), "{trouble}");
    }
    let nobody = server("http://127.0.0.1:1").unwrap().instance().await.unwrap_err();
    assert!(nobody.is_absence() && nobody.to_string().contains("AUTHENTIK_HOST"), "{nobody}");
}

#[test]
fn an_address_where_nothing_can_be_is_refused() {
    for host in ["http://0.0.0.0:9000", "https://[::]/", "ftp://id.example.com"] {
        assert!(Settings::load(&sources(host, "key")).is_err(), "{host}");
    }
    assert!(matches!(Server::new(&settings("", "key"), ""), Err(Trouble::NoHost)));
    assert!(matches!(Server::new(&settings("https://id.example.com", ""), ""), Err(Trouble::NoToken)));
}

#[test]
fn what_the_server_leaves_open_has_its_default() {
    let config = site_config(json!({
        "pk": 7, "name": "wiki", "mode": "forward_single", "external_host": "https://wiki.example.com",
        "internal_host": null, "certificate": null, "client_secret": "s", "access_token_validity": 3600.0,
        "oidc_configuration": {"issuer": "i", "jwks_uri": "j", "end_session_endpoint": null}, "new_field": 1,
    }))
    .unwrap();
    assert_eq!((config.pk, config.internal_host.as_str(), config.oidc_configuration.issuer.as_str()), (7, "", "i"));
    assert_eq!(config.client_secret.as_deref().map(Secret::expose).map(String::as_str), Some("s"));
}

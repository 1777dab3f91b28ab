//! What the measurements need: an application with an RSA key, a person, and requests ready to be sent.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::http::{Connection, request};
use crate::server::{Server, TOKEN};

pub struct Fixture {
    pub token_request: Vec<u8>,
    pub userinfo_request: Vec<u8>,
    pub discovery_request: Vec<u8>,
    pub identification: String,
    pub password: String,
}

struct Api(Connection);

impl Api {
    fn call(&mut self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let text = if method == "GET" { String::new() } else { body.to_string() };
        let answer = self.0.send(&request(method, &format!("/api/v3{path}"), &headers, &text))?;
        let told = String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status < 300, "{method} {path}: {} {told}", answer.status);
        Ok(serde_json::from_str(&told).unwrap_or(Value::Null))
    }
    /// The key of the first that is found.
    fn first(&mut self, path: &str) -> Result<Value> {
        let found = self.call("GET", path, &Value::Null)?;
        found.pointer("/results/0/pk").cloned().with_context(|| format!("nothing at {path}"))
    }
}

pub fn make(server: &Server) -> Result<Fixture> {
    let mut api = Api(Connection::open(server.http)?);
    let flow = |api: &mut Api, slug: &str| api.first(&format!("/flows/instances/?slug={slug}"));
    let scope = |api: &mut Api, name: &str| api.first(&format!("/propertymappings/provider/scope/?scope_name={name}"));
    let provider = json!({
        "name": "measured",
        "client_id": "measured",
        "client_secret": "secret-of-the-measured",
        "authorization_flow": flow(&mut api, "default-provider-authorization-implicit-consent")?,
        "invalidation_flow": flow(&mut api, "default-provider-invalidation-flow")?,
        "redirect_uris": [{ "matching_mode": "strict", "url": "https://app.example.com/cb" }],
        "signing_key": api.first("/crypto/certificatekeypairs/?name=authentik+Self-signed+Certificate")?,
        "property_mappings": [scope(&mut api, "openid")?, scope(&mut api, "email")?, scope(&mut api, "profile")?],
    });
    let provider = api.call("POST", "/providers/oauth2/", &provider)?;
    api.call(
        "POST",
        "/core/applications/",
        &json!({ "name": "measured", "slug": "measured", "provider": provider["pk"] }),
    )?;
    let user = api.call("POST", "/core/users/", &json!({ "username": "measured-person", "name": "A person" }))?;
    let path = format!("/core/users/{}/set_password/", user["pk"]);
    api.call("POST", &path, &json!({ "password": "a password to log in with" }))?;

    let form = "grant_type=client_credentials&client_id=measured&client_secret=secret-of-the-measured&scope=openid+email+profile";
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let token_request = request("POST", "/application/o/token/", &kind, form);
    let answer = api.0.send(&token_request)?;
    let tokens: Value = serde_json::from_slice(&answer.body)?;
    let access = tokens["access_token"].as_str().with_context(|| format!("no token: {tokens}"))?;
    let bearer = format!("Bearer {access}");
    Ok(Fixture {
        token_request,
        userinfo_request: request("GET", "/application/o/userinfo/", &[("Authorization", &bearer)], ""),
        discovery_request: request("GET", "/application/o/measured/.well-known/openid-configuration", &[], ""),
        identification: json!({ "component": "ak-stage-identification", "uid_field": "measured-person" }).to_string(),
        password: json!({ "component": "ak-stage-password", "password": "a password to log in with" }).to_string(),
    })
}

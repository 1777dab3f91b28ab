//! The server at the other end: its API, its token endpoints, its line for news.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use clock::{Random, Uuid};
use gate::SiteConfig;
use http::StatusCode;
use reqwest::{Client, Response, Upgraded, header};
use secret::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use settings::Settings;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use url::Url;

use crate::Trouble;

const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(20);
/// Providers asked for at a time.
const PAGE: u32 = 100;
/// More pages than that are a server that never says "last".
const MAX_PAGES: u32 = 1000;

/// The outpost that the token belongs to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Instance {
    pub(crate) pk: Uuid,
    pub(crate) name: String,
    pub(crate) r#type: String,
    #[serde(default)]
    pub(crate) config: Map<String, Json>,
    #[serde(default)]
    pub(crate) refresh_interval_s: f64,
    #[serde(default)]
    pub(crate) managed: Option<String>,
}

#[derive(Deserialize)]
struct Page<T> {
    pagination: Pagination,
    results: Vec<T>,
}

#[derive(Deserialize)]
struct Pagination {
    #[serde(default)]
    next: f64,
}

/// What a token endpoint says: the status and the JSON.
pub(crate) type Said = (StatusCode, Json);

/// A connection to the server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) version: &'static str,
    base: Url,
    token: Secret<String>,
    client: Client,
    /// WebSockets begin in HTTP/1.1.
    line: Client,
}

impl Server {
    pub(crate) fn new(settings: &Settings, version: &'static str) -> Result<Self, Trouble> {
        let mut base = settings.general.host.clone().ok_or(Trouble::NoHost)?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let token = settings.outpost.token.clone().ok_or(Trouble::NoToken)?;
        let insecure = settings.outpost.insecure;
        if insecure {
            tracing::warn!("AUTHENTIK_INSECURE is set: whoever answers at {base} is believed to be the server");
        }
        let build = |http1: bool| {
            let builder = Client::builder()
                .user_agent(user_agent(version))
                .connect_timeout(CONNECT)
                // Tokens go where they were meant to go, and nowhere else.
                .redirect(reqwest::redirect::Policy::none())
                .danger_accept_invalid_certs(insecure);
            let builder = if http1 { builder.http1_only() } else { builder.timeout(WHOLE) };
            builder.build().map_err(|error| Trouble::Client(error.to_string()))
        };
        Ok(Self { version, base, token, client: build(false)?, line: build(true)? })
    }

    /// The address, for texts.
    pub(crate) fn host(&self) -> &str {
        self.base.as_str()
    }

    /// The outpost of the token.
    pub(crate) async fn instance(&self) -> Result<Instance, Trouble> {
        let mut found: Vec<Instance> = self.all("api/v3/outposts/instances/").await?;
        // An administrator's token sees all of them.
        let is_proxy = |instance: &Instance| instance.r#type == "proxy";
        if found.iter().any(|instance| is_proxy(instance) && instance.managed.is_none()) {
            found.retain(|instance| is_proxy(instance) && instance.managed.is_none());
        }
        if found.len() > 1 {
            tracing::warn!("The token sees {} outposts; it should be that of one. The first is served", found.len());
        }
        let first = found.into_iter().next().ok_or(Trouble::NoOutpost)?;
        if !is_proxy(&first) {
            return Err(Trouble::WrongType { name: first.name, kind: first.r#type });
        }
        Ok(first)
    }

    /// The providers it serves, as they came: whoever compares them knows whether something changed.
    pub(crate) async fn providers(&self) -> Result<Vec<Json>, Trouble> {
        self.all("api/v3/outposts/proxy/").await
    }

    /// Certificate and key of a key pair, in PEM.
    pub(crate) async fn key_pair(&self, pk: &str) -> Result<(String, String), Trouble> {
        #[derive(Deserialize)]
        struct View {
            data: String,
        }
        let view = async |what: &str| {
            let path = format!("api/v3/crypto/certificatekeypairs/{pk}/{what}/");
            Ok::<_, Trouble>(self.get::<View>(&path, &[]).await?.data)
        };
        Ok((view("view_certificate").await?, view("view_private_key").await?))
    }

    async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Trouble> {
        let mut all = Vec::new();
        for page in 1..=MAX_PAGES {
            let query = [("page", page.to_string()), ("page_size", PAGE.to_string())];
            let found: Page<T> = self.get(path, &query).await?;
            all.extend(found.results);
            if found.pagination.next < f64::from(page + 1) {
                break;
            }
        }
        Ok(all)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Trouble> {
        let url = self.base.join(path).map_err(|_| Trouble::BadHost(self.base.to_string()))?;
        let request = self.client.get(url.clone()).query(query).bearer_auth(self.token.expose());
        let answer = request.header(header::ACCEPT, "application/json").send().await;
        let answer = answer.map_err(|error| Trouble::of(self.host(), &error))?;
        let status = answer.status();
        if status != StatusCode::OK {
            return Err(Trouble::of_status(self.host(), url.as_str(), status));
        }
        let body = answer.bytes().await.map_err(|error| Trouble::of(self.host(), &error))?;
        serde_json::from_slice(&body).map_err(|error| Trouble::NotTheServer {
            address: url.to_string(),
            what: format!("something else ({error})"),
        })
    }

    /// Keys that tokens are signed with.
    pub(crate) async fn keys(&self, jwks_uri: &str) -> Result<Vec<u8>, Trouble> {
        let answer = self.client.get(jwks_uri).send().await.map_err(|error| Trouble::of(jwks_uri, &error))?;
        if answer.status() != StatusCode::OK {
            return Err(Trouble::of_status(self.host(), jwks_uri, answer.status()));
        }
        let body = answer.bytes().await.map_err(|error| Trouble::of(jwks_uri, &error))?;
        Ok(body.to_vec())
    }

    /// A form to one of the OAuth endpoints, which refuse with JSON as well.
    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Result<Said, Trouble> {
        let answer = self.client.post(url).form(form).header(header::ACCEPT, "application/json").send().await;
        let answer = answer.map_err(|error| Trouble::of(self.host(), &error))?;
        let status = answer.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Trouble::of_status(self.host(), url, status));
        }
        let body = answer.bytes().await.map_err(|error| Trouble::of(self.host(), &error))?;
        match serde_json::from_slice(&body) {
            Ok(json) => Ok((status, json)),
            Err(_) if status == StatusCode::OK => {
                Err(Trouble::NotTheServer { address: url.to_owned(), what: "something else than JSON".to_owned() })
            }
            Err(_) => Ok((status, Json::Null)),
        }
    }

    /// Opens the line on which the server tells what changed.
    pub(crate) async fn open_line(
        &self,
        outpost: Uuid,
        instance: Uuid,
        attempt: u32,
        random: &Random,
    ) -> Result<WebSocketStream<Upgraded>, Trouble> {
        let path = format!("ws/outpost/{outpost}/");
        let url = self.base.join(&path).map_err(|_| Trouble::BadHost(self.base.to_string()))?;
        let key = BASE64_STANDARD.encode(random.bytes::<16>());
        let asking = self
            .line
            .get(url.clone())
            .query(&[("instance_uuid", instance.to_string()), ("attempt", attempt.to_string())])
            .bearer_auth(self.token.expose())
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, &key)
            .send();
        let unreachable = |why: &str| Trouble::Unreachable { host: self.host().to_owned(), why: why.to_owned() };
        let answer: Response = tokio::time::timeout(WHOLE, asking)
            .await
            .map_err(|_| unreachable("no answer in time"))?
            .map_err(|error| Trouble::of(self.host(), &error))?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(Trouble::of_status(self.host(), url.as_str(), answer.status()));
        }
        let expected = derive_accept_key(key.as_bytes());
        let accept = answer.headers().get(header::SEC_WEBSOCKET_ACCEPT).and_then(|value| value.to_str().ok());
        if accept != Some(expected.as_str()) {
            return Err(Trouble::NotTheServer { address: url.to_string(), what: "no WebSocket".to_owned() });
        }
        let upgraded = answer.upgrade().await.map_err(|error| Trouble::of(self.host(), &error))?;
        Ok(WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await)
    }
}

/// COMPAT: applications see it as `X-authentik-meta-version`, the server as the version of the outpost.
pub(crate) fn user_agent(version: &str) -> String {
    format!("goauthentik.io/outpost/{version}")
}

/// One provider. What the server leaves open is left out, so that it gets its default.
pub(crate) fn site_config(mut provider: Json) -> Result<SiteConfig, serde_json::Error> {
    strip_nulls(&mut provider);
    serde_json::from_value(provider)
}

pub(crate) fn strip_nulls(json: &mut Json) {
    if let Json::Object(map) = json {
        map.retain(|_, value| !value.is_null());
        map.values_mut().for_each(strip_nulls);
    }
}

#[cfg(test)]
mod tests;

//! The proxy: one request in, one answer out.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::body::Body;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use clock::Random;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    header::{CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, TRAILER, UPGRADE},
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper::{
    body::{Body as _, Incoming},
    ext::Protocol,
    upgrade::OnUpgrade,
};
use hyper_util::{
    client::legacy::{self, Client},
    rt::{TokioExecutor, TokioTimer},
};
use net::{AsIs, ClientAddress, Connection, KeepOpen, Origin};
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::{
    Fault, Target,
    answer::{Permitted, Until},
    connector::Connector,
    headers::{join_cookies, set_forwarded, set_ours, strip_hop_by_hop, tokens, wanted_upgrade},
    sent::WithoutTrailers,
    tls::Tls,
    tunnel,
};

/// Upstreams whose connections are kept. More than that is a sign that targets are made up by somebody.
const MAX_UPSTREAMS: usize = 1000;
/// How long an unused connection is kept; most servers close theirs after 60 seconds or more.
const IDLE: Duration = Duration::from_secs(50);

/// How long an upstream may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To accept a connection, and once more to agree upon TLS.
    pub connect: Duration,
    /// From the request to the head of the answer. Bodies and tunnels may last.
    pub head: Duration,
}

impl Default for Timeouts {
    /// Ten seconds to connect; five minutes to answer, because people wait for reports and exports.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), head: Duration::from_mins(5) }
    }
}

/// Forwards requests. Clones share their connections.
#[derive(Debug, Clone)]
pub struct ReverseProxy(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    timeouts: Timeouts,
    random: Random,
    tls: Tls,
    clients: Mutex<HashMap<Target, Clients>>,
}

type HttpClient = Client<Connector, Body>;

/// The clients of one upstream: upgrades exist in HTTP/1.1 only.
#[derive(Debug, Clone)]
struct Clients {
    any: HttpClient,
    http1: HttpClient,
}

/// Where a request may pass to, and how.
pub struct Passage<'a> {
    target: &'a Target,
    headers: HeaderMap,
    host: Option<Authority>,
    until: Option<Until>,
}

impl<'a> Passage<'a> {
    /// To this upstream.
    pub fn to(target: &'a Target) -> Self {
        Self { target, headers: HeaderMap::new(), host: None, until: None }
    }

    /// With these headers, instead of any that the client sent under the same names, however spelt.
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// With this `Host` instead of the one in the browser's address bar.
    pub fn with_host(mut self, host: Authority) -> Self {
        self.host = Some(host);
        self
    }

    /// Until this completes: the answer's body or the tunnel then breaks off. For sessions that end while somebody is
    /// still listening.
    pub fn until(mut self, ended: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(ended));
        self
    }
}

/// A request as it goes to the upstream.
struct Outgoing {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
}

/// What a client wants instead of an answer.
struct Upgrade {
    protocol: HeaderValue,
    client: OnUpgrade,
    keep_open: Option<KeepOpen>,
    /// RFC 8441: over HTTP/2 it is asked for with CONNECT and granted with 200.
    is_connect: bool,
}

impl ReverseProxy {
    /// A proxy without connections yet. `random` makes the keys of WebSocket handshakes.
    pub fn new(timeouts: Timeouts, random: Random) -> Self {
        Self(Arc::new(Shared { timeouts, random, tls: Tls::default(), clients: Mutex::default() }))
    }

    /// Forwards a request that may pass. It must have gone through [`net::Edge`], whose word about the client is told to
    /// the upstream; `X-Forwarded-*` and the like of the request itself are replaced.
    ///
    /// The upstream gets the host of the browser's address bar as `Host`, as authentik does it. Dropping the future or
    /// the answer's body cancels the request at the upstream.
    pub async fn forward(&self, request: Request<Body>, passage: Passage<'_>) -> Result<Response<Body>, Fault> {
        let Passage { target, headers, host, until } = passage;
        let clients = self.clients(target).inspect_err(|fault| fault.log(target))?;
        let (mut outgoing, upgrade) = self.prepare(request, target, host)?;
        set_ours(&mut outgoing.headers, headers);
        let client = if upgrade.is_some() { &clients.http1 } else { &clients.any };
        let response = self.send(client, outgoing).await.inspect_err(|fault| fault.log(target))?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            let response = upgrade.ok_or(Fault::UnaskedUpgrade).and_then(|upgrade| upgrade.accept(response, until));
            return response.inspect_err(|fault| fault.log(target));
        }
        let (mut head, body) = response.into_parts();
        strip_hop_by_hop(&mut head.headers);
        let body = match until {
            Some(until) => Body::new(Permitted { body, until }),
            None => Body::new(body),
        };
        Ok(answer(head.status, head.headers, body))
    }

    /// The request for the upstream, and the wish for another protocol if there is one.
    fn prepare(
        &self,
        mut request: Request<Body>,
        target: &Target,
        host: Option<Authority>,
    ) -> Result<(Outgoing, Option<Upgrade>), Fault> {
        let protocol = request.extensions().get::<Protocol>().map(|protocol| HeaderValue::from_str(protocol.as_str()));
        let on_upgrade = hyper::upgrade::on(&mut request);
        let (mut head, body) = request.into_parts();
        let origin = head.extensions.get::<Origin>().ok_or(Fault::Request("its address is not known"))?;
        let connection = head.extensions.get().copied().unwrap_or(Connection::LOCAL);
        let client = head.extensions.get().copied().unwrap_or(ClientAddress(connection.peer.ip()));
        let keep_open = head.extensions.get::<KeepOpen>().cloned();

        let is_connect = head.method == Method::CONNECT;
        let wanted = match (is_connect, protocol) {
            (true, Some(Ok(protocol))) if protocol == "websocket" => Some(protocol),
            // A tunnel to an address of the client's choice is no business of ours.
            (true, _) => return Err(Fault::Request("CONNECT is only known for WebSockets")),
            (false, _) if head.version == Version::HTTP_11 => wanted_upgrade(&head.headers),
            (false, _) => None,
        };
        let path = head.uri.path_and_query().filter(|path| path.as_str().starts_with('/'));
        let path = path.cloned().ok_or(Fault::Request("its path does not start with a slash"))?;
        let host = host.or_else(|| origin.host.parse().ok());
        let uri = host.and_then(|host| uri(target, host, path)).ok_or(Fault::Request("its host is not a host"))?;

        strip_hop_by_hop(&mut head.headers);
        join_cookies(&mut head.headers);
        single_length(&mut head.headers);
        set_forwarded(&mut head.headers, connection, client, origin);
        head.headers.remove(TRAILER);
        let mut body = Body::new(WithoutTrailers(body));
        let upgrade = wanted.map(|protocol| {
            head.headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            head.headers.insert(UPGRADE, protocol.clone());
            if is_connect {
                head.method = Method::GET;
                head.headers.insert(SEC_WEBSOCKET_KEY, self.websocket_key());
                // The tunnel's bytes are no body.
                body = Body::empty();
            }
            Upgrade { protocol, client: on_upgrade, keep_open, is_connect }
        });
        Ok((Outgoing { method: head.method, uri, headers: head.headers, body }, upgrade))
    }

    async fn send(&self, client: &HttpClient, request: Outgoing) -> Result<Response<Incoming>, Fault> {
        let can_repeat = request.method.is_safe() && request.body.is_end_stream();
        let again = can_repeat.then(|| request.copy_without_body());
        match self.once(client, request).await {
            // A kept connection may have been closed by the upstream just as it was used again.
            Err(fault) if fault.is_stale_connection() => match again {
                Some(again) => self.once(client, again).await,
                None => Err(fault),
            },
            result => result,
        }
    }

    async fn once(&self, client: &HttpClient, request: Outgoing) -> Result<Response<Incoming>, Fault> {
        let request = request.into_request();
        match timeout(self.0.timeouts.head, client.request(request)).await {
            Ok(result) => result.map_err(|error: legacy::Error| Fault::of(&error)),
            Err(_) => Err(Fault::HeadTimeout),
        }
    }

    fn clients(&self, target: &Target) -> Result<Clients, Fault> {
        if let Some(clients) = self.0.clients.lock().get(target) {
            return Ok(clients.clone());
        }
        let client = |offers_http2: bool| {
            let tls = if target.is_tls {
                Some(self.0.tls.config(target.is_verified, offers_http2).map_err(Fault::NoRoots)?)
            } else {
                None
            };
            let connector = Connector { target: target.clone(), tls, patience: self.0.timeouts.connect };
            Ok(Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(IDLE)
                .http2_keep_alive_interval(Duration::from_secs(30))
                .build(connector))
        };
        let fresh = Clients { any: client(true)?, http1: client(false)? };
        let mut clients = self.0.clients.lock();
        if clients.len() >= MAX_UPSTREAMS {
            clients.clear();
        }
        Ok(clients.entry(target.clone()).or_insert(fresh).clone())
    }

    /// RFC 6455 §4.1: 16 random bytes.
    fn websocket_key(&self) -> HeaderValue {
        let key = BASE64_STANDARD.encode(self.0.random.bytes::<16>());
        // Base64 is within what a header may hold.
        HeaderValue::from_str(&key).unwrap_or_else(|_| HeaderValue::from_static("AAAAAAAAAAAAAAAAAAAAAA=="))
    }
}

impl Outgoing {
    fn copy_without_body(&self) -> Self {
        let (method, uri, headers) = (self.method.clone(), self.uri.clone(), self.headers.clone());
        Self { method, uri, headers, body: Body::empty() }
    }

    fn into_request(self) -> Request<Body> {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.headers_mut() = self.headers;
        request
    }
}

impl Upgrade {
    fn accept(self, mut response: Response<Incoming>, until: Option<Until>) -> Result<Response<Body>, Fault> {
        let agreed = tokens(response.headers(), &UPGRADE)
            .any(|token| self.protocol.to_str().is_ok_and(|wanted| wanted.eq_ignore_ascii_case(token)));
        if !agreed {
            return Err(Fault::UnaskedUpgrade);
        }
        let upstream = hyper::upgrade::on(&mut response);
        tunnel::spawn(self.client, upstream, self.keep_open, until);
        let mut headers = std::mem::take(response.headers_mut());
        strip_hop_by_hop(&mut headers);
        headers.remove(CONTENT_LENGTH);
        if self.is_connect {
            headers.remove(SEC_WEBSOCKET_ACCEPT);
            return Ok(answer(StatusCode::OK, headers, Body::empty()));
        }
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, self.protocol);
        Ok(answer(StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()))
    }
}

/// An answer that is the upstream's own: no headers of ours are added to it.
fn answer(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.extensions_mut().insert(AsIs);
    response
}

fn uri(target: &Target, host: Authority, path: PathAndQuery) -> Option<Uri> {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if target.is_tls { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(host);
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}

/// RFC 9110 §8.6: the same length said twice is passed on once. Different ones never got past hyper.
fn single_length(headers: &mut HeaderMap) {
    let length: HeaderName = CONTENT_LENGTH;
    if headers.get_all(&length).iter().nth(1).is_some()
        && let Some(first) = headers.get(&length).cloned()
    {
        headers.insert(length, first);
    }
}

#[cfg(test)]
mod tests;

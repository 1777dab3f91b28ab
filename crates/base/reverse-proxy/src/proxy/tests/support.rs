//! Upstreams and a proxy in front of them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::Request, response::IntoResponse};
use clock::{Clock, Random};
use http::HeaderMap;
use net::{Edge, Limits, Listener, Tls, TrustedProxies, serve};
use telemetry::Metrics;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};

use crate::{Passage, ReverseProxy, Target, Timeouts};

const LIMITS: Limits =
    Limits { max_connections: 100, header_timeout: Duration::from_secs(30), shutdown_grace: Duration::from_secs(1) };

pub(super) struct Front {
    pub(super) address: SocketAddr,
    /// Ends all sessions.
    pub(super) end: Arc<Notify>,
}

pub(super) fn target(address: SocketAddr) -> Target {
    Target::parse(&format!("http://{address}"), true).unwrap()
}

pub(super) async fn front(target: Target) -> Front {
    front_with(target, Timeouts::default(), LIMITS.header_timeout).await
}

/// A proxy that lets everybody through as ada.
pub(super) async fn front_with(target: Target, timeouts: Timeouts, idle: Duration) -> Front {
    let proxy = ReverseProxy::new(timeouts, Random::seeded(7));
    let end = Arc::new(Notify::new());
    let ended = end.clone();
    let handler = move |request: Request| {
        let (proxy, target, ended) = (proxy.clone(), target.clone(), ended.clone());
        async move {
            let headers = HeaderMap::from_iter([("x-user".parse().unwrap(), "ada".parse().unwrap())]);
            let until = async move { ended.notified().await };
            let passage = Passage::to(&target).with_headers(headers).until(until);
            proxy.forward(request, passage).await.unwrap_or_else(IntoResponse::into_response)
        }
    };
    let trusted = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let edge = Edge::new(trusted, u64::MAX, Clock::system(), Random::seeded(8), &Metrics::new());
    let router = edge.around(Router::new().fallback(handler));
    let address = start(router, None, Limits { header_timeout: idle, ..LIMITS }).await;
    Front { address, end }
}

pub(super) async fn plain(router: Router) -> SocketAddr {
    start(router, None, LIMITS).await
}

/// With the certificate, which lives as long as the folder.
pub(super) async fn secure(router: Router) -> (SocketAddr, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let none = settings::Tls { cert: None, key: None };
    let tls = Tls::open(&none, folder.path(), &Clock::system()).unwrap();
    (start(router, Some(tls), LIMITS).await, folder)
}

async fn start(router: Router, tls: Option<Arc<Tls>>, limits: Limits) -> SocketAddr {
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, tls, router, limits, std::future::pending()));
    address
}

/// An upstream that answers byte for byte what a test wants.
pub(super) async fn raw_upstream<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream));
        }
    });
    address
}

pub(super) async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// Writes bytes and reads until the end.
pub(super) async fn exchange(front: &Front, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    timeout(Duration::from_secs(30), reading).await.expect("an answer in time").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub(super) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte).await, Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

pub(super) async fn read_until(stream: &mut (impl AsyncRead + Unpin), text: &str) {
    let mut seen = Vec::new();
    let reading = async {
        let mut byte = [0];
        while !seen.ends_with(text.as_bytes()) {
            assert_eq!(stream.read(&mut byte).await.unwrap(), 1, "the stream ended early");
            seen.push(byte[0]);
        }
    };
    timeout(Duration::from_secs(10), reading).await.expect("the text arrives in time");
}

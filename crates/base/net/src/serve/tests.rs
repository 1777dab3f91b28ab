//! Unit tests of the loop over real sockets.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, routing::get};
use clock::Clock;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Notify, oneshot},
    task::JoinHandle,
};

use super::{Limits, serve};
use crate::{Connection, Listener, Tls, TrustedProxies};

const LIMITS: Limits =
    Limits { max_connections: 10, header_timeout: Duration::from_secs(30), shutdown_grace: Duration::from_secs(30) };

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start(router: Router, tls: Option<Arc<Tls>>, limits: Limits) -> Server {
    start_behind("192.0.2.0/24", router, tls, limits).await
}

async fn start_behind(proxies: &str, router: Router, tls: Option<Arc<Tls>>, limits: Limits) -> Server {
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let listener = listener.behind(TrustedProxies::new(vec![proxies.parse().unwrap()]));
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let task = tokio::spawn(serve(listener, tls, router, limits, shutdown));
    Server { address, stop, task }
}

fn app() -> Router {
    let show = |Extension(connection): Extension<Connection>| async move {
        format!("{} {}", connection.peer.ip(), connection.is_tls)
    };
    Router::new().route("/", get(show))
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn handlers_know_the_connection() {
    let server = start(app(), None, LIMITS).await;
    let answer = exchange(TcpStream::connect(server.address).await.unwrap(), REQUEST).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1 false"), "{answer}");
    server.stop.send(()).unwrap();
    server.task.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn tls_is_spoken_with_the_self_signed_certificate() {
    speak_tls("", "127.0.0.1 true").await;
    // A proxy that does not decrypt speaks before the handshake.
    speak_tls(NAMED, "203.0.113.9 true").await;
}

async fn speak_tls(said: &str, wanted: &str) {
    let folder = tempfile::tempdir().unwrap();
    let none = settings::Tls { cert: None, key: None };
    let tls = Tls::open(&none, folder.path(), &Clock::system()).unwrap();
    let server = start_behind("127.0.0.0/8", app(), Some(tls), LIMITS).await;

    let pem = std::fs::read(folder.path().join("tls/self-signed.crt")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    let answer = exchange(stream, REQUEST).await;
    assert!(answer.ends_with(wanted), "{answer}");
}

const NAMED: &str = "PROXY TCP4 203.0.113.9 198.51.100.1 56324 443\r\n";

#[tokio::test]
async fn a_trusted_proxy_names_the_client() {
    let server = start_behind("127.0.0.0/8", app(), None, LIMITS).await;
    for (said, wanted) in
        [(NAMED, "203.0.113.9 false"), ("", "127.0.0.1 false"), ("PROXY UNKNOWN\r\n", "127.0.0.1 false")]
    {
        let request = [said.as_bytes(), REQUEST].concat();
        let answer = exchange(TcpStream::connect(server.address).await.unwrap(), &request).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(wanted), "{said}: {answer}");
    }
    for malformed in ["PROXY TCP4 203.0.113.9\r\n", "PROXY UNKNOWN", "\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0"] {
        let request = [malformed.as_bytes(), REQUEST].concat();
        let answer = exchange(TcpStream::connect(server.address).await.unwrap(), &request).await;
        assert_eq!(answer, "", "{malformed}");
    }
}

#[tokio::test]
async fn a_stranger_names_nobody() {
    let server = start(app(), None, LIMITS).await;
    let request = [NAMED.as_bytes(), REQUEST].concat();
    let answer = exchange(TcpStream::connect(server.address).await.unwrap(), &request).await;
    assert!(answer.starts_with("HTTP/1.1 400") && !answer.contains("203.0.113.9"), "{answer}");
}

#[tokio::test]
async fn silent_and_slow_clients_are_cut_off() {
    let limits = Limits { header_timeout: Duration::from_millis(50), ..LIMITS };
    for proxies in ["192.0.2.0/24", "127.0.0.0/8"] {
        let server = start_behind(proxies, app(), None, limits).await;
        for beginning in
            [&b""[..], b"PRI * HT", b"GET / HTTP/1.1\r\nhost:", b"P", b"PROXY TCP4 1", b"\r\n\r\n\0\r\nQUIT\n!"]
        {
            let stream = TcpStream::connect(server.address).await.unwrap();
            let answer = tokio::time::timeout(Duration::from_secs(10), exchange(stream, beginning)).await;
            assert!(!answer.expect("closed by the server").contains("200"));
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let limits = Limits { header_timeout: Duration::from_millis(50), ..LIMITS };
    let handler = |body: Result<axum::body::Bytes, _>| async move { if body.is_ok() { "whole" } else { "part" } };
    let server = start(Router::new().route("/", axum::routing::post(handler)), None, limits).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let request = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 9\r\n\r\nbegin";
    let answer = exchange(stream, request).await;
    assert!(answer.ends_with("part"), "{answer}");
}

#[tokio::test]
async fn a_silent_handshake_does_not_delay_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let none = settings::Tls { cert: None, key: None };
    let tls = Tls::open(&none, folder.path(), &Clock::system()).unwrap();
    let server = start(app(), Some(tls), LIMITS).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    server.stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), server.task).await;
    ended.unwrap().unwrap();
    drop(stream);
}

#[tokio::test]
async fn an_enormous_head_is_refused() {
    let server = start(app(), None, LIMITS).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(70_000));
    let (mut read, mut write) = stream.into_split();
    // The server may hang up in the middle of it.
    let _ = write.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = read.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let server = start(app(), None, Limits { max_connections: 1, ..LIMITS }).await;
    let holder = TcpStream::connect(server.address).await.unwrap();
    let mut waiting = tokio::spawn(exchange(TcpStream::connect(server.address).await.unwrap(), REQUEST));
    let early = tokio::time::timeout(Duration::from_millis(50), &mut waiting).await;
    assert!(early.is_err());
    drop(holder);
    assert!(waiting.await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_running_request_is_answered_before_the_end() {
    let (entered, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (entered, go_on) = (entered.clone(), go_on.clone());
        move || async move {
            entered.notify_one();
            go_on.notified().await;
            "done"
        }
    };
    let server = start(Router::new().route("/", get(handler)), None, LIMITS).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let answer = tokio::spawn(exchange(stream, REQUEST));
    entered.notified().await;
    server.stop.send(()).unwrap();
    go_on.notify_one();
    assert!(answer.await.unwrap().ends_with("done"));
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_stop_the_end() {
    let entered = Arc::new(Notify::new());
    let handler = {
        let entered = entered.clone();
        move || async move {
            entered.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let limits = Limits { shutdown_grace: Duration::from_millis(20), ..LIMITS };
    let server = start(Router::new().route("/", get(handler)), None, limits).await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let answer = tokio::spawn(exchange(stream, REQUEST));
    entered.notified().await;
    server.stop.send(()).unwrap();
    server.task.await.unwrap();
    assert_eq!(answer.await.unwrap(), "");
}

//! Tests with a real upstream in the same process, over real sockets.

mod support;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, WebSocketUpgrade, ws::WebSocket},
    routing::{any, get, post},
};
use futures::{SinkExt as _, StreamExt as _, stream};
use http::{HeaderMap, Method, StatusCode, Version};
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use support::{Front, exchange, front, plain, raw_upstream, secure, target};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::{Passage, ReverseProxy, Timeouts};

const SOON: Duration = Duration::from_secs(10);

async fn echo_head(request: Request) -> String {
    let mut lines = vec![format!("{} {} {:?}", request.method(), request.uri(), request.version())];
    lines.extend(request.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())));
    lines.join("\n")
}

async fn echo_socket(socket: WebSocketUpgrade) -> axum::response::Response {
    socket.protocols(["chat"]).on_upgrade(|mut socket: WebSocket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

async fn chat(front: &Front) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(front.address).await.unwrap();
    let (socket, response) = client_async("ws://app.example:81/ws", stream).await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    socket
}

#[tokio::test]
async fn the_upstream_sees_the_host_of_the_browser_and_who_asked() {
    let front = front(target(plain(Router::new().fallback(echo_head)).await)).await;
    let request = b"GET /a%2Fb/../c?d=%20e HTTP/1.1\r\nhost: App.example:81\r\nx-forwarded-for: 1.1.1.1\r\n\
        connection: close, x-user\r\nx-user: root\r\nx_user: root\r\n\r\n";
    let answer = exchange(&front, request).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    // No headers of ours on an answer that is not ours.
    assert!(!head.to_lowercase().contains("x-frame-options"), "{head}");
    let mut lines: Vec<&str> = body.lines().collect();
    lines.sort_unstable();
    // The client came from a trusted address, so its word about the address before it counts.
    let expected = [
        "GET /a%2Fb/../c?d=%20e HTTP/1.1",
        "forwarded: for=1.1.1.1;host=\"app.example:81\";proto=http, for=127.0.0.1",
        "host: app.example:81",
        "x-forwarded-for: 1.1.1.1, 127.0.0.1",
        "x-forwarded-host: app.example:81",
        "x-forwarded-port: 81",
        "x-forwarded-proto: http",
        "x-real-ip: 1.1.1.1",
        "x-user: ada",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_websocket_passes() {
    let front = front(target(plain(Router::new().route("/ws", any(echo_socket))).await)).await;
    let mut socket = chat(&front).await;
    for text in ["one", "two"] {
        socket.send(Message::text(text)).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
    }
    socket.close(None).await.unwrap();
    let rest = timeout(SOON, socket.collect::<Vec<_>>()).await.expect("the end is passed on");
    assert!(!rest.iter().any(|message| matches!(message, Ok(Message::Text(_)))));
}

#[tokio::test]
async fn a_websocket_over_http2_passes_and_keeps_its_connection() {
    let upstream = plain(Router::new().route("/ws", any(echo_socket))).await;
    let front = support::front_with(target(upstream), Timeouts::default(), Duration::from_millis(200)).await;
    let io = TokioIo::new(TcpStream::connect(front.address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    // The server's settings say that it knows RFC 8441; before they have come the client may not ask.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut request = http::Request::new(Empty::<Bytes>::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = "http://app.example/ws".parse().unwrap();
    request.headers_mut().insert("sec-websocket-version", "13".parse().unwrap());
    request.extensions_mut().insert(hyper::ext::Protocol::from_static("websocket"));
    let mut response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key("sec-websocket-accept"));
    let stream = TokioIo::new(hyper::upgrade::on(&mut response).await.unwrap());
    let role = tokio_tungstenite::tungstenite::protocol::Role::Client;
    let mut socket = WebSocketStream::from_raw_socket(stream, role, None).await;
    // Longer than an idle connection may live.
    tokio::time::sleep(Duration::from_millis(600)).await;
    socket.send(Message::text("still there")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("still there"));
}

#[tokio::test]
async fn any_other_protocol_is_tunnelled_too() {
    let upstream = raw_upstream(|mut stream| async move {
        let head = support::read_head(&mut stream).await;
        assert!(head.to_lowercase().contains("upgrade: echo"), "{head}");
        let answer = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello";
        stream.write_all(answer).await.unwrap();
        let mut bytes = [0; 4];
        stream.read_exact(&mut bytes).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
    })
    .await;
    let front = front(target(upstream)).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await.unwrap();
    let head = support::read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    stream.write_all(b"ping").await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"helloping");
}

#[tokio::test]
async fn http2_cannot_be_smuggled_to_the_upstream() {
    let front = front(target(plain(Router::new().fallback(echo_head)).await)).await;
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close, upgrade, http2-settings\r\nupgrade: h2c\r\n\
        http2-settings: AAMAAABk\r\n\r\n";
    let answer = exchange(&front, request).await;
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("h2c") && !answer.contains("http2-s"), "{answer}");
}

#[tokio::test]
async fn a_plain_connect_is_refused() {
    let front = front(target(plain(Router::new().fallback(echo_head)).await)).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    stream.write_all(b"CONNECT db.internal:5432 HTTP/1.1\r\nhost: db.internal:5432\r\n\r\n").await.unwrap();
    let head = support::read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
}

#[tokio::test]
async fn events_flow_as_they_happen() {
    let seen = Arc::new(Notify::new());
    let wait = seen.clone();
    let events = move || {
        let wait = wait.clone();
        let parts = stream::iter([None, Some(wait)]).then(|wait| async move {
            if let Some(wait) = wait {
                wait.notified().await;
                return Ok::<_, std::io::Error>(Bytes::from("data: two\n\n"));
            }
            Ok(Bytes::from("data: one\n\n"))
        });
        std::future::ready(([("content-type", "text/event-stream")], Body::from_stream(parts)))
    };
    let front = front(target(plain(Router::new().route("/", get(events))).await)).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    support::read_until(&mut stream, "data: one").await;
    // Only now may the upstream go on.
    seen.notify_one();
    support::read_until(&mut stream, "data: two").await;
}

#[tokio::test]
async fn large_bodies_pass_both_ways_without_being_kept() {
    const PARTS: usize = 512;
    const PART: usize = 64 << 10;
    let echo = |request: Request| async move { Body::new(request.into_body()) };
    let front = front(target(plain(Router::new().route("/", post(echo))).await)).await;
    let (mut read, mut write) = TcpStream::connect(front.address).await.unwrap().into_split();
    let length = PARTS * PART;
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let sending = tokio::spawn(async move {
        write.write_all(head.as_bytes()).await.unwrap();
        for part in 0..PARTS {
            write.write_all(&vec![part as u8; PART]).await.unwrap();
        }
        write
    });
    let mut answer = Vec::new();
    timeout(Duration::from_mins(1), read.read_to_end(&mut answer)).await.unwrap().unwrap();
    sending.await.unwrap();
    let at = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(answer.len() - at, length);
    assert!(answer[at..].chunks(PART).enumerate().all(|(part, bytes)| bytes.iter().all(|byte| *byte == part as u8)));
}

#[tokio::test]
async fn trailers_pass() {
    let upstream = raw_upstream(|mut stream| async move {
        let head = support::read_head(&mut stream).await;
        assert!(head.contains("te: trailers"), "{head}");
        let answer =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 7\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    })
    .await;
    let front = front(target(upstream)).await;
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close, TE\r\nte: trailers\r\n\r\n";
    let answer = exchange(&front, request).await;
    assert!(answer.ends_with("0\r\nx-sum: 7\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn what_follows_the_body_of_a_request_does_not_pass() {
    let upstream = raw_upstream(|mut stream| async move {
        let head = support::read_head(&mut stream).await;
        let mut body = Vec::new();
        while !body.ends_with(b"0\r\n\r\n") && !body.windows(6).any(|bytes| bytes == b"x-user") {
            let mut byte = [0];
            stream.read_exact(&mut byte).await.unwrap();
            body.push(byte[0]);
        }
        let is_clean = !head.contains("trailer") && body == b"2\r\nhi\r\n0\r\n\r\n";
        let answer = format!("HTTP/1.1 200 OK\r\nx-clean: {is_clean}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let front = front(target(upstream)).await;
    let request =
        b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\ntrailer: x-user\r\n\r\n\
        2\r\nhi\r\n0\r\nx-user: root\r\n\r\n";
    let answer = exchange(&front, request).await;
    assert!(answer.contains("x-clean: true"), "{answer}");
}

#[tokio::test]
async fn http2_is_spoken_with_an_upstream_that_offers_it() {
    let (upstream, _folder) = secure(Router::new().fallback(echo_head)).await;
    let front = front(super::Target::parse(&format!("https://localhost:{}", upstream.port()), false).unwrap()).await;
    let answer = exchange(&front, b"GET /x HTTP/1.1\r\nhost: app.example\r\nconnection: close\r\n\r\n").await;
    // The authority is the browser's, not the upstream's.
    assert!(answer.contains("GET https://app.example/x HTTP/2.0"), "{answer}");
}

#[tokio::test]
async fn a_websocket_to_an_upstream_with_http2_uses_http1() {
    let (upstream, _folder) = secure(Router::new().route("/ws", any(echo_socket))).await;
    let front = front(super::Target::parse(&format!("https://localhost:{}", upstream.port()), false).unwrap()).await;
    let mut socket = chat(&front).await;
    socket.send(Message::text("one")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("one"));
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused_with_the_remedy() {
    let (upstream, _folder) = secure(Router::new().fallback(echo_head)).await;
    let front = front(super::Target::parse(&format!("https://localhost:{}", upstream.port()), true).unwrap()).await;
    let answer = exchange(&front, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert!(answer.contains("certificate"), "{answer}");
    assert!(answer.contains("SSL_CERT_FILE"), "{answer}");
}

#[tokio::test]
async fn mistakes_in_the_address_are_told_apart() {
    let closed = support::closed_port().await;
    let plain = plain(Router::new().fallback(echo_head)).await;
    let (secure, _folder) = secure(Router::new().fallback(echo_head)).await;
    let not_http = raw_upstream(|mut stream| async move {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        support::read_head(&mut stream).await;
    })
    .await;
    let cases = [
        (format!("http://127.0.0.1:{closed}"), 502, "does not accept connections"),
        (format!("https://{plain}"), 502, "http:// instead of https://"),
        (format!("http://{secure}"), 502, "application"),
        (format!("http://{not_http}"), 502, "cannot be understood"),
        ("http://nowhere.invalid".to_owned(), 502, "host name is not known"),
    ];
    for (address, status, text) in cases {
        let front = front(super::Target::parse(&address, false).unwrap()).await;
        let answer = exchange(&front, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{address}: {answer}");
        assert!(answer.contains(text), "{address}: {answer}");
        // Addresses of the network behind are for the log.
        assert!(!answer.contains("127.0.0.1"), "{answer}");
    }
}

#[tokio::test]
async fn an_upstream_that_does_not_answer_is_given_up() {
    let silent = raw_upstream(|mut stream| async move {
        support::read_head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let timeouts = Timeouts { head: Duration::from_millis(50), ..Timeouts::default() };
    let front = support::front_with(target(silent), timeouts, Duration::from_secs(30)).await;
    let answer = exchange(&front, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("does not answer in time"), "{answer}");
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_no_error() {
    let upstream = raw_upstream(|mut stream| async move {
        support::read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
        // The second request on the same connection gets nothing.
        support::read_head(&mut stream).await;
    })
    .await;
    let front = front(target(upstream)).await;
    for _ in 0..3 {
        let answer = exchange(&front, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.ends_with("\r\n\r\nhi"), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_cancels_the_request() {
    struct Dropped(Arc<Notify>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (entered, left) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (entered, left) = (entered.clone(), left.clone());
        move || async move {
            let _dropped = Dropped(left);
            entered.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let front = front(target(plain(Router::new().route("/", get(handler))).await)).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    entered.notified().await;
    drop(stream);
    timeout(SOON, left.notified()).await.expect("the upstream's handler is dropped");
}

#[tokio::test]
async fn streams_and_tunnels_end_with_the_session() {
    let endless = || async {
        Body::from_stream(stream::once(async { Ok::<_, std::io::Error>("first") }).chain(stream::pending()))
    };
    let router = Router::new().route("/ws", any(echo_socket)).route("/", get(endless));
    let front = front(target(plain(router).await)).await;
    let mut socket = chat(&front).await;
    let mut stream = TcpStream::connect(front.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    support::read_until(&mut stream, "first").await;
    front.end.notify_waiters();
    let mut rest = Vec::new();
    timeout(SOON, stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    // Cut off, not completed: the last chunk is missing.
    assert!(!rest.ends_with(b"0\r\n\r\n"));
    assert!(!matches!(timeout(SOON, socket.next()).await.unwrap(), Some(Ok(_))));
}

#[tokio::test]
async fn two_lengths_are_refused_before_anything_is_forwarded() {
    let front = front(target(plain(Router::new().fallback(echo_head)).await)).await;
    let request =
        b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd";
    assert!(exchange(&front, request).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn a_request_without_known_origin_is_refused() {
    let proxy = ReverseProxy::new(Timeouts::default(), clock::Random::seeded(1));
    let target = super::Target::parse("http://127.0.0.1:1", true).unwrap();
    let mut request = Request::new(Body::empty());
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = HeaderMap::new();
    let fault = proxy.forward(request, Passage::to(&target)).await.unwrap_err();
    assert_eq!(fault.status(), StatusCode::BAD_REQUEST);
}

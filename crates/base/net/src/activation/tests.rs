//! Unit tests of giving handed over sockets to listeners.

use std::{net::TcpListener, os::unix::net::UnixListener};

use settings::ListenAddress;

use super::{Kind, Passed, Socket};

fn tcp() -> (Kind, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (Kind::Tcp(listener), port)
}

fn passed(sockets: impl IntoIterator<Item = Kind>) -> Passed {
    Passed { sockets: sockets.into_iter().map(|kind| Socket { name: String::new(), kind }).collect() }
}

fn address(text: &str) -> Vec<ListenAddress> {
    vec![text.parse().unwrap()]
}

#[tokio::test]
async fn a_socket_stands_in_for_the_address_of_its_port() {
    let (socket, port) = tcp();
    let mut passed = passed([socket]);
    let other = passed.listeners("metrics", &address("127.0.0.1:0")).await.unwrap();
    assert_ne!(other[0].local_addr().unwrap().port(), port);
    // Binding the port a second time would fail.
    let taken = passed.listeners("http", &address(&format!(":{port}"))).await.unwrap();
    assert_eq!(taken[0].local_addr().unwrap().port(), port);
    passed.finish().unwrap();
}

#[tokio::test]
async fn a_name_says_more_than_a_port() {
    let ((first, first_port), (second, second_port)) = (tcp(), tcp());
    let mut passed = passed([first, second]).named(Some("https:http"));
    let http = passed.listeners("http", &address(&format!("127.0.0.1:{first_port}"))).await.unwrap();
    assert_eq!(http[0].local_addr().unwrap().port(), second_port);
    let https = passed.listeners("https", &[]).await.unwrap();
    assert_eq!(https[0].local_addr().unwrap().port(), first_port);
    passed.finish().unwrap();
}

#[tokio::test]
async fn a_socket_that_nothing_is_set_to_is_a_mistake() {
    let (socket, port) = tcp();
    let mut passed = passed([socket]).named(Some("keywright.socket"));
    passed.listeners("http", &address("127.0.0.1:0")).await.unwrap();
    let text = passed.finish().unwrap_err().to_string();
    assert!(text.starts_with(&format!("the socket 127.0.0.1:{port} was handed over, but no listener")), "{text}");
}

#[tokio::test]
async fn the_file_of_a_handed_over_socket_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut passed = passed([Kind::Unix(UnixListener::bind(&path).unwrap())]);
    let taken = passed.listeners("http", &address(&format!("unix:{}", path.display()))).await.unwrap();
    passed.finish().unwrap();
    drop(taken);
    assert!(path.exists());
}

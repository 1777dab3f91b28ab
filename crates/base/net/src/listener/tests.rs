//! Unit tests of binding.

use std::fs;

use super::Listener;

#[tokio::test]
async fn any_address_takes_both_families() {
    let listener = Listener::bind(&"[::]:0".parse().unwrap()).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connecting = tokio::net::TcpStream::connect(("127.0.0.1", port));
    let (stream, accepted) = tokio::join!(connecting, listener.accept());
    stream.unwrap();
    assert_eq!(accepted.unwrap().connection.peer.ip().to_string(), "127.0.0.1");
}

#[tokio::test]
async fn a_left_over_socket_is_replaced_and_a_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let address = format!("unix:{}", path.display()).parse().unwrap();
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listener = Listener::bind(&address).await.unwrap();
    assert!(Listener::bind(&address).await.is_err());
    drop(listener);
    assert!(!path.exists());
    fs::write(&path, "precious").unwrap();
    let text = Listener::bind(&address).await.unwrap_err().to_string();
    assert!(text.starts_with("cannot listen on unix:"), "{text}");
    assert!(path.exists());
}

//! Unit tests of both versions, on bytes and over sockets.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{From, LONGEST_REST, SIGNATURE_2, parse_line, receive};

fn client(address: &str) -> Option<From> {
    Some(From::Client(address.parse().unwrap()))
}

#[test]
fn lines_as_the_specification_has_them() {
    let line = |text: &str| parse_line(text.as_bytes());
    assert_eq!(line("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"), client("192.168.0.1:56324"));
    assert_eq!(line("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), client("255.255.255.255:65535"));
    assert_eq!(line("PROXY TCP6 2001:db8::1 2001:db8::2 0 443\r\n"), client("[2001:db8::1]:0"));
    assert_eq!(line("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 443\r\n"), client("192.0.2.1:1"));
    assert_eq!(line("PROXY UNKNOWN\r\n"), Some(From::Nobody));
    assert_eq!(line("PROXY UNKNOWN ffff:f::1 ffff:f::2 65535 65535\r\n"), Some(From::Nobody));
}

#[test]
fn other_lines_are_refused() {
    for text in [
        "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\n",
        "PROXY TCP4 192.168.0.1 192.168.0.11 56324\r\n",
        "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443 \r\n",
        "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443 1\r\n",
        "PROXY  TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
        "PROXY TCP4 192.168.0.1 192.168.0.11 65536 443\r\n",
        "PROXY TCP4 192.168.0.1 192.168.0.11 +1 443\r\n",
        "PROXY TCP4 192.168.0.1 192.168.0.11 01 443\r\n",
        "PROXY TCP4 192.168.00.1 192.168.0.11 1 443\r\n",
        "PROXY TCP4 ::1 ::1 1 443\r\n",
        "PROXY TCP6 192.168.0.1 192.168.0.11 1 443\r\n",
        "PROXY TCP4 example.com 192.168.0.11 1 443\r\n",
        "PROXY UDP4 192.168.0.1 192.168.0.11 1 443\r\n",
        "PROXY \r\n",
        "PROXY / HTTP/1.1\r\n",
        "proxy UNKNOWN\r\n",
    ] {
        assert_eq!(parse_line(text.as_bytes()), None, "{text:?}");
    }
}

/// A header of version 2.
fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [SIGNATURE_2, &[command, family], &length, rest].concat()
}

const FOUR: [u8; 12] = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb];

/// What is made of bytes that come in these parts with the rest of a request behind them, and what is left of them.
async fn received(parts: &[&[u8]]) -> (Option<From>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    let sending = async {
        for part in parts {
            near.set_nodelay(true).unwrap();
            // It may be refused in the middle.
            let _ = near.write_all(part).await;
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
        drop(near);
    };
    let receiving = async {
        let from = tokio::time::timeout(Duration::from_secs(10), receive(&mut far)).await.expect("it ends");
        let mut rest = Vec::new();
        if from.is_ok() {
            far.read_to_end(&mut rest).await.unwrap();
        }
        (from.ok(), rest)
    };
    tokio::join!(receiving, sending).0
}

#[tokio::test]
async fn exactly_what_was_said_is_taken_off() {
    let six: Vec<u8> = [&[0x20; 16][..], &[0x30; 16], &[0, 80, 1, 187]].concat();
    let more = [&FOUR[..], &[0x04, 0, 1, 7]].concat();
    let line = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n".to_vec();
    let mut unix = vec![0; 216];
    unix[0] = b'/';
    for (said, wanted) in [
        (line, client("192.0.2.7:56324")),
        (b"PROXY UNKNOWN\r\n".to_vec(), Some(From::Nobody)),
        (binary(0x21, 0x11, &FOUR), client("192.0.2.7:56324")),
        (binary(0x21, 0x11, &more), client("192.0.2.7:56324")),
        (binary(0x21, 0x21, &six), client("[2020:2020:2020:2020:2020:2020:2020:2020]:80")),
        (binary(0x21, 0x00, &[]), Some(From::Nobody)),
        (binary(0x21, 0x31, &unix), Some(From::Nobody)),
        (binary(0x20, 0x00, &[]), Some(From::Peer)),
        (binary(0x20, 0x11, &FOUR), Some(From::Peer)),
    ] {
        let whole = [&said[..], b"GET / HTTP/1.1\r\n"].concat();
        assert_eq!(received(&[&whole]).await, (wanted, b"GET / HTTP/1.1\r\n".to_vec()), "{said:?}");
        // In pieces, some within the signature.
        for at in [1, 4, 7, 12, said.len() - 1, said.len()] {
            let (one, two) = whole.split_at(at);
            assert_eq!(received(&[one, two]).await.0, wanted, "{said:?} in two parts at {at}");
        }
    }
}

#[tokio::test]
async fn what_is_not_of_the_protocol_is_left_alone() {
    for request in [
        "GET / HTTP/1.1\r\n",
        "POST / HTTP/1.1\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\r\n\r\nGET /",
        "\x16\x03\x01",
        "",
    ] {
        assert_eq!(
            received(&[request.as_bytes()]).await,
            (Some(From::Peer), request.as_bytes().to_vec()),
            "{request:?}"
        );
    }
    assert_eq!(received(&[b"P", b"ATCH / HTTP/1.1\r\n"]).await, (Some(From::Peer), b"PATCH / HTTP/1.1\r\n".to_vec()));
}

#[tokio::test]
async fn what_is_malformed_is_refused() {
    let long = vec![0; LONGEST_REST + 1];
    for said in [
        b"PROXY TCP4 192.0.2.7\r\n".to_vec(),
        [&b"PROXY UNKNOWN "[..], &[b'x'; 200], b"\r\n"].concat(),
        b"PROXY UNKNOWN without end".to_vec(),
        binary(0x11, 0x11, &FOUR),
        binary(0x22, 0x11, &FOUR),
        binary(0x21, 0x11, &FOUR[..11]),
        binary(0x21, 0x21, &FOUR),
        binary(0x21, 0x12, &FOUR),
        binary(0x21, 0x31, &FOUR),
        binary(0x21, 0x41, &FOUR),
        binary(0x21, 0x11, &long),
        binary(0x21, 0x11, &FOUR)[..20].to_vec(),
    ] {
        assert_eq!(received(&[&said]).await.0, None, "{said:?}");
    }
}

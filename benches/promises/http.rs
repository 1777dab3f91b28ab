//! The least of an HTTP client: a kept connection, requests as bytes, answers with a length.
//!
//! Separate from any library because it shares the cores with what it measures.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use anyhow::{Context as _, Result, ensure};

pub struct Connection {
    reader: BufReader<TcpStream>,
    body: Vec<u8>,
    line: String,
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

impl Connection {
    pub fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::with_capacity(16 * 1024, stream), body: Vec::new(), line: String::new() })
    }

    /// Sends a request and reads the answer away; the status.
    pub fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.reader.get_mut().write_all(request)?;
        self.read(|_, _| {})
    }

    /// Sends a request; the whole answer.
    pub fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.reader.get_mut().write_all(request)?;
        let mut headers = Vec::new();
        let status = self.read(|name, value| headers.push((name.to_ascii_lowercase(), value.to_owned())))?;
        Ok(Answer { status, headers, body: std::mem::take(&mut self.body) })
    }

    fn read(&mut self, mut header: impl FnMut(&str, &str)) -> Result<u16> {
        self.next_line()?;
        let status = self.line.get(9..12).and_then(|s| s.parse().ok()).context("not an HTTP answer")?;
        let mut length = 0;
        loop {
            self.next_line()?;
            let line = self.line.trim_end();
            let Some((name, value)) = line.split_once(':') else { break };
            ensure!(!name.eq_ignore_ascii_case("transfer-encoding"), "answers in chunks are not expected here");
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
            header(name, value.trim());
        }
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body)?;
        Ok(status)
    }

    fn next_line(&mut self) -> Result<()> {
        self.line.clear();
        ensure!(self.reader.read_line(&mut self.line)? > 0, "the connection was closed");
        Ok(())
    }
}

/// A request as bytes.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

//! The bare handler: axum with one answer, in a process of its own, so that its processor time can be told apart.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child as Process, Command, Stdio};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::routing::any;

use crate::http::Answer;
use crate::load::Target;

/// Runs until it is ended. `body` is a file.
pub fn serve(body: &str) -> Result<()> {
    let body = axum::body::Bytes::from(std::fs::read(body)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let answer = move || {
            let body = body.clone();
            async move { ([("content-type", "application/json")], body) }
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("{}", listener.local_addr()?.port());
        std::io::stdout().flush()?;
        axum::serve(listener, Router::new().fallback(any(answer))).await?;
        Ok(())
    })
}

pub struct Child {
    process: Process,
    port: u16,
    _body: tempfile::NamedTempFile,
}

impl Child {
    /// Answers with the same bytes.
    pub fn start(answer: &Answer) -> Result<Self> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(&answer.body)?;
        let mut process =
            Command::new(std::env::current_exe()?).arg("--bare").arg(file.path()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("a pipe")?).read_line(&mut line)?;
        Ok(Self { process, port: line.trim().parse()?, _body: file })
    }
}

impl Target for Child {
    fn port(&self) -> u16 {
        self.port
    }
    fn process(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! The promises of the README, each as a ratio in one run: `cargo bench -p benches`.
//!
//! Starts the release binary on an embedded database and asks it over TCP, as anybody would. What it is compared with runs
//! on the same cores in the same minute: the signature alone, the hash alone, a bare axum handler with the same bytes.
//! Nothing of the server is linked in here, so that what is measured is what is shipped.

#![expect(clippy::disallowed_methods, reason = "a measurement reads its environment")]

mod bare;
mod fixture;
mod http;
mod load;
mod raw;
mod report;
mod server;

use std::time::Duration;

use anyhow::Result;

use crate::load::Sample;
use crate::report::Report;
use crate::server::Server;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--bare") {
        return bare::serve(&arguments[at + 1]);
    }
    let binary = server::binary()?;
    let mut report = Report::default();
    starts(&binary, &mut report)?;
    let data = tempfile::tempdir()?;
    let server = Server::start(&binary, data.path())?;
    std::thread::sleep(Duration::from_secs(5));
    // Setting up hashes a password and applies all blueprints; the allocator keeps some of it until it is asked for more.
    report.note("memory, idle after the first start", "MB", server.resident_mb()?);
    drop(server);
    let server = Server::start(&binary, data.path())?;
    std::thread::sleep(Duration::from_secs(5));
    report.at_most("memory, idle", "MB", server.resident_mb()?, 40.0);
    let fixture = fixture::make(&server)?;
    tokens(&server, &fixture, &mut report)?;
    reads(&server, &fixture, &mut report)?;
    logins(&server, &fixture, &mut report)?;
    report.note("memory, after the load", "MB", server.resident_mb()?);
    drop(server);
    report.print();
    Ok(())
}

fn starts(binary: &std::path::Path, report: &mut Report) -> Result<()> {
    let data = tempfile::tempdir()?;
    let mut later = Vec::new();
    for round in 0..6 {
        let server = Server::start(binary, data.path())?;
        match round {
            0 => report.at_most("first start, defaults applied", "ms", server.took_ms, 2000.0),
            _ => later.push(server.took_ms),
        }
    }
    later.sort_by(f64::total_cmp);
    report.at_most("later start", "ms", later[later.len() / 2], 300.0);
    Ok(())
}

/// `client_credentials` against the RSA-2048 signatures that its answer holds.
fn tokens(server: &Server, fixture: &fixture::Fixture, report: &mut Report) -> Result<()> {
    let answer = http::Connection::open(server.http)?.send(&fixture.token_request)?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let signatures = ["access_token", "id_token"].iter().filter(|name| answer.get(**name).is_some()).count();
    let before = raw::signatures()?;
    let tokens = load::run(server, &fixture.token_request)?;
    let raw = before.mean(&raw::signatures()?);
    report.line("RSA-2048 signature alone", &raw);
    report.line("client_credentials, RS256", &tokens);
    let signed = Sample { rate: tokens.rate * signatures as f64, cpu_us: tokens.cpu_us / signatures as f64 };
    report.ratio(&format!("  signatures ({signatures} an answer) to signing alone"), &signed, &raw, 0.7);
    Ok(())
}

/// Answers that are read, against a handler that has them ready.
fn reads(server: &Server, fixture: &fixture::Fixture, report: &mut Report) -> Result<()> {
    for (name, request) in [("userinfo", &fixture.userinfo_request), ("discovery", &fixture.discovery_request)] {
        let answer = http::Connection::open(server.http)?.send(request)?;
        let bare = bare::Child::start(&answer)?;
        let before = load::run(&bare, request)?;
        let ours = load::run(server, request)?;
        let bare = before.mean(&load::run(&bare, request)?);
        report.line(&format!("bare handler with the bytes of {name}"), &bare);
        report.line(name, &ours);
        report.ratio(&format!("  {name} to the bare handler"), &ours, &bare, 0.5);
    }
    Ok(())
}

/// A whole login with a password (six requests, a session, an event) against its hash.
fn logins(server: &Server, fixture: &fixture::Fixture, report: &mut Report) -> Result<()> {
    let before = raw::hashes()?;
    let logins = load::logins(server, fixture)?;
    let raw = before.mean(&raw::hashes()?);
    report.line("argon2id alone", &raw);
    report.line("login with a password", &logins);
    report.ratio("  login to its hash", &logins, &raw, 0.0);
    Ok(())
}

//! Making a connection: to which of the hosts, and to what.
//!
//! Of several hosts the one that takes writes is wanted; each is tried for a limited time, as one that is stopped accepts
//! and says nothing. A pooler that gives every transaction another connection is found out by a parameter that only a
//! server of our own hands back: behind one nothing may be prepared, for a statement's name could mean another process's.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Connection, SimpleQueryMessage, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::PostgresConfig;
use super::fault::chain;
use super::tls;
use crate::error::{Error, Result};

pub type Wire = Connection<Socket, <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<Socket>>::Stream>;

/// How long one host may take.
const HOST: Duration = Duration::from_secs(3);

/// How to get a connection.
pub struct Connector {
    options: PostgresConfig,
    hosts: Vec<(String, u16)>,
    /// The host that was right last time.
    last: AtomicUsize,
    pooled: AtomicBool,
    pub tls: MakeRustlsConnect,
}

/// Why there is none.
pub struct Refused {
    pub why: String,
    /// Whether trying again cannot help.
    pub is_final: bool,
}

impl Refused {
    fn passing(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_final: false }
    }
}

impl Connector {
    pub fn new(options: &PostgresConfig) -> Result<Self> {
        options.client("", 0, None)?;
        Ok(Self {
            hosts: options.hosts()?,
            options: options.clone(),
            last: AtomicUsize::new(0),
            pooled: AtomicBool::new(false),
            tls: tls::connector(options)?,
        })
    }

    /// Whether a pooler stands between us and the server, which keeps nothing for us between two transactions.
    pub fn is_pooled(&self) -> bool {
        self.pooled.load(Ordering::Relaxed)
    }

    /// A connection to the first host that takes writes, with the task that moves its messages.
    pub async fn connect(&self) -> std::result::Result<(Client, Wire), Refused> {
        let first = self.last.load(Ordering::Relaxed);
        let mut refused = Refused::passing("no host is set");
        for step in 0..self.hosts.len() {
            let position = (first + step) % self.hosts.len();
            let (host, port) = &self.hosts[position];
            match timeout(HOST, self.one(host, *port)).await {
                Ok(Ok(made)) => {
                    self.last.store(position, Ordering::Relaxed);
                    return Ok(made);
                }
                Ok(Err(why)) => refused = why,
                Err(_) => refused = Refused::passing("no answer"),
            }
            if self.hosts.len() > 1 {
                refused.why = format!("{host}: {}", refused.why);
                // Another host may still let us in.
                refused.is_final &= step + 1 == self.hosts.len();
            }
        }
        Err(refused)
    }

    async fn one(&self, host: &str, port: u16) -> std::result::Result<(Client, Wire), Refused> {
        let sign = clock::Random::system().uuid_v4().simple().to_string();
        let mut sent = (!self.is_pooled()).then_some(&*sign);
        let (client, mut wire) = loop {
            let config = self.options.client(host, port, sent).map_err(|e| Refused::passing(e.to_string()))?;
            match config.connect(self.tls.clone()).await {
                Ok(made) => break made,
                Err(e) if sent.is_some() && refuses_parameters(&e) => {
                    self.note_pooler();
                    sent = None;
                }
                Err(e) => return Err(Refused { why: chain(&e), is_final: is_final(&e) }),
            }
        };
        let ask = client.simple_query(
            "SELECT current_setting('keywright.sign', true), pg_is_in_recovery(), current_setting('search_path')",
        );
        // The messages move only while the connection is polled.
        let answer = {
            let mut ask = std::pin::pin!(ask);
            std::future::poll_fn(|cx| {
                if let std::task::Poll::Ready(done) = ask.as_mut().poll(cx) {
                    return std::task::Poll::Ready(done.map_err(|e| Refused::passing(chain(&e))));
                }
                match wire.poll_message(cx) {
                    std::task::Poll::Ready(Some(Ok(_))) => {
                        cx.waker().wake_by_ref();
                        std::task::Poll::Pending
                    }
                    std::task::Poll::Ready(Some(Err(e))) => std::task::Poll::Ready(Err(Refused::passing(chain(&e)))),
                    std::task::Poll::Ready(None) => {
                        std::task::Poll::Ready(Err(Refused::passing("the connection was closed")))
                    }
                    std::task::Poll::Pending => std::task::Poll::Pending,
                }
            })
            .await?
        };
        let row = answer.iter().find_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None });
        let cell = |i: usize| row.and_then(|r| r.get(i)).unwrap_or_default();
        if cell(1) == "t" {
            return Err(Refused::passing("the server is a standby, which takes no writes"));
        }
        if cell(0) != sign {
            if sent.is_some() {
                self.note_pooler();
            }
            let schema = &self.options.schema;
            let named = |part: &str| part.trim().trim_matches('"') == schema;
            if !cell(2).split(',').any(named) {
                let (user, database) = (&self.options.user, &self.options.database);
                return Err(Refused {
                    why: format!(
                        "behind a pooler the schema has to be the role's own: \
                         ALTER ROLE \"{user}\" IN DATABASE \"{database}\" SET search_path = \"{schema}\""
                    ),
                    is_final: true,
                });
            }
        }
        Ok((client, wire))
    }

    fn note_pooler(&self) {
        if !self.pooled.swap(true, Ordering::Relaxed) {
            tracing::info!("A pooler stands before PostgreSQL: nothing is prepared, and news are looked for");
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Unavailable(refused.why)
    }
}

/// Whether it is the parameters at the start that somebody in between does not take.
fn refuses_parameters(error: &tokio_postgres::Error) -> bool {
    error
        .as_db_error()
        .is_some_and(|db| *db.code() == SqlState::PROTOCOL_VIOLATION || db.message().contains("startup parameter"))
}

/// Whether trying again cannot help: we are not let in, or do not trust who answers.
fn is_final(error: &tokio_postgres::Error) -> bool {
    if let Some(code) = error.code() {
        return *code == SqlState::INVALID_PASSWORD
            || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
            || *code == SqlState::INVALID_CATALOG_NAME;
    }
    let text = error.to_string();
    ["TLS", "authentication", "invalid configuration"].iter().any(|sign| text.contains(sign))
}

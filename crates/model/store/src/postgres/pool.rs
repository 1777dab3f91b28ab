//! Connections, lent out.

use std::collections::{HashMap, VecDeque};
use std::ops::AsyncFnOnce;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_postgres::Client;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::PostgresConfig;
use super::connect::{Connector, Refused, Wire};
use super::fault::{Fault, chain};
use super::health::Health;
use crate::error::{Error, Result};
use crate::statement::{Outcome, Statement};

/// Prepared statements kept on one connection; the oldest makes room.
const PREPARED: usize = 256;
/// How long a connection may take to come back from work that was given up.
const RECOVERY: Duration = Duration::from_secs(5);

pub struct Pool {
    pub options: PostgresConfig,
    pub health: Arc<Health>,
    connector: Connector,
    slots: Arc<Semaphore>,
    size: usize,
    idle: Arc<Mutex<Vec<Connection>>>,
}

struct Connection {
    client: Client,
    born: Instant,
    prepared: Mutex<Prepared>,
}

#[derive(Default)]
struct Prepared {
    by_text: HashMap<Arc<str>, tokio_postgres::Statement>,
    order: VecDeque<Arc<str>>,
}

/// A connection on loan.
pub struct Lent {
    connection: Option<Connection>,
    permit: Option<OwnedSemaphorePermit>,
    idle: Arc<Mutex<Vec<Connection>>>,
    tls: MakeRustlsConnect,
    prepare: bool,
    /// A pooler hands out the server's connections: what was set when ours was made is not set on them.
    pub is_pooled: bool,
    /// How long the server may take.
    pub limit: Duration,
    pub health: Arc<Health>,
    /// Something was begun on it: if it is dropped like that, the server must be told to stop.
    pub busy: bool,
}

impl Pool {
    pub fn new(options: PostgresConfig) -> Result<Self> {
        // One connection is the feed's. Two are the least: a lock is held on one while work is done on the other.
        let size = options.max_connections.saturating_sub(1).max(2);
        let (slots, connector) = (Arc::new(Semaphore::new(size)), Connector::new(&options)?);
        Ok(Self { connector, options, slots, size, idle: Arc::default(), health: Arc::default() })
    }

    /// A connection, within the time that a caller may be kept waiting.
    pub async fn acquire(&self) -> Result<Lent> {
        let _place = self.health.enter()?;
        tokio::select! {
            biased;
            lent = self.lend() => lent,
            () = self.health.gone() => Err(Health::error()),
        }
    }

    async fn lend(&self) -> Result<Lent> {
        let deadline = Instant::now() + self.options.patience;
        let slot = timeout_at(deadline, Arc::clone(&self.slots).acquire_owned()).await;
        let permit = slot
            .ok()
            .and_then(std::result::Result::ok)
            .ok_or_else(|| Error::Unavailable(format!("all {} connections are in use", self.size)))?;
        let connection = match self.idle() {
            Some(connection) => connection,
            None => self.connect_until(deadline).await?,
        };
        Ok(Lent {
            connection: Some(connection),
            permit: Some(permit),
            idle: Arc::clone(&self.idle),
            tls: self.connector.tls.clone(),
            prepare: self.options.prepare && !self.connector.is_pooled(),
            is_pooled: self.connector.is_pooled(),
            limit: self.options.statement_timeout,
            health: Arc::clone(&self.health),
            busy: false,
        })
    }

    fn idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock();
        while let Some(connection) = idle.pop() {
            let old = self.options.max_age.is_some_and(|age| connection.born.elapsed() > age);
            if !old && !connection.client.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    pub fn has_idle(&self) -> bool {
        self.idle.lock().iter().any(|connection| !connection.client.is_closed())
    }

    /// Throws the idle connections away.
    pub fn forget(&self) {
        self.idle.lock().clear();
    }

    /// Tries again and again with growing pauses: a restart of the server is no failure of ours.
    async fn connect_until(&self, deadline: Instant) -> Result<Connection> {
        let mut pause = Duration::from_millis(50);
        loop {
            let last = match timeout_at(deadline, self.connector.connect()).await {
                Ok(Ok((client, connection))) => {
                    tokio::spawn(async move {
                        if let Err(e) = connection.await {
                            tracing::debug!("A connection to PostgreSQL ended: {}", chain(&e));
                        }
                    });
                    return Ok(Connection { client, born: Instant::now(), prepared: Mutex::default() });
                }
                Ok(Err(refused)) if refused.is_final => return Err(refused.into()),
                Ok(Err(refused)) => refused.why,
                Err(_) => "no answer".to_owned(),
            };
            let rest = deadline.saturating_duration_since(Instant::now());
            if rest <= pause {
                return Err(Error::Unavailable(last));
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// A connection outside the pool whose messages the caller reads.
    pub async fn listener(&self) -> std::result::Result<(Client, Wire), Refused> {
        self.connector.connect().await
    }

    /// Whether notifications reach us.
    pub fn can_listen(&self) -> bool {
        self.options.listen && !self.connector.is_pooled()
    }
}

impl Lent {
    pub fn client(&self) -> &Client {
        // Taken out only when dropped.
        match &self.connection {
            Some(connection) => &connection.client,
            None => unreachable!("a loan holds its connection until it is dropped"),
        }
    }

    /// The statement prepared on this connection, when it is worth it.
    pub async fn prepared(
        &self,
        statement: &Statement,
    ) -> std::result::Result<Option<tokio_postgres::Statement>, Fault> {
        let Some(connection) = self.connection.as_ref().filter(|_| self.prepare && statement.hot) else {
            return Ok(None);
        };
        if let Some(found) = connection.prepared.lock().by_text.get(&*statement.sql) {
            return Ok(Some(found.clone()));
        }
        let made = connection.client.prepare(&statement.sql).await.map_err(|e| Fault::of(&statement.sql, &e))?;
        let mut prepared = connection.prepared.lock();
        if prepared.order.len() >= PREPARED
            && let Some(oldest) = prepared.order.pop_front()
        {
            prepared.by_text.remove(&oldest);
        }
        let text: Arc<str> = Arc::from(&*statement.sql);
        prepared.order.push_back(Arc::clone(&text));
        prepared.by_text.insert(text, made.clone());
        Ok(Some(made))
    }

    /// Waits for an answer for as long as one is to be hoped for. After an error the loan ends as something begun.
    pub async fn hoping<T>(&mut self, work: impl AsyncFnOnce(&Client) -> Result<T>) -> Result<T> {
        let (health, was_busy) = (Arc::clone(&self.health), std::mem::replace(&mut self.busy, true));
        let result = tokio::select! {
            biased;
            result = work(self.client()) => result,
            () = health.gone() => return Err(Health::error()),
        };
        self.busy = was_busy;
        result
    }

    pub fn too_long() -> Error {
        Error::Unavailable("the database took too long".into())
    }

    pub fn forget_statements(&self) {
        if let Some(connection) = &self.connection {
            *connection.prepared.lock() = Prepared::default();
        }
    }

    /// Runs a read with a time limit. One that is too slow is cancelled on the server when the loan ends.
    pub async fn within(
        &mut self,
        run: impl AsyncFnOnce(&mut Self, &Statement) -> std::result::Result<Outcome, Fault>,
        statement: &Statement,
    ) -> std::result::Result<Outcome, Fault> {
        let (health, limit) = (Arc::clone(&self.health), self.limit);
        let answered = tokio::select! {
            biased;
            answered = timeout(limit, run(self, statement)) => answered,
            () = health.gone() => return Err(Health::error().into()),
        };
        match answered {
            Ok(result) => result,
            Err(_) => Err(Self::too_long().into()),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take().filter(|c| !c.client.is_closed()) else { return };
        if !self.busy {
            self.idle.lock().push(connection);
            return;
        }
        // Given up half-way: stop it and undo what is open, then the connection is as good as new. The place in the pool
        // stays taken meanwhile, so that cancelled work cannot pile up on the server.
        let (idle, permit, tls) = (Arc::clone(&self.idle), self.permit.take(), self.tls.clone());
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let clean = async {
                connection.client.cancel_token().cancel_query(tls).await.ok()?;
                connection.client.batch_execute("ROLLBACK").await.ok()
            };
            if let Ok(Some(())) = timeout(RECOVERY, clean).await {
                idle.lock().push(connection);
            }
            drop(permit);
        });
    }
}

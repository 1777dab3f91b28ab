//! The writer thread.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use object::Value;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Location, bind, connect, fault};
use crate::error::{Error, Result};
use crate::statement::{Expect, Outcome, Statement};

type Reply<T> = oneshot::Sender<Result<T>>;
pub type TxSender = Sender<TxCommand>;

enum Command {
    Batch(Vec<Statement>, Reply<Vec<Outcome>>),
    Begin(oneshot::Sender<TxSender>),
    /// A fault of ours in the thread.
    #[cfg(test)]
    Die,
}

pub enum TxCommand {
    Run(Vec<Statement>, Reply<Vec<Outcome>>),
    /// Marks a point inside the transaction, or goes back to it: statements outside any batch's own savepoint.
    Script(&'static str, Reply<()>),
    End(bool, Reply<()>),
}

/// How many batches one commit may carry.
const GROUP: usize = 256;
/// How long an interactive transaction may leave the writer waiting.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Writer {
    commands: Sender<Command>,
}

impl Writer {
    pub fn start(location: &Location) -> Result<Self> {
        let conn = connect(location, false)?;
        let (commands, queue) = channel();
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || serve(&conn, &queue))
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        Ok(Self { commands })
    }
    pub fn batch(&self, statements: Vec<Statement>, reply: Reply<Vec<Outcome>>) -> Result<()> {
        self.send(Command::Batch(statements, reply))
    }
    pub fn begin(&self, reply: oneshot::Sender<TxSender>) -> Result<()> {
        self.send(Command::Begin(reply))
    }
    #[cfg(test)]
    pub fn die(&self) {
        let _ = self.commands.send(Command::Die);
    }
    fn send(&self, command: Command) -> Result<()> {
        self.commands.send(command).map_err(|_| Error::Unavailable("the writer has stopped".into()))
    }
}

fn serve(conn: &Connection, queue: &Receiver<Command>) {
    let mut next = queue.recv().ok();
    while let Some(command) = next.take() {
        match command {
            Command::Batch(statements, reply) => next = group(conn, queue, statements, reply),
            Command::Begin(reply) => interactive(conn, reply),
            #[cfg(test)]
            Command::Die => panic!("as the test wishes"),
        }
        if next.is_none() {
            next = queue.recv().ok();
        }
    }
}

/// Runs a batch and those waiting behind it in one transaction. Returns the command that ended the group.
fn group(
    conn: &Connection,
    queue: &Receiver<Command>,
    first: Vec<Statement>,
    reply: Reply<Vec<Outcome>>,
) -> Option<Command> {
    if let Err(e) = conn.execute_batch("BEGIN IMMEDIATE") {
        let _ = reply.send(Err(fault("BEGIN", &e)));
        return None;
    }
    let mut done = vec![(savepoint(conn, &first), reply)];
    let mut left = None;
    // A full disk makes SQLite give up the whole transaction; what came after would be one of its own.
    while done.len() < GROUP && !conn.is_autocommit() {
        match queue.try_recv() {
            Ok(Command::Batch(statements, reply)) => done.push((savepoint(conn, &statements), reply)),
            Ok(other) => {
                left = Some(other);
                break;
            }
            Err(_) => break,
        }
    }
    let lost = conn.is_autocommit();
    let committed = conn.execute_batch("COMMIT");
    if committed.is_err() {
        let _ = conn.execute_batch("ROLLBACK");
    }
    for (result, reply) in done {
        let answer = match &committed {
            Ok(()) => result,
            Err(_) if lost => result.and(Err(Error::Unavailable("the database gave up the transaction".into()))),
            Err(e) => result.and(Err(fault("COMMIT", e))),
        };
        // The caller may have gone away; the write stands all the same.
        let _ = reply.send(answer);
    }
    left
}

/// Runs a batch so that its failure leaves no trace. References are checked by each statement, never at COMMIT, where a
/// violation would take the whole group down.
fn savepoint(conn: &Connection, statements: &[Statement]) -> Result<Vec<Outcome>> {
    let step = |sql: &str| conn.execute_batch(sql).map_err(|e| fault(sql, &e));
    step("SAVEPOINT batch")?;
    match all(conn, statements) {
        Ok(outcomes) => step("RELEASE batch").map(|()| outcomes),
        Err(e) => {
            if !conn.is_autocommit() {
                step("ROLLBACK TO batch")?;
                step("RELEASE batch")?;
            }
            Err(e)
        }
    }
}

fn all(conn: &Connection, statements: &[Statement]) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(statements.len());
    let mut inserted: Option<Value> = None;
    for statement in statements {
        let outcome = bind::run(conn, statement, inserted.as_ref())?;
        match statement.expect {
            Expect::Row if outcome.affected == 0 => return Err(Error::Guard),
            Expect::Key => inserted = outcome.rows.first().and_then(|r| r.first()).cloned(),
            _ => {}
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn interactive(conn: &Connection, reply: oneshot::Sender<TxSender>) {
    if conn.execute_batch("BEGIN IMMEDIATE").is_err() {
        return;
    }
    let (sender, commands) = channel();
    if reply.send(sender).is_err() {
        let _ = conn.execute_batch("ROLLBACK");
        return;
    }
    // A full disk ends the transaction by itself; what came after would be committed at once.
    while !conn.is_autocommit() {
        match commands.recv_timeout(PATIENCE) {
            Ok(TxCommand::Run(statements, reply)) => {
                let _ = reply.send(savepoint(conn, &statements));
            }
            Ok(TxCommand::Script(sql, reply)) => {
                let _ = reply.send(conn.execute_batch(sql).map_err(|e| fault(sql, &e)));
            }
            Ok(TxCommand::End(commit, reply)) => {
                let sql = if commit { "COMMIT" } else { "ROLLBACK" };
                let result = conn.execute_batch(sql).map_err(|e| fault(sql, &e));
                if result.is_err() {
                    let _ = conn.execute_batch("ROLLBACK");
                }
                let _ = reply.send(result);
                return;
            }
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!("A transaction was idle for too long and was rolled back");
                let _ = conn.execute_batch("ROLLBACK");
                return;
            }
            Err(RecvTimeoutError::Disconnected) => {
                let _ = conn.execute_batch("ROLLBACK");
                return;
            }
        }
    }
}

//! Several statements as one, in as few round trips as their dependencies allow.

use futures::future::{join, join_all};
use object::Value;
use tokio::time::sleep;

use super::bind::run_prepared;
use super::fault::{Cause, Fault};
use super::health::Health;
use super::pool::Lent;
use crate::error::Error;
use crate::statement::{Expect, Outcome, Param, Statement};

/// What holds the batch together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A transaction of its own.
    Transaction,
    /// A part of one that goes on, whatever becomes of this part.
    Savepoint,
}

/// How many statements are on their way at once. The combinator polls up to thirty in order, which the pipeline needs.
const PIPELINE: usize = 28;

/// The time is [`super::PATIENCE`]; it ends with the transaction.
const OPEN_POOLED: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 15000";

pub async fn run(lent: &mut Lent, statements: &[Statement], frame: Frame) -> Result<Vec<Outcome>, Fault> {
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    let was_busy = std::mem::replace(&mut lent.busy, true);
    let health = std::sync::Arc::clone(&lent.health);
    let work = async {
        match (frame, statements) {
            (Frame::Transaction, [only]) => alone(lent, only).await,
            _ => framed(lent, statements, frame).await,
        }
    };
    let unknown = |error: Error| Fault { commit_sent: true, ..error.into() };
    let result = tokio::select! {
        biased;
        result = work => result,
        // Nobody knows what became of it, and it stays begun.
        () = health.gone() => return Err(unknown(Health::error())),
        // A COMMIT waits for a standby, where it has to, for as long as that takes.
        () = sleep(lent.limit), if frame == Frame::Transaction => return Err(unknown(Lent::too_long())),
    };
    // A dead connection is not put back anyway.
    lent.busy = was_busy;
    result
}

/// A single statement is a transaction by itself.
async fn alone(lent: &Lent, statement: &Statement) -> Result<Vec<Outcome>, Fault> {
    let prepared = lent.prepared(statement).await?;
    let outcome = run_prepared(lent.client(), statement, prepared.as_ref(), None)
        .await
        .map_err(|fault| Fault { commit_sent: true, ..fault })?;
    check(statement, &outcome)?;
    Ok(vec![outcome])
}

async fn framed(lent: &Lent, statements: &[Statement], frame: Frame) -> Result<Vec<Outcome>, Fault> {
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in statements {
        // A round trip only the first time.
        prepared.push(lent.prepared(statement).await?);
    }
    match send(lent, statements, &prepared, frame).await {
        Ok(outcomes) => Ok(outcomes),
        Err(fault) => {
            if fault.cause != Cause::Lost {
                let undo = match frame {
                    Frame::Transaction => "ROLLBACK",
                    Frame::Savepoint => "ROLLBACK TO SAVEPOINT batch; RELEASE SAVEPOINT batch",
                };
                lent.client().batch_execute(undo).await.map_err(|e| Fault::of(undo, &e))?;
            }
            Err(fault)
        }
    }
}

async fn send(
    lent: &Lent,
    statements: &[Statement],
    prepared: &[Option<tokio_postgres::Statement>],
    frame: Frame,
) -> Result<Vec<Outcome>, Fault> {
    let (open, close) = match frame {
        // Who is cut off before the COMMIT must not keep rows locked.
        Frame::Transaction if lent.is_pooled => (OPEN_POOLED, "COMMIT"),
        Frame::Transaction => ("BEGIN", "COMMIT"),
        Frame::Savepoint => ("SAVEPOINT batch", "RELEASE SAVEPOINT batch"),
    };
    let simple = async |sql: &'static str, wanted: bool| {
        if wanted { lent.client().batch_execute(sql).await.map_err(|e| Fault::of(sql, &e)) } else { Ok(()) }
    };
    let mut outcomes = Vec::with_capacity(statements.len());
    let mut inserted: Option<Value> = None;
    let mut start = 0;
    let mut closed = false;
    while start < statements.len() {
        let end = segment(statements, start);
        let part = &statements[start..end];
        // COMMIT goes along with the last part when nothing has to be looked at first: after an error it undoes.
        let last =
            end == statements.len() && frame == Frame::Transaction && part.iter().all(|s| s.expect != Expect::Row);
        let running = part.iter().zip(&prepared[start..end]);
        let running = running.map(|(s, p)| run_prepared(lent.client(), s, p.as_ref(), inserted.as_ref()));
        let (opened, (results, committed)) =
            join(simple(open, start == 0), join(join_all(running), simple(close, last))).await;
        let sent = |fault: Fault| Fault { commit_sent: last, ..fault };
        opened.map_err(sent)?;
        for (statement, result) in part.iter().zip(results) {
            let outcome = result.map_err(sent)?;
            check(statement, &outcome)?;
            if statement.expect == Expect::Key {
                inserted = outcome.rows.first().and_then(|r| r.first()).cloned();
            }
            outcomes.push(outcome);
        }
        committed.map_err(sent)?;
        closed = last;
        start = end;
    }
    simple(close, !closed).await.map_err(|fault| Fault { commit_sent: true, ..fault })?;
    Ok(outcomes)
}

/// The end of the statements from `start` on that need not wait for a key that one of them returns.
fn segment(statements: &[Statement], start: usize) -> usize {
    let mut end = start;
    while end < statements.len() && end - start < PIPELINE {
        let keyed = statements[end].expect == Expect::Key;
        end += 1;
        let needed = |s: &Statement| s.params.iter().any(|p| matches!(p, Param::Inserted));
        if keyed && statements[end..].iter().any(needed) {
            break;
        }
    }
    end
}

fn check(statement: &Statement, outcome: &Outcome) -> Result<(), Fault> {
    if statement.expect == Expect::Row && outcome.affected == 0 {
        return Err(Error::Guard.into());
    }
    Ok(())
}

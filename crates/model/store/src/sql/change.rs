//! Counters of configuration changes, by which processes on one database learn from each other.

use super::Dialect;
use crate::postgres::CHANNEL;
use crate::statement::{Column, Expect, Statement};

/// Counts up the labels, and notifies where that exists; the last statements of a writing transaction, as they hold locks until it ends.
/// `labels` are sorted, so that two transactions take the locks in the same order.
pub fn announce(dialect: Dialect, labels: &[&'static str]) -> Vec<Statement> {
    let plain = |sql: &str, param: String, columns| Statement {
        sql: sql.into(),
        params: vec![param.into()],
        columns,
        expect: Expect::Any,
        hot: true,
        heavy: false,
    };
    let count = |label: &&'static str| {
        plain(
            "INSERT INTO keywright_change AS c (label, version) VALUES ($1, 1) \
             ON CONFLICT (label) DO UPDATE SET version = c.version + 1",
            (*label).to_owned(),
            vec![],
        )
    };
    let mut out: Vec<_> = labels.iter().map(count).collect();
    if dialect == Dialect::Sqlite {
        return out;
    }
    out.push(plain(&format!("SELECT 1::bigint FROM pg_notify('{CHANNEL}', $1)"), labels.join(","), vec![Column::Int]));
    out
}

/// Reads all counters.
pub fn counters() -> Statement {
    Statement {
        sql: "SELECT label, version FROM keywright_change".into(),
        params: vec![],
        columns: vec![Column::Text, Column::Int],
        expect: Expect::Any,
        hot: true,
        heavy: false,
    }
}

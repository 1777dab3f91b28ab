//! Counters of configuration changes, by which processes on one database learn from each other.

use std::time::Duration;

use object::Value;

use super::Dialect;
use crate::postgres::CHANNEL;
use crate::statement::{Column, Statement};

/// Counts up the labels, and notifies where that exists; the last statements of a writing transaction, as they hold locks until it ends.
/// `labels` are sorted, so that two transactions take the locks in the same order.
pub fn announce(dialect: Dialect, labels: &[&'static str]) -> Vec<Statement> {
    let count = |label: &&'static str| {
        let sql = "INSERT INTO keywright_change AS c (label, version) VALUES ($1, 1) \
                   ON CONFLICT (label) DO UPDATE SET version = c.version + 1";
        Statement::hot(sql, vec![Value::from(*label).into()])
    };
    let mut out: Vec<_> = labels.iter().map(count).collect();
    if dialect == Dialect::Sqlite || labels.is_empty() {
        return out;
    }
    let notify = format!("SELECT 1::bigint FROM pg_notify('{CHANNEL}', $1)");
    out.push(Statement::hot(notify, vec![labels.join(",").into()]).returning(vec![Column::Int]));
    out
}

/// Keeps a piece of news and returns its number; where NOTIFY exists, it makes everybody look.
pub fn tell(dialect: Dialect, channel: &str, payload: &str) -> Statement {
    let insert =
        |now: &str| format!("INSERT INTO keywright_news (at, channel, payload) VALUES ({now}, $1, $2) RETURNING pk");
    let sql = match dialect {
        Dialect::Sqlite => insert(NOW_SQLITE),
        Dialect::Postgres => {
            format!("WITH n AS ({}) SELECT n.pk FROM n, pg_notify('{CHANNEL}', 'news')", insert("now()"))
        }
    };
    let params = vec![Value::from(channel).into(), Value::from(payload).into()];
    Statement::hot(sql, params).returning(vec![Column::Int])
}

const NOW_SQLITE: &str = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";

/// Reads the news with higher numbers.
pub fn news(floor: i64) -> Statement {
    let sql = "SELECT pk, channel, payload FROM keywright_news WHERE pk > $1 ORDER BY pk";
    Statement::hot(sql, vec![floor.into()]).returning(vec![Column::Int, Column::Text, Column::Text])
}

/// Clears away what is older.
pub fn forget_news(dialect: Dialect, kept: Duration) -> Statement {
    let seconds = kept.as_secs();
    let sql = match dialect {
        Dialect::Sqlite => format!("DELETE FROM keywright_news WHERE at < {NOW_SQLITE} - {seconds} * 1000000"),
        Dialect::Postgres => format!("DELETE FROM keywright_news WHERE at < now() - interval '{seconds} seconds'"),
    };
    Statement { hot: false, ..Statement::hot(sql, vec![]) }
}

/// Takes a turn that nobody holds.
pub fn claim(dialect: Dialect, name: &str, period: Duration) -> Statement {
    let (now, end) = match dialect {
        Dialect::Sqlite => (NOW_SQLITE, format!("{NOW_SQLITE} + $2")),
        Dialect::Postgres => ("now()", "now() + $2::bigint * interval '1 microsecond'".to_owned()),
    };
    let sql = format!(
        "INSERT INTO keywright_turn AS t (name, ends) VALUES ($1, {end}) \
         ON CONFLICT (name) DO UPDATE SET ends = excluded.ends WHERE t.ends <= {now}"
    );
    Statement::hot(sql, vec![Value::from(name).into(), crate::turn::micros(period).into()])
}

/// Gives a turn back.
pub fn release(name: &str) -> Statement {
    Statement {
        hot: false,
        ..Statement::hot("DELETE FROM keywright_turn WHERE name = $1", vec![Value::from(name).into()])
    }
}

/// Reads all counters.
pub fn counters() -> Statement {
    Statement::hot("SELECT label, version FROM keywright_change", vec![]).returning(vec![Column::Text, Column::Int])
}

//! Counters of configuration changes, by which processes on one database learn from each other.

use std::time::Duration;

use object::Value;

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
    if dialect == Dialect::Sqlite || labels.is_empty() {
        return out;
    }
    out.push(plain(&format!("SELECT 1::bigint FROM pg_notify('{CHANNEL}', $1)"), labels.join(","), vec![Column::Int]));
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
    Statement {
        sql,
        params: vec![Value::from(channel).into(), Value::from(payload).into()],
        columns: vec![Column::Int],
        expect: Expect::Any,
        hot: true,
        heavy: false,
    }
}

const NOW_SQLITE: &str = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";

/// Reads the news with higher numbers.
pub fn news(floor: i64) -> Statement {
    Statement {
        sql: "SELECT pk, channel, payload FROM keywright_news WHERE pk > $1 ORDER BY pk".into(),
        params: vec![Value::Int(floor).into()],
        columns: vec![Column::Int, Column::Text, Column::Text],
        expect: Expect::Any,
        hot: true,
        heavy: false,
    }
}

/// Clears away what is older.
pub fn forget_news(dialect: Dialect, kept: Duration) -> Statement {
    let seconds = kept.as_secs();
    let sql = match dialect {
        Dialect::Sqlite => format!("DELETE FROM keywright_news WHERE at < {NOW_SQLITE} - {seconds} * 1000000"),
        Dialect::Postgres => format!("DELETE FROM keywright_news WHERE at < now() - interval '{seconds} seconds'"),
    };
    Statement { sql, params: vec![], columns: vec![], expect: Expect::Any, hot: false, heavy: false }
}

/// Takes a turn that nobody holds.
pub fn claim(dialect: Dialect, name: &str, period: Duration) -> Statement {
    let (now, end) = match dialect {
        Dialect::Sqlite => (NOW_SQLITE, format!("{NOW_SQLITE} + $2")),
        Dialect::Postgres => ("now()", "now() + $2::bigint * interval '1 microsecond'".to_owned()),
    };
    Statement {
        sql: format!(
            "INSERT INTO keywright_turn AS t (name, ends) VALUES ($1, {end}) \
             ON CONFLICT (name) DO UPDATE SET ends = excluded.ends WHERE t.ends <= {now}"
        ),
        params: vec![Value::from(name).into(), crate::turn::micros(period).into()],
        columns: vec![],
        expect: Expect::Any,
        hot: true,
        heavy: false,
    }
}

/// Gives a turn back.
pub fn release(name: &str) -> Statement {
    Statement {
        sql: "DELETE FROM keywright_turn WHERE name = $1".into(),
        params: vec![Value::from(name).into()],
        columns: vec![],
        expect: Expect::Any,
        hot: false,
        heavy: false,
    }
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

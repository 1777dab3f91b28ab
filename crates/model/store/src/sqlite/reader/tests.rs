//! Reads that are stopped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Location, Readers};
use crate::error::Error;
use crate::statement::{Column, Expect, Statement};

/// Counts for minutes when it is not stopped.
fn endless() -> Statement {
    let sql =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000000) SELECT COUNT(*) FROM n";
    Statement {
        sql: sql.into(),
        params: vec![],
        columns: vec![Column::Int],
        expect: Expect::Any,
        hot: false,
        heavy: true,
    }
}

fn readers(limit: Duration) -> Arc<Readers> {
    let file = tempfile::NamedTempFile::new().unwrap().into_temp_path().keep().unwrap();
    Arc::new(Readers { limit, ..Readers::new(Location::Temporary(file)) })
}

#[tokio::test]
async fn a_slow_read_is_stopped() {
    let readers = readers(Duration::from_millis(100));
    let begun = Instant::now();
    assert!(matches!(readers.run_apart(endless()).await, Err(Error::Unavailable(_))));
    assert!(begun.elapsed() < Duration::from_secs(10));
    given_back(&readers).await;
}

#[tokio::test]
async fn a_given_up_read_gives_its_reader_back() {
    let readers = readers(Duration::from_mins(1));
    for _ in 0..40 {
        let given_up = tokio::time::timeout(Duration::from_millis(5), readers.run_apart(endless())).await;
        assert!(given_up.is_err());
    }
    given_back(&readers).await;
}

async fn given_back(readers: &Readers) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while readers.apart.available_permits() < super::APART {
        assert!(Instant::now() < deadline, "a read goes on that nobody waits for");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!readers.idle.lock().is_empty());
}

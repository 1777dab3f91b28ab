//! Killed processes, full disks, and the way into an index.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use object::{Object, Record};

use super::{Every, Group, User, catalogue, every, group};
use crate::statement::{Column, Expect, Statement};
use crate::{Error, Filter, Op, PostgresConfig, Query, Store};

const PLACE: &str = "KEYWRIGHT_TEST_CRASH";

/// The process that is killed: writes and says so, until it is.
async fn write_without_end(place: &std::path::Path) {
    let store = Store::open_sqlite(place, catalogue()).await.unwrap();
    let writers = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            loop {
                let name = clock::Random::system().uuid_v4().to_string();
                store.insert(&every(&name)).await.unwrap();
                // One write call a line, so that lines do not mix.
                std::io::stdout().write_all(format!("ack {name}\n").as_bytes()).unwrap();
            }
        })
    });
    futures::future::join_all(writers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_row_survives_a_kill() {
    // The test starts itself anew as the process that is killed.
    #[expect(clippy::disallowed_methods, reason = "how a test speaks to its child")]
    let as_child = std::env::var(PLACE);
    if let Ok(place) = as_child {
        return write_without_end(place.as_ref()).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("k.db");
    let mut acknowledged = Vec::new();
    for round in 0..20u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "tests::robust::every_acknowledged_row_survives_a_kill",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(PLACE, &place)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        // Killed after some number of lines that differs each time.
        while seen < 5 + round * 7 {
            let line = lines.next().expect("the child writes").unwrap();
            if let Some(at) = line.find("ack ") {
                acknowledged.push(line[at + 4..].to_owned());
                seen += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What was still in the pipe had been acknowledged too. The last line may be cut.
        for line in lines.map_while(Result::ok) {
            if let Some(name) = line.strip_prefix("ack ").filter(|n| n.len() == 36) {
                acknowledged.push(name.to_owned());
            }
        }
    }
    let store = Store::open_sqlite(&place, catalogue()).await.unwrap();
    let kept: std::collections::HashSet<String> =
        store.find::<Every>(&Query::all()).await.unwrap().into_iter().map(|e| e.text).collect();
    let lost = acknowledged.iter().filter(|name| !kept.contains(*name)).count();
    assert_eq!(lost, 0, "of {} acknowledged rows", acknowledged.len());
    assert!(acknowledged.len() > 500);
}

fn raw(sql: &str) -> Statement {
    Statement { sql: sql.into(), params: vec![], columns: vec![], expect: Expect::Any, hot: false, heavy: true }
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_sqlite(&folder.path().join("k.db"), catalogue()).await.unwrap();
    store.insert(&group("before")).await.unwrap();
    store.conn.write(vec![raw("PRAGMA max_page_count = 1")]).await.unwrap();
    let big = "x".repeat(20_000);
    let writers = (0..30).map(|i| {
        let (store, text) = (store.clone(), format!("{big}{i}"));
        tokio::spawn(async move { store.insert(&every(&text)).await.map(|_| text) })
    });
    let mut kept = Vec::new();
    let mut refused = 0;
    for result in futures::future::join_all(writers).await {
        match result.unwrap() {
            Ok(text) => kept.push(text),
            Err(Error::Unavailable(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0);
    let rows = store.find::<Every>(&Query::all()).await.unwrap();
    assert!(kept.iter().all(|t| rows.iter().any(|r| r.text == *t)));
    assert_eq!(rows.len(), kept.len(), "what was refused is not there");
    store.conn.write(vec![raw("PRAGMA max_page_count = 100000")]).await.unwrap();
    store.insert(&group("after")).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_ends_a_transaction_wholly() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_sqlite(&folder.path().join("k.db"), catalogue()).await.unwrap();
    store.conn.write(vec![raw("PRAGMA max_page_count = 1")]).await.unwrap();
    let tx = store.begin().await.unwrap();
    tx.insert(&every("small")).await.unwrap();
    assert!(tx.insert(&every(&"x".repeat(500_000))).await.is_err());
    let rest = tx.insert(&every("after")).await;
    let committed = tx.commit().await;
    let rows = store.count(Every::model(), &Filter::True).await.unwrap();
    if committed.is_ok() { assert_eq!(rows, 1 + u64::from(rest.is_ok())) } else { assert_eq!(rows, 0) }
}

#[tokio::test]
async fn a_dead_writer_is_unavailable_and_reads_go_on() {
    let store = Store::open_temporary(catalogue()).await.unwrap();
    store.insert(&group("a")).await.unwrap();
    let crate::conn::Conn::Sqlite(driver) = &store.conn else { unreachable!() };
    driver.kill_writer();
    for _ in 0..3 {
        assert!(store.insert(&group("b")).await.is_err_and(|e| e.is_unavailable()));
        assert!(store.begin().await.is_err_and(|e| e.is_unavailable()));
    }
    assert_eq!(store.count(Group::model(), &Filter::True).await.unwrap(), 1);
}

#[tokio::test]
async fn an_idle_transaction_does_not_stop_a_store_from_closing() {
    let store = Store::open_temporary(catalogue()).await.unwrap();
    let tx = store.begin().await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(50), store.insert(&group("waits"))).await;
    assert!(waiting.is_err());
    drop(tx);
    assert_eq!(store.insert(&group("b")).await.map(|_| ()).unwrap(), ());
}

#[tokio::test]
async fn processes_on_one_file_hear_of_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("below").join("k.db");
    let one = Store::open_sqlite(&place, catalogue()).await.unwrap();
    let two = Store::open_sqlite(&place, catalogue()).await.unwrap();
    one.insert(&group("a")).await.unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while two.snapshot().all::<Group>().is_empty() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&place).unwrap().permissions().mode() & 0o077, 0);
    }
}

async fn plan(store: &Store, model: &'static object::Model, query: &Query) -> String {
    let mut statement = crate::sql::select(store.catalogue(), store.conn.dialect(), model, query, false).unwrap();
    // Columns of the answer: id, parent, notused, detail.
    statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    statement.columns = vec![Column::Int, Column::Int, Column::Int, Column::Text];
    let rows = store.conn.read(statement).await.unwrap();
    rows.iter().filter_map(|r| r[3].as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn usual_lists_use_indexes() {
    let store = Store::open_temporary(catalogue()).await.unwrap();
    let row = Record::empty(Every::model());
    let cases = [
        (User::model(), Query::filter(Filter::eq("pk", 1i64)), "SEARCH t_0 USING INTEGER PRIMARY KEY"),
        (User::model(), Query::filter(Filter::eq("name", "a")), "INDEX t_user_name_key (name=?)"),
        (
            Group::model(),
            Query::filter(Filter::True).order(&["name"]).limit(20),
            "SCAN t_0 USING INDEX t_group_name_key",
        ),
        (Every::model(), Query::filter(Filter::True).order(&["-at"]).limit(20), "SCAN t_0 USING INDEX t_every_at_idx"),
        (Every::model(), Query::filter(Filter::eq("maybe_user", 1i64)), "USING INDEX t_every_maybe_user_idx"),
        (
            Every::model(),
            Query::filter(Filter::compare("at", Op::Lt, "2024-05-07T00:00:00Z")).order(&["at"]).limit(20),
            "SEARCH t_0 USING INDEX t_every_at_idx",
        ),
        (User::model(), Query::filter(Filter::any_of("pk", [1i64, 2])), "USING INTEGER PRIMARY KEY"),
        (
            Every::model(),
            Query::all().order(&["-at"]).limit(20).after_row(Record { values: at_now(&row), ..row.clone() }),
            "SEARCH t_0 USING INDEX t_every_at_idx",
        ),
    ];
    for (model, query, wanted) in cases {
        let plan = plan(&store, model, &query).await;
        assert!(plan.contains(wanted), "{query:?}\n{plan}");
        // What an index picked may be sorted; a whole table may not, for the sake of one page.
        let sorted = plan.contains("TEMP B-TREE FOR ORDER BY");
        assert!(query.limit.is_none() || !sorted, "{query:?}\n{plan}");
    }
}

fn at_now(row: &Record) -> Vec<object::Value> {
    let mut row = row.clone();
    row.set("at", "2024-05-07T00:00:00Z".parse::<jiff::Timestamp>().unwrap());
    row.set("pk", uuid::Uuid::from_u128(1));
    row.values
}

testkit::on_each_store! { catalogue();
    async fn pages_follow_each_other(store: Store) {
        for i in 0..23i64 {
            let mut one = every(&format!("{}", i % 4));
            one.maybe_number = (i % 3 != 0).then_some(i % 5);
            store.insert(&one).await.unwrap();
        }
        for order in [&["text"][..], &["-text", "maybe_number"], &["maybe_number", "-text"], &["-maybe_number"], &["pk"], &["-pk"], &[]] {
            let all = store.records(Every::model(), &Query::all().order(order)).await.unwrap();
            let keys = |rows: &[Record]| rows.iter().filter_map(Record::key).collect::<Vec<_>>();
            let mut seen = Vec::new();
            let mut query = Query::all().order(order).limit(4);
            loop {
                let page = store.records(Every::model(), &query).await.unwrap();
                let Some(last) = page.last().and_then(Record::key) else { break };
                seen.extend(keys(&page));
                query = query.after(last);
            }
            assert_eq!(seen, keys(&all), "{order:?}");
        }
        assert_eq!(store.count_up_to(Every::model(), &Filter::True, 10).await.unwrap(), 10);
        assert_eq!(store.count_up_to(Every::model(), &Filter::True, 100).await.unwrap(), 23);
    }
}

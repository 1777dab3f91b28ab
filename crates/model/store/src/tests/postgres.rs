//! What only PostgreSQL has: other instances, a link that breaks, a pooler.

use std::time::Duration;

use super::{Every, Group, User, catalogue, group};
use crate::{Error, Filter, MigrateOptions, Place, PostgresConfig, Query, SslMode, Store};
use object::Object;

fn config(database: &testkit::Database) -> PostgresConfig {
    PostgresConfig::from_url(database.url()).unwrap()
}

async fn eventually(what: &str, mut test: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if test() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

/// Ends the connections of everybody but the one who asks.
async fn cut(database: &testkit::Database) {
    let (client, connection) = tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn instances_hear_of_each_other() {
    let Some(database) = testkit::postgres() else { return };
    let patient = PostgresConfig { poll: Duration::from_hours(1), ..config(&database) };
    let one = Store::open_postgres(patient.clone(), catalogue()).await.unwrap();
    let two = Store::open_postgres(patient, catalogue()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    one.insert(&group("a")).await.unwrap();
    eventually("the other sees a row", || two.snapshot().all::<Group>().len() == 1).await;
    let tx = two.begin().await.unwrap();
    tx.insert(&group("b")).await.unwrap();
    tx.insert(&group("c")).await.unwrap();
    tx.commit().await.unwrap();
    eventually("the other sees a transaction", || one.snapshot().all::<Group>().len() == 3).await;
    let version = one.snapshot().version();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(one.snapshot().version(), version, "an instance does not load again what it loaded");
}

#[tokio::test]
async fn a_cut_link_loses_no_change() {
    let Some(database) = testkit::postgres() else { return };
    let one = Store::open_postgres(config(&database), catalogue()).await.unwrap();
    let two = Store::open_postgres(config(&database), catalogue()).await.unwrap();
    for i in 0..5 {
        cut(&database).await;
        // A write at that moment may fail, and says so; a read is repeated.
        while let Err(e) = one.insert(&group(&format!("g{i}"))).await {
            assert!(e.is_unavailable(), "{e}");
        }
        assert_eq!(one.count(Group::model(), &Filter::True).await.unwrap(), i + 1);
    }
    eventually("all changes arrive", || two.snapshot().all::<Group>().len() == 5).await;
    eventually("the link is back", || one.is_linked() && two.is_linked()).await;
}

#[tokio::test]
async fn nothing_is_prepared_behind_a_pooler() {
    let Some(database) = testkit::postgres() else { return };
    let plain = PostgresConfig { prepare: false, schema: "else-where".into(), ..config(&database) };
    let store = Store::open_postgres(plain, catalogue()).await.unwrap();
    let id = store.insert(&group("a")).await.unwrap();
    assert!(store.get::<Group>(id).await.unwrap().is_some());
    assert!(store.take::<Group>(Filter::eq("name", "a")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_slow_read_is_stopped_and_the_pool_stays_whole() {
    let Some(database) = testkit::postgres() else { return };
    let hasty =
        PostgresConfig { statement_timeout: Duration::from_millis(100), max_connections: 2, ..config(&database) };
    let store = Store::open_postgres(hasty, catalogue()).await.unwrap();
    let slow = || crate::statement::Statement {
        sql: "SELECT 1::bigint FROM pg_sleep(60)".into(),
        params: vec![],
        columns: vec![crate::statement::Column::Int],
        expect: crate::statement::Expect::Any,
        hot: false,
        heavy: true,
    };
    for _ in 0..6 {
        assert!(matches!(store.conn.read(slow()).await, Err(Error::Unavailable(_))));
    }
    assert_eq!(store.count(Group::model(), &Filter::True).await.unwrap(), 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let nowhere = PostgresConfig {
        port: 1,
        host: "127.0.0.1".into(),
        patience: Duration::from_millis(300),
        ..PostgresConfig::default()
    };
    let refused = Store::open_postgres(nowhere, catalogue()).await;
    assert!(refused.is_err_and(|e| e.is_unavailable()));
}

#[tokio::test]
async fn instances_that_start_together_make_the_tables_once() {
    let Some(database) = testkit::postgres() else { return };
    let place = Place::Postgres(Box::new(config(&database)));
    let options = MigrateOptions::default();
    let starts = (0..4).map(|_| Store::open(&place, catalogue(), &options));
    for started in futures::future::join_all(starts).await {
        started.unwrap();
    }
}

/// Whether a connection of that kind comes about, and whether it is encrypted.
async fn encrypted(config: PostgresConfig) -> Result<bool, Error> {
    let driver = crate::postgres::Postgres::open(config).await?;
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let statement = crate::statement::Statement {
        sql: sql.into(),
        params: vec![],
        columns: vec![crate::statement::Column::Bool],
        expect: crate::statement::Expect::Any,
        hot: false,
        heavy: false,
    };
    Ok(driver.read(statement).await?[0][0].as_bool().unwrap())
}

#[tokio::test]
async fn tls_is_as_strict_as_asked() {
    let Some(database) = testkit::postgres() else { return };
    let Some(certificate) = database.certificate() else { return };
    let with = |sslmode, host: &str, root: Option<&std::path::Path>| PostgresConfig {
        sslmode,
        host: host.into(),
        sslrootcert: root.map(Into::into),
        ..config(&database)
    };
    let (ours, none) = (Some(certificate), None);
    assert!(!encrypted(with(SslMode::Disable, "127.0.0.1", none)).await.unwrap());
    assert!(encrypted(with(SslMode::Prefer, "127.0.0.1", none)).await.unwrap());
    assert!(encrypted(with(SslMode::Require, "localhost", none)).await.unwrap());
    assert!(encrypted(with(SslMode::VerifyCa, "localhost", ours)).await.unwrap());
    assert!(encrypted(with(SslMode::VerifyFull, "127.0.0.1", ours)).await.unwrap());
    for refused in [
        with(SslMode::VerifyFull, "localhost", ours),
        with(SslMode::VerifyCa, "127.0.0.1", none),
        with(SslMode::VerifyFull, "127.0.0.1", Some("/none.pem".as_ref())),
    ] {
        let error = encrypted(refused).await.unwrap_err();
        assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
    }
}

#[tokio::test]
async fn usual_lists_use_indexes() {
    let Some(database) = testkit::postgres() else { return };
    let store = Store::open_postgres(config(&database), catalogue()).await.unwrap();
    let tx = store.begin().await.unwrap();
    // Tables this small are read whole, however good their indexes.
    let mut off = Vec::new();
    for way in ["seqscan", "bitmapscan"] {
        off.push(crate::statement::Statement {
            sql: format!("SET LOCAL enable_{way} = off"),
            params: vec![],
            columns: vec![],
            expect: crate::statement::Expect::Any,
            hot: false,
            heavy: true,
        });
    }
    tx.conn.write(off).await.unwrap();
    let cases = [
        (User::model(), Query::filter(Filter::eq("pk", 1i64)), "t_user_pkey"),
        (User::model(), Query::filter(Filter::eq("name", "a")), "t_user_name_key"),
        (Group::model(), Query::all().order(&["name"]).limit(20), "t_group_name_key"),
        (Every::model(), Query::all().order(&["-at"]).limit(20), "Index Scan Backward using t_every_at_idx"),
        (Every::model(), Query::filter(Filter::eq("maybe_user", 1i64)), "t_every_maybe_user_idx"),
    ];
    for (model, query, wanted) in cases {
        let mut statement = crate::sql::select(store.catalogue(), tx.conn.dialect(), model, &query, false).unwrap();
        statement.sql = format!("EXPLAIN {}", statement.sql);
        statement.columns = vec![crate::statement::Column::Text];
        let rows = tx.conn.read(statement).await.unwrap();
        let plan = rows.iter().filter_map(|r| r[0].as_str()).collect::<Vec<_>>().join("\n");
        assert!(plan.contains(wanted), "{query:?}\n{plan}");
    }
}

#[test]
fn urls_are_read() {
    let config =
        PostgresConfig::from_url("postgres://u:p%40@h:6000/d?sslmode=verify-full&sslrootcert=/ca.pem&schema=s")
            .unwrap();
    assert_eq!(
        (config.host.as_str(), config.port, config.user.as_str(), config.database.as_str()),
        ("h", 6000, "u", "d")
    );
    assert_eq!(config.password.unwrap().expose(), "p@");
    assert_eq!(config.sslmode, crate::SslMode::VerifyFull);
    assert!(PostgresConfig::from_url("postgres://h/d?sslmode=perhaps").is_err());
}

//! Announcements: heard once committed, everywhere, even where nothing but looking helps.

use std::time::Duration;

use super::{catalogue, group};
use crate::news::{Hub, Listener, News};
use crate::{PostgresConfig, Store, Write};
use object::Object;

async fn heard(listener: &mut Listener) -> Option<News> {
    tokio::time::timeout(Duration::from_secs(5), listener.next()).await.ok().flatten()
}

fn told(text: &str) -> Option<News> {
    Some(News::Told(text.into()))
}

testkit::on_each_store! { catalogue();
    async fn an_announcement_is_heard_once_on_its_channel(store: Store) {
        let mut ours = store.listen("ours");
        store.announce("other", "x").await.unwrap();
        store.announce("ours", "a").await.unwrap();
        store.announce("ours", "b").await.unwrap();
        assert_eq!(heard(&mut ours).await, told("a"));
        assert_eq!(heard(&mut ours).await, told("b"));
        // Long enough for what is read back from the table to be told again, if it were.
        tokio::time::sleep(Duration::from_millis(700)).await;
        store.announce("ours", "c").await.unwrap();
        assert_eq!(heard(&mut ours).await, told("c"));
        assert!(store.news_age() < Duration::from_secs(2));
    }

    async fn a_transaction_announces_when_it_commits(store: Store) {
        let mut ours = store.listen("ours");
        let tx = store.begin().await.unwrap();
        tx.announce("ours", "undone").await.unwrap();
        tx.rollback().await.unwrap();
        let tx = store.begin().await.unwrap();
        tx.insert(&group("g")).await.unwrap();
        tx.announce("ours", "done").await.unwrap();
        let point = tx.savepoint().await.unwrap();
        tx.announce("ours", "rehearsed").await.unwrap();
        point.undo().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(heard(&mut ours).await, told("done"));
        store.announce("ours", "last").await.unwrap();
        assert_eq!(heard(&mut ours).await, told("last"));
    }

    async fn a_batch_that_fails_announces_nothing(store: Store) {
        let mut ours = store.listen("ours");
        let twice = || {
            let mut record = group("same").to_record();
            record.values[0] = uuid::Uuid::now_v7().into();
            Write::Insert(record)
        };
        assert!(store.apply_announcing(vec![twice(), twice()], "ours", &["failed"]).await.is_err());
        store.apply_announcing(vec![twice()], "ours", &["one", "two"]).await.unwrap();
        assert_eq!(heard(&mut ours).await, told("one"));
        assert_eq!(heard(&mut ours).await, told("two"));
        assert!(store.announce("ours", &"x".repeat(100_000)).await.is_err());
    }
}

#[tokio::test]
async fn other_processes_hear_with_and_without_notify() {
    let Some(database) = testkit::postgres() else { return };
    let config = PostgresConfig::from_url(database.url()).unwrap();
    let patient = PostgresConfig { poll: Duration::from_hours(1), ..config.clone() };
    let deaf = PostgresConfig { listen: false, prepare: false, ..config };
    let one = Store::open_postgres(patient.clone(), catalogue()).await.unwrap();
    let by_notify = Store::open_postgres(patient, catalogue()).await.unwrap();
    let by_looking = Store::open_postgres(deaf, catalogue()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    for other in [&by_notify, &by_looking] {
        let mut ours = other.listen("ours");
        let began = std::time::Instant::now();
        one.announce("ours", "x").await.unwrap();
        assert_eq!(heard(&mut ours).await, told("x"));
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_second_process_on_one_file_hears() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.db");
    let one = Store::open_sqlite(&path, catalogue()).await.unwrap();
    let two = Store::open_sqlite(&path, catalogue()).await.unwrap();
    let mut ours = two.listen("ours");
    one.announce("ours", "x").await.unwrap();
    assert_eq!(heard(&mut ours).await, told("x"));
}

#[tokio::test]
async fn a_listener_that_is_too_slow_is_told_so() {
    let store = Store::open_temporary(catalogue()).await.unwrap();
    let mut ours = store.listen("ours");
    for n in 0..9000 {
        let item = crate::news::Item { number: n, channel: "ours".into(), payload: "x".into() };
        Hub::deliver(&store.shared.news, vec![item]);
    }
    assert_eq!(heard(&mut ours).await, Some(News::Missed));
}

//! Turns and locks among processes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::catalogue;
use crate::{Error, PostgresConfig, Store};

testkit::on_each_store! { catalogue();
    async fn a_turn_is_taken_once_a_period(store: Store) {
        let asked = futures::future::join_all((0..20).map(|_| store.claim("job", Duration::from_mins(1)))).await;
        assert_eq!(asked.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1);
        assert!(store.claim("other", Duration::from_millis(100)).await.unwrap());
        assert!(!store.claim("other", Duration::from_millis(100)).await.unwrap());
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert!(store.claim("other", Duration::from_millis(100)).await.unwrap());
    }
}

async fn one_at_a_time(stores: &[Store]) {
    let inside = AtomicUsize::new(0);
    let work = |store: Store| {
        let inside = &inside;
        async move {
            let work = async {
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                tokio::time::sleep(Duration::from_millis(30)).await;
                // The work may use what it is protected by.
                assert!(store.claim(&uuid::Uuid::now_v7().to_string(), Duration::from_secs(1)).await?);
                inside.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, Error>(())
            };
            store.exclusively("start", work).await
        }
    };
    for done in futures::future::join_all(stores.iter().cloned().map(work)).await {
        done.unwrap();
    }
}

#[tokio::test]
async fn exclusive_work_is_done_by_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.db");
    let mut files = Vec::new();
    for _ in 0..4 {
        files.push(Store::open_sqlite(&path, catalogue()).await.unwrap());
    }
    one_at_a_time(&files).await;
    let Some(database) = testkit::postgres() else { return };
    let mut servers = Vec::new();
    for _ in 0..4 {
        let config = PostgresConfig::from_url(database.url()).unwrap();
        servers.push(Store::open_postgres(config, catalogue()).await.unwrap());
    }
    one_at_a_time(&servers).await;
}

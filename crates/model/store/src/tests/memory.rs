//! Remembered rows: found again without a query, and never as they were before an acknowledged write.

use std::sync::Arc;

use object::{Id, Object, Refs, Value};

use super::{Group, User, catalogue, group};
use crate::{PostgresConfig, Store};

async fn recall(store: &Store, name: &str) -> Option<Arc<User>> {
    store.recall_as("name", Value::from(name)).await.unwrap()
}

async fn user(store: &Store, name: &str) -> Id<User> {
    store.insert(&User { pk: Id::unsaved(), name: name.into(), groups: Refs(vec![]) }).await.unwrap()
}

testkit::on_each_store! { catalogue();
    async fn a_row_is_remembered_until_one_of_its_kind_changes(store: Store) {
        let id = user(&store, "a").await;
        let first = recall(&store, "a").await.unwrap();
        assert!(Arc::ptr_eq(&first, &recall(&store, "a").await.unwrap()), "read again");
        user(&store, "b").await;
        assert!(Arc::ptr_eq(&first, &recall(&store, "a").await.unwrap()), "a new row changes nothing");
        let renamed = User { pk: id, name: "c".into(), groups: Refs(vec![]) };
        store.update(&renamed).await.unwrap();
        assert_eq!(recall(&store, "a").await, None);
        assert_eq!(*recall(&store, "c").await.unwrap(), renamed);
        store.delete(User::model(), id.key()).await.unwrap();
        assert_eq!(recall(&store, "c").await, None);
    }

    async fn links_are_part_of_the_row(store: Store) {
        let id = user(&store, "a").await;
        assert_eq!(recall(&store, "a").await.unwrap().groups.0, []);
        let group = store.insert(&group("g")).await.unwrap();
        store.update(&User { pk: id, name: "a".into(), groups: Refs(vec![group]) }).await.unwrap();
        assert_eq!(recall(&store, "a").await.unwrap().groups.0, [group]);
        // The group takes its links with it.
        store.delete(Group::model(), group.key()).await.unwrap();
        assert_eq!(recall(&store, "a").await.unwrap().groups.0, []);
    }

    async fn a_transaction_sees_its_own_rows_and_shows_them_once_committed(store: Store) {
        let id = user(&store, "a").await;
        recall(&store, "a").await.unwrap();
        let tx = store.begin().await.unwrap();
        tx.update(&User { pk: id, name: "b".into(), groups: Refs(vec![]) }).await.unwrap();
        assert_eq!(recall(&tx, "a").await, None);
        assert!(recall(&tx, "b").await.is_some());
        tx.commit().await.unwrap();
        assert_eq!(recall(&store, "a").await, None);
        assert!(recall(&store, "b").await.is_some());
    }
}

#[tokio::test]
async fn another_process_is_heard() {
    let path = std::env::temp_dir().join(format!("keywright-memory-{}.db", clock::Random::system().uuid_v4()));
    let (one, other) =
        (Store::open_sqlite(&path, catalogue()).await.unwrap(), Store::open_sqlite(&path, catalogue()).await.unwrap());
    let id = user(&one, "a").await;
    recall(&one, "a").await.unwrap();
    other.update(&User { pk: id, name: "b".into(), groups: Refs(vec![]) }).await.unwrap();
    let mut seen = one.listen("done");
    other.announce("done", "").await.unwrap();
    // What is announced after a change is heard after it.
    tokio::time::timeout(std::time::Duration::from_secs(5), seen.next()).await.unwrap();
    let gone = async {
        while recall(&one, "a").await.is_some() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(2), gone).await.expect("the old row is still remembered");
    drop((one, other));
    let _ = std::fs::remove_file(&path);
}

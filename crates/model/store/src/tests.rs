//! The generic store on a small catalogue.

use std::sync::Arc;

use object::{Catalogue, Id, Object, Refs, Value};

use crate::{Error, Filter, Op, Query, Store, Write};

#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.group", table = "t_group", ordering = ["name"], cached)]
struct Group {
    #[field(key)]
    pk: Id<Self>,
    #[field(unique)]
    name: String,
    attributes: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.user", table = "t_user")]
struct User {
    #[field(key, counted)]
    pk: Id<Self>,
    #[field(unique)]
    name: String,
    groups: Refs<Group>,
}

#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.stage", table = "t_stage", family, cached)]
struct Stage {
    #[field(key)]
    pk: Id<Self>,
    #[field(unique)]
    name: String,
}

#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.deny", table = "t_deny", cached)]
struct Deny {
    base: Stage,
    message: String,
    next: Option<Id<Stage>>,
}

async fn store() -> Store {
    let models = vec![Group::model(), User::model(), Stage::model(), Deny::model()];
    let catalogue = Box::leak(Box::new(Catalogue::new(models).unwrap()));
    Store::open_temporary(catalogue).await.unwrap()
}

fn group(name: &str) -> Group {
    Group { pk: Id::unsaved(), name: name.into(), attributes: serde_json::json!({"a": {"b": name}}) }
}

#[tokio::test]
async fn rows_and_links_come_back() {
    let store = store().await;
    let a = store.insert(&group("a")).await.unwrap();
    let b = store.insert(&group("b")).await.unwrap();
    let user = User { pk: Id::unsaved(), name: "u".into(), groups: Refs(vec![b, a]) };
    let id = store.insert(&user).await.unwrap();
    let back: User = store.get(id).await.unwrap().unwrap();
    assert_eq!(back.groups.0, [b, a]);
    for path in ["groups__name", "groups__attributes__a__b"] {
        let hit = store.find::<User>(&Query::filter(Filter::eq(path, "b"))).await.unwrap();
        assert_eq!(hit.len(), 1, "{path}");
        let miss = store.find::<User>(&Query::filter(Filter::eq(path, "c"))).await.unwrap();
        assert!(miss.is_empty(), "{path}");
    }
    assert!(store.delete(Group::model(), b).await.unwrap());
    let back: User = store.get(id).await.unwrap().unwrap();
    assert_eq!(back.groups.0, [a]);
}

#[tokio::test]
async fn a_family_is_read_as_its_kinds() {
    let store = store().await;
    let stage = Deny { base: Stage { pk: Id::unsaved(), name: "no".into() }, message: "m".into(), next: None };
    let id = store.insert(&stage).await.unwrap();
    let record = store.concrete(Stage::model(), id.key()).await.unwrap().unwrap();
    assert_eq!(record.model.name(), "t.deny");
    assert_eq!(store.snapshot().concrete("t.stage", id.key()).unwrap().text("message"), "m");
    store.change(Deny::model(), Filter::eq("name", "no"), vec![("message", "n".into())]).await.unwrap();
    assert_eq!(store.snapshot().all::<Deny>()[0].message, "n");
    assert!(store.delete(Deny::model(), id.key()).await.unwrap());
    assert!(store.snapshot().all::<Deny>().is_empty());
    assert_eq!(store.count(Stage::model(), &Filter::True).await.unwrap(), 0);
}

#[tokio::test]
async fn a_failed_batch_leaves_nothing() {
    let store = store().await;
    store.insert(&group("a")).await.unwrap();
    let mut one = group("x").to_record();
    one.values[0] = Value::Uuid(uuid::Uuid::new_v4());
    let mut two = group("a").to_record();
    two.values[0] = Value::Uuid(uuid::Uuid::new_v4());
    let failed = store.apply(vec![Write::Insert(one), Write::Insert(two)]).await;
    assert!(matches!(failed, Err(Error::Unique { ref table, ref columns }) if table == "t_group" && columns == &["name"]));
    assert_eq!(store.count(Group::model(), &Filter::True).await.unwrap(), 1);
}

#[tokio::test]
async fn a_transaction_is_seen_when_it_commits() {
    let store = store().await;
    let tx = store.begin().await.unwrap();
    tx.insert(&group("a")).await.unwrap();
    assert!(tx.exists(Group::model(), Filter::eq("name", "a")).await.unwrap());
    assert!(store.snapshot().all::<Group>().is_empty());
    tx.commit().await.unwrap();
    assert_eq!(store.snapshot().all::<Group>().len(), 1);
    let tx = store.begin().await.unwrap();
    tx.insert(&group("b")).await.unwrap();
    drop(tx);
    assert_eq!(store.count(Group::model(), &Filter::True).await.unwrap(), 1);
}

#[tokio::test]
async fn one_of_many_takes_a_row() {
    let store = Arc::new(store().await);
    store.insert(&group("once")).await.unwrap();
    let takers = (0..50).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.take::<Group>(Filter::eq("name", "once")).await.unwrap().is_some() })
    });
    let won = futures::future::join_all(takers).await.into_iter().filter(|r| *r.as_ref().unwrap()).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn text_is_compared_as_asked() {
    let store = store().await;
    for name in ["Alpha", "alp_ha", "beta"] {
        store.insert(&group(name)).await.unwrap();
    }
    let count = async |op, text: &str| store.count(Group::model(), &Filter::compare("name", op, text)).await.unwrap();
    assert_eq!(count(Op::IContains, "ALP").await, 2);
    assert_eq!(count(Op::Contains, "alp").await, 1);
    assert_eq!(count(Op::IContains, "p_h").await, 1);
    assert_eq!(count(Op::StartsWith, "al").await, 1);
    assert_eq!(count(Op::IEndsWith, "TA").await, 1);
    assert_eq!(count(Op::IEq, "ALPHA").await, 1);
}

//! The generic store on a small catalogue.

mod cut;
mod falling;
mod memory;
mod news;
mod outage;
mod postgres;
mod robust;
mod turn;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use object::{Catalogue, Id, Object, Refs, Value};

use crate::{Error, Filter, Op, PostgresConfig, Query, Store, Write};

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
#[object(model = "t.user", table = "t_user", remembered)]
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

/// One of every kind of column.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "t.every", table = "t_every", ordering = ["-at"])]
struct Every {
    #[field(key)]
    pk: Id<Self>,
    yes: bool,
    number: i32,
    share: f64,
    text: String,
    #[field(index)]
    at: jiff::Timestamp,
    list: Vec<String>,
    json: serde_json::Value,
    maybe_uuid: Option<uuid::Uuid>,
    maybe_time: Option<jiff::Timestamp>,
    maybe_number: Option<i64>,
    maybe_text: Option<String>,
    maybe_user: Option<Id<User>>,
}

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: std::sync::OnceLock<Catalogue> = std::sync::OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let models = vec![Group::model(), User::model(), Stage::model(), Deny::model(), Every::model()];
        Catalogue::new(models).unwrap()
    })
}

fn group(name: &str) -> Group {
    Group { pk: Id::unsaved(), name: name.into(), attributes: serde_json::json!({"a": {"b": name}}) }
}

fn every(text: &str) -> Every {
    Every {
        pk: Id::unsaved(),
        yes: true,
        number: -7,
        share: 0.5,
        text: text.into(),
        at: "2024-05-06T07:08:09.123456Z".parse().unwrap(),
        list: vec!["a".into(), "b".into()],
        json: serde_json::json!({"n": 3, "s": "x", "b": true, "deep": {"er": [1]}}),
        maybe_uuid: None,
        maybe_time: None,
        maybe_number: None,
        maybe_text: None,
        maybe_user: None,
    }
}

testkit::on_each_store! { catalogue();
    async fn rows_and_links_come_back(store: Store) {
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

    async fn a_family_is_read_as_its_kinds(store: Store) {
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

    async fn a_failed_batch_leaves_nothing(store: Store) {
        store.insert(&group("a")).await.unwrap();
        let mut one = group("x").to_record();
        one.values[0] = Value::Uuid(clock::Random::system().uuid_v4());
        let mut two = group("a").to_record();
        two.values[0] = Value::Uuid(clock::Random::system().uuid_v4());
        let failed = store.apply(vec![Write::Insert(one), Write::Insert(two)]).await;
        assert!(matches!(failed, Err(Error::Unique { ref table, ref columns }) if table == "t_group" && columns == &["name"]));
        assert_eq!(store.count(Group::model(), &Filter::True).await.unwrap(), 1);
    }

    async fn a_transaction_is_seen_when_it_commits(store: Store) {
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

    async fn one_of_many_takes_a_row(store: Store) {
        let store = Arc::new(store);
        store.insert(&group("once")).await.unwrap();
        let takers = (0..50).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.take::<Group>(Filter::eq("name", "once")).await.unwrap().is_some() })
        });
        let won = futures::future::join_all(takers).await.into_iter().filter(|r| *r.as_ref().unwrap()).count();
        assert_eq!(won, 1);
    }

    async fn text_is_compared_as_asked(store: Store) {
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

    async fn every_type_comes_back(store: Store) {
        let mut one = every("x");
        one.pk = store.insert(&one).await.unwrap();
        assert_eq!(store.get::<Every>(one.pk).await.unwrap().unwrap(), one);
        let user = store.insert(&User { pk: Id::unsaved(), name: "u".into(), groups: Refs(vec![]) }).await.unwrap();
        one.maybe_uuid = Some(uuid::Uuid::from_u128(5));
        one.maybe_time = Some(one.at);
        one.maybe_number = Some(i64::MAX);
        one.maybe_text = Some(String::new());
        one.maybe_user = Some(user);
        store.update(&one).await.unwrap();
        assert_eq!(store.get::<Every>(one.pk).await.unwrap().unwrap(), one);
        let count = async |filter: Filter| store.count(Every::model(), &filter).await.unwrap();
        assert_eq!(count(Filter::eq("at", one.at)).await, 1);
        assert_eq!(count(Filter::compare("at", Op::Lt, "2024-05-07T00:00:00Z")).await, 1);
        assert_eq!(count(Filter::eq("number", "-7")).await, 1);
        assert_eq!(count(Filter::eq("number", "seven")).await, 0);
        assert_eq!(count(Filter::compare("share", Op::Ge, Value::Float(0.5))).await, 1);
        assert_eq!(count(Filter::eq("yes", "true")).await, 1);
        assert_eq!(count(Filter::eq("maybe_user__name", "u")).await, 1);
        assert_eq!(count(Filter::any_of("maybe_user", [user])).await, 1);
        assert_eq!(count(Filter::compare("maybe_uuid", Op::IContains, "0005")).await, 1);
        assert_eq!(count(Filter::eq("json__n", 3i64)).await, 1);
        assert_eq!(count(Filter::compare("json__n", Op::Gt, 20i64)).await, 0);
        assert_eq!(count(Filter::compare("json__s", Op::Gt, 20i64)).await, 0);
        assert_eq!(count(Filter::eq("json__b", true)).await, 1);
        assert_eq!(count(Filter::any_of("json__s", ["x", "y"])).await, 1);
        assert_eq!(count(Filter::eq("json__missing", Value::Null)).await, 1);
        assert_eq!(count(Filter::eq("json__s', 'x", "x")).await, 0);
        assert_eq!(count(Filter::eq("json__deep__er__0", "1").or(Filter::eq("text", "x"))).await, 1);
        assert!(store.count(Every::model(), &Filter::eq("nothing", 1i64)).await.is_err());
        let taken = store.take::<Every>(Filter::eq("text", "x").and(Filter::eq("yes", true))).await.unwrap();
        assert_eq!(taken.unwrap(), one);
    }

    async fn a_given_number_is_not_given_again(store: Store) {
        let user = |id, name: &str| User { pk: Id(id), name: name.into(), groups: Refs(vec![]) };
        assert_eq!(store.insert(&user(41, "given")).await.unwrap(), Id(41));
        assert_eq!(store.insert(&user(0, "counted")).await.unwrap(), Id(42));
    }

    async fn pages_are_cut(store: Store) {
        for i in 0..7 {
            store.insert(&every(&format!("n{i}"))).await.unwrap();
        }
        let query = Query::filter(Filter::compare("text", Op::StartsWith, "n")).order(&["-text"]).limit(3);
        let page = store.page(Every::model(), &query.clone().offset(3)).await.unwrap();
        assert_eq!(page.total, 7);
        let names: Vec<_> = page.records.iter().map(|r| r.text("text")).collect();
        assert_eq!(names, ["n3", "n2", "n1"]);
        assert_eq!(store.find::<Every>(&Query::all().offset(5)).await.unwrap().len(), 2);
    }

    async fn references_are_kept(store: Store) {
        let mut one = every("x");
        one.maybe_user = Some(Id(99));
        assert!(matches!(store.insert(&one).await, Err(Error::ForeignKey)));
        let user = store.insert(&User { pk: Id::unsaved(), name: "u".into(), groups: Refs(vec![]) }).await.unwrap();
        one.maybe_user = Some(user);
        let id = store.insert(&one).await.unwrap();
        assert!(store.delete(User::model(), user).await.unwrap());
        assert_eq!(store.get::<Every>(id).await.unwrap().unwrap().maybe_user, None);
    }

    async fn a_failure_inside_a_transaction_undoes_only_itself(store: Store) {
        let tx = store.begin().await.unwrap();
        tx.insert(&group("a")).await.unwrap();
        assert!(matches!(tx.insert(&group("a")).await, Err(Error::Unique { .. })));
        tx.insert(&group("b")).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.snapshot().all::<Group>().len(), 2);
        assert!(matches!(tx_after_end(&store).await, Err(Error::TransactionOver)));
    }

    async fn a_rehearsal_is_undone(store: Store) {
        let tx = store.begin().await.unwrap();
        tx.insert(&group("a")).await.unwrap();
        let point = tx.savepoint().await.unwrap();
        tx.insert(&group("b")).await.unwrap();
        assert!(tx.insert(&group("a")).await.is_err());
        point.undo().await.unwrap();
        tx.insert(&group("c")).await.unwrap();
        tx.commit().await.unwrap();
        let names: Vec<_> = store.snapshot().all::<Group>().iter().map(|g| g.name.clone()).collect();
        assert_eq!(names, ["a", "c"]);
    }

    async fn guards_hold(store: Store) {
        let id = store.insert(&group("a")).await.unwrap();
        let change = |from: &str, to: &str| Write::Change {
            model: Group::model(),
            filter: Filter::eq("pk", id).and(Filter::eq("name", from)),
            set: vec![("name", to.into())],
            guard: true,
        };
        store.apply(vec![change("a", "b")]).await.unwrap();
        let mut other = group("other").to_record();
        other.values[0] = Value::Uuid(clock::Random::system().uuid_v4());
        let failed = store.apply(vec![Write::Insert(other), change("a", "c")]).await;
        assert!(matches!(failed, Err(Error::Guard)));
        assert_eq!(store.count(Group::model(), &Filter::True).await.unwrap(), 1);
        assert_eq!(store.snapshot().all::<Group>()[0].name, "b");
    }

    async fn upserts_and_big_batches(store: Store) {
        let rows: Vec<_> = (0..100u128).map(|i| {
            let mut record = group(&format!("g{i}")).to_record();
            record.values[0] = Value::Uuid(uuid::Uuid::from_u128(i + 1));
            record
        }).collect();
        store.apply(rows.iter().cloned().map(Write::Insert).collect()).await.unwrap();
        store.apply(rows.iter().cloned().map(Write::Upsert).collect()).await.unwrap();
        assert_eq!(store.snapshot().all::<Group>().len(), 100);
        let user = User { pk: Id::unsaved(), name: "u".into(), groups: Refs((1..=40u128).map(|i| Id(uuid::Uuid::from_u128(i))).collect()) };
        let id = store.insert(&user).await.unwrap();
        assert_eq!(store.get::<User>(id).await.unwrap().unwrap().groups, user.groups);
        let keys: Vec<Value> = rows.iter().map(|r| r.values[0].clone()).collect();
        assert_eq!(store.count(Group::model(), &Filter::any_of("pk", keys)).await.unwrap(), 100);
        let many = (1..=70_000u128).map(uuid::Uuid::from_u128);
        assert_eq!(store.count(Group::model(), &Filter::any_of("pk", many)).await.unwrap(), 100);
        let many = (0..70_000).map(|i| format!("g{i}"));
        assert_eq!(store.count(Group::model(), &Filter::any_of("name", many)).await.unwrap(), 100);
        assert_eq!(store.count(User::model(), &Filter::any_of("pk", 0..70_000i64)).await.unwrap(), 1);
    }

    async fn many_writers_at_once(store: Store) {
        let writers = (0..64).map(|i| {
            let store = store.clone();
            tokio::spawn(async move { store.insert(&group(&format!("g{i}"))).await.unwrap() })
        });
        futures::future::join_all(writers).await;
        assert_eq!(store.snapshot().all::<Group>().len(), 64);
    }

    async fn a_given_up_change_is_seen_all_the_same(store: Store) {
        let one = group("a");
        let write = store.insert(&one);
        // Polled once, so that it is on its way, and dropped.
        let _ = tokio::time::timeout(Duration::from_millis(0), write).await;
        for _ in 0..200 {
            if store.snapshot().all::<Group>().len() == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the snapshot stays behind the database");
    }

    async fn given_up_reads_and_transactions_harm_nobody(store: Store) {
        store.insert(&group("a")).await.unwrap();
        for _ in 0..60 {
            let read = store.count(Group::model(), &Filter::True);
            let _ = tokio::time::timeout(Duration::from_micros(200), read).await;
            let tx = store.begin().await.unwrap();
            let b = group("b");
            let write = tx.insert(&b);
            let _ = tokio::time::timeout(Duration::from_micros(200), write).await;
        }
        assert_eq!(store.count(Group::model(), &Filter::True).await.unwrap(), 1);
    }
}

async fn tx_after_end(store: &Store) -> crate::Result<()> {
    let tx = store.begin().await?;
    let inner = Store::clone(&tx);
    tx.rollback().await?;
    inner.count(Group::model(), &Filter::True).await.map(|_| ())
}

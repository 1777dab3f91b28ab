//! The promises of the store in numbers: `cargo bench -p store`. PostgreSQL is measured when it is there.

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use object::{Catalogue, Id, Object};
use store::{Filter, PostgresConfig, Query, SslMode, Store};
use tokio::runtime::Runtime;

/// Fifteen fields, as an ordinary object has.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "b.account", table = "b_account", ordering = ["name"])]
struct Account {
    #[field(key)]
    pk: Id<Self>,
    #[field(unique)]
    name: String,
    title: String,
    email: String,
    path: String,
    active: bool,
    verified: bool,
    logins: i64,
    quota: i64,
    score: f64,
    #[field(index)]
    created: jiff::Timestamp,
    updated: jiff::Timestamp,
    last_login: Option<jiff::Timestamp>,
    token: uuid::Uuid,
    attributes: serde_json::Value,
}

const ROWS: u128 = 10_000;

fn account(i: u128) -> Account {
    let now: jiff::Timestamp = "2024-05-06T07:08:09Z".parse().unwrap();
    Account {
        pk: Id(uuid::Uuid::from_u128(i << 64 | i)),
        name: format!("user-{i}"),
        title: "Somebody of some importance".into(),
        email: format!("user-{i}@example.org"),
        path: "users/internal".into(),
        active: true,
        verified: i.is_multiple_of(2),
        logins: 12,
        quota: 1_000_000,
        score: 0.25,
        created: now,
        updated: now,
        last_login: Some(now),
        token: uuid::Uuid::from_u128(i),
        attributes: serde_json::json!({"department": "it", "settings": {"locale": "de"}}),
    }
}

fn catalogue() -> &'static Catalogue {
    Box::leak(Box::new(Catalogue::new(vec![Account::model()]).unwrap()))
}

async fn fill(store: &Store) {
    let rows: Vec<_> = (1..=ROWS).map(|i| store::Write::Insert(account(i).to_record())).collect();
    for chunk in rows.chunks(500) {
        store.apply(chunk.to_vec()).await.unwrap();
    }
}

fn measure(c: &mut Criterion, runtime: &Runtime, store: &Store, on: &str) {
    let mut next = 0u128;
    c.bench_function(&format!("{on}: typed read by key"), |b| {
        b.to_async(runtime).iter(|| {
            next = next % ROWS + 1;
            let key = uuid::Uuid::from_u128(next << 64 | next);
            async move { store.get::<Account>(key).await.unwrap().unwrap() }
        });
    });
    c.bench_function(&format!("{on}: read by unique name"), |b| {
        b.to_async(runtime)
            .iter(|| async { store.first::<Account>(Filter::eq("name", "user-77")).await.unwrap().unwrap() });
    });
    let query = Query::all().order(&["name"]).limit(20);
    c.bench_function(&format!("{on}: page of 20 and count of {ROWS}"), |b| {
        b.to_async(runtime).iter(|| async { store.page(Account::model(), &query).await.unwrap() });
    });
    for tasks in [1usize, 16] {
        c.bench_function(&format!("{on}: durable insert, {tasks} tasks"), |b| {
            b.to_async(runtime).iter_custom(|inserts| async move {
                let begun = Instant::now();
                let work = (0..tasks as u64).map(|task| {
                    let (store, share) =
                        (store.clone(), inserts / tasks as u64 + u64::from(task < inserts % tasks as u64));
                    tokio::spawn(async move {
                        for _ in 0..share {
                            let mut one = account(0);
                            one.pk = Id::unsaved();
                            one.name = clock::Random::system().uuid_v4().to_string();
                            store.insert(&one).await.unwrap();
                        }
                    })
                });
                futures::future::join_all(work).await;
                begun.elapsed()
            });
        });
    }
}

fn benches(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sqlite = runtime.block_on(async {
        let store = Store::open_sqlite(&folder.path().join("bench.db"), catalogue()).await.unwrap();
        fill(&store).await;
        store
    });
    measure(c, &runtime, &sqlite, "sqlite");
    let Some(database) = testkit::postgres() else { return };
    let postgres = runtime.block_on(async {
        let plain = PostgresConfig { sslmode: SslMode::Disable, ..PostgresConfig::from_url(database.url()).unwrap() };
        let store = Store::open_postgres(plain, catalogue()).await.unwrap();
        fill(&store).await;
        store
    });
    measure(c, &runtime, &postgres, "postgres");
}

criterion_group! {
    name = all;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = benches
}
criterion_main!(all);

//! A process that the network cut off from the database without telling anybody, in the middle of something.

use std::time::{Duration, Instant};

use object::{Object, Value};

use super::wire::{MUTE, OPEN, WITHOUT_COMMIT, WITHOUT_LISTEN, Wire, over};
use super::{Group, catalogue, group};
use crate::news::News;
use crate::{Filter, PostgresConfig, SslMode, Store, Write};

/// A store over a wire, one beside it, and a connection for what neither would do.
struct World {
    wire: Wire,
    far: Store,
    near: Store,
    client: tokio_postgres::Client,
    database: testkit::Database,
}

async fn world() -> Option<World> {
    let database = testkit::postgres()?;
    let plain = PostgresConfig::from_url(database.url()).unwrap();
    let wire = Wire::to(plain.port).await;
    let near = Store::open_postgres(plain, catalogue()).await.unwrap();
    // What goes over the wire is to be seen on it.
    let config = PostgresConfig { sslmode: SslMode::Disable, ..over(&database, format!("127.0.0.1:{}", wire.port)) };
    let far = Store::open_postgres(config, catalogue()).await.unwrap();
    let (client, connection) = tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    near.insert(&group("g")).await.unwrap();
    until("the configuration is known", || far.snapshot().all::<Group>().len() == 1).await;
    Some(World { wire, far, near, client, database })
}

async fn until(what: &str, is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn renamed(to: &str) -> Vec<Write> {
    let filter = Filter::True;
    vec![Write::Change { model: Group::model(), filter, set: vec![("name", Value::from(to))], guard: true }]
}

#[tokio::test]
async fn news_are_heard_and_silence_is_noticed_while_configuration_is_read() {
    let Some(world) = world().await else { return };
    let mut ours = world.far.listen("ours");
    // Reading the groups hangs from now on, and there is a reason to read them.
    world.client.batch_execute("BEGIN; LOCK TABLE t_group IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let (other, connection) = {
        let url = world.database.url();
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap()
    };
    tokio::spawn(connection);
    other.batch_execute("UPDATE keywright_change SET version = version + 1 WHERE label = 't.group'").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    world.near.announce("ours", "x").await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(5), ours.next()).await;
    assert_eq!(heard.ok().flatten(), Some(News::Told("x".into())));
    // It heard, but it does not know the groups: those are not to be relied on.
    let refused = world.far.catch_up().await;
    assert!(refused.is_err_and(|e| e.is_unavailable()));
    world.wire.set(MUTE);
    until("the silence is noticed", || world.far.is_gone()).await;
    world.client.batch_execute("ROLLBACK").await.unwrap();
    world.wire.set(OPEN);
    until("it knows again", || world.far.is_caught_up()).await;
}

#[tokio::test]
async fn a_link_that_says_nothing_when_it_is_to_listen_is_made_anew() {
    let Some(world) = world().await else { return };
    world.wire.set(super::wire::CUT);
    until("the link is lost", || !world.far.is_linked()).await;
    world.wire.set(WITHOUT_LISTEN);
    tokio::time::sleep(Duration::from_secs(4)).await;
    world.wire.set(OPEN);
    until("the link is back", || world.far.is_linked()).await;
}

#[tokio::test]
async fn who_has_caught_up_knows_what_others_changed_meanwhile() {
    let Some(world) = world().await else { return };
    world.wire.set(MUTE);
    world.near.apply(renamed("changed")).await.unwrap();
    until("it doubts itself", || !world.far.is_caught_up()).await;
    assert_eq!(world.far.snapshot().all::<Group>()[0].name, "g");
    world.wire.set(OPEN);
    let began = Instant::now();
    while world.far.catch_up().await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not recover");
    }
    assert_eq!(world.far.snapshot().all::<Group>()[0].name, "changed");
}

#[tokio::test]
async fn who_was_cut_off_before_the_commit_stands_in_nobodys_way() {
    let Some(world) = world().await else { return };
    world.wire.set(WITHOUT_COMMIT);
    let far = world.far.clone();
    let lost = tokio::spawn(async move { far.apply(renamed("far")).await });
    // Until its change waits for the COMMIT that never comes.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = Instant::now();
    world.near.apply(renamed("near")).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    let lost = lost.await.unwrap();
    assert!(lost.as_ref().is_err_and(crate::Error::is_unavailable), "{lost:?}");
}

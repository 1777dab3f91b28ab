//! A database that goes away, falls silent, or is another one when it comes back; several hosts; a real pooler.

use std::time::{Duration, Instant};

use super::wire::{CUT, MUTE, OPEN, Wire, over};
use super::{Group, catalogue, group};
use crate::{Filter, PostgresConfig, Store};
use object::Object;

async fn recovers(store: &Store) {
    let began = Instant::now();
    while store.count(Group::model(), &Filter::True).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(15), "it does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!store.is_gone());
}

async fn lose(how: u8) {
    let Some(database) = testkit::postgres() else { return };
    let plain = PostgresConfig::from_url(database.url()).unwrap();
    let wire = Wire::to(plain.port).await;
    let store = Store::open_postgres(over(&database, format!("127.0.0.1:{}", wire.port)), catalogue()).await.unwrap();
    store.insert(&group("before")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    wire.set(how);
    // Until those that were carried are cut off.
    tokio::time::sleep(Duration::from_millis(100)).await;
    // Those under way and those that come at once wait, but not long; and many of them wait no longer than one.
    let began = Instant::now();
    let asked = (0..200).map(|i| {
        let store = store.clone();
        async move {
            if i % 2 == 0 {
                store.count(Group::model(), &Filter::True).await.map(|_| ())
            } else {
                store.insert(&group(&format!("lost {i}"))).await.map(|_| ())
            }
        }
    });
    for answer in futures::future::join_all(asked).await {
        assert!(answer.is_err_and(|e| e.is_unavailable()));
    }
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    let began = Instant::now();
    assert!(store.is_gone());
    let mut tx = Vec::new();
    for _ in 0..100 {
        tx.push(store.begin().await.is_err_and(|e| e.is_unavailable()));
    }
    assert!(tx.iter().all(|refused| *refused) && began.elapsed() < Duration::from_millis(500));
    assert_eq!(store.snapshot().all::<Group>().len(), 1, "the configuration is in memory");
    wire.set(OPEN);
    recovers(&store).await;
    let mut ours = store.listen("ours");
    store.insert(&group("after")).await.unwrap();
    store.announce("ours", "back").await.unwrap();
    assert!(ours.next().await.is_some());
}

#[tokio::test]
async fn a_database_that_went_away_fails_fast_and_comes_back() {
    lose(CUT).await;
}

#[tokio::test]
async fn a_database_that_fell_silent_fails_fast_and_comes_back() {
    lose(MUTE).await;
}

#[tokio::test]
async fn of_several_hosts_one_that_answers_is_used() {
    let Some(database) = testkit::postgres() else { return };
    let plain = PostgresConfig::from_url(database.url()).unwrap();
    let (one, two) = (Wire::to(plain.port).await, Wire::to(plain.port).await);
    let host = format!("127.0.0.1:1,127.0.0.1:{},127.0.0.1:{}", one.port, two.port);
    let store = Store::open_postgres(over(&database, host), catalogue()).await.unwrap();
    for (off, on) in [(&one, &two), (&two, &one), (&one, &two)] {
        on.set(OPEN);
        off.set(CUT);
        tokio::time::sleep(Duration::from_millis(100)).await;
        recovers(&store).await;
        store.insert(&group("x")).await.unwrap();
        store.delete_where(Group::model(), Filter::True).await.unwrap();
    }
    let hosts = PostgresConfig { host: "a,b:1,[::1]:2,::1".into(), port: 9, ..PostgresConfig::default() }.hosts();
    let wanted = [("a", 9), ("b", 1), ("::1", 2), ("::1", 9)].map(|(h, p): (&str, u16)| (h.to_owned(), p));
    assert_eq!(hosts.unwrap(), wanted);
    assert!(PostgresConfig { host: "a,,b".into(), ..PostgresConfig::default() }.hosts().is_err());
}

#[tokio::test]
async fn no_more_connections_than_asked_for() {
    let Some(database) = testkit::postgres() else { return };
    let config = PostgresConfig::from_url(database.url()).unwrap();
    assert_eq!(config.max_connections, 10);
    let store = Store::open_postgres(config, catalogue()).await.unwrap();
    let slow = || async {
        let tx = store.begin().await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        tx.rollback().await
    };
    let (client, connection) = tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let count = async || client.query_one(count, &[]).await.unwrap().get::<_, i64>(0);
    let work = async {
        loop {
            let done = futures::future::join_all((0..100).map(|_| slow())).await;
            assert!(done.into_iter().all(|r| r.is_ok()));
        }
    };
    let watch = async {
        let began = Instant::now();
        while count().await < 10 {
            assert!(began.elapsed() < Duration::from_secs(20), "not all are made use of");
        }
        for _ in 0..20 {
            assert_eq!(count().await, 10);
            tokio::time::sleep(Duration::from_millis(8)).await;
        }
    };
    futures::future::select(std::pin::pin!(work), std::pin::pin!(watch)).await;
}

/// A PgBouncer before the server, in transaction mode with fewer connections to it than it lets in.
struct PgBouncer(std::process::Child, u16, #[expect(dead_code, reason = "held for its drop")] tempfile::TempDir);

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pgbouncer(database: &testkit::Database, more: &str) -> Option<PgBouncer> {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|p| std::path::Path::new(p).exists());
    let Some(program) = program else {
        eprintln!("SKIPPED: no PgBouncer on this machine; install the package pgbouncer");
        return None;
    };
    let plain = PostgresConfig::from_url(database.url()).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let ini = format!(
        "[databases]\n{0} = host=127.0.0.1 port={1} dbname={0}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 4\nmax_client_conn = 200\n{more}\n",
        plain.database, plain.port
    );
    let ini =
        ini.replace(&format!("dbname={}", plain.database), &format!("dbname={} user={}", plain.database, plain.user));
    let file = folder.path().join("pgbouncer.ini");
    std::fs::write(&file, ini).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = std::process::Command::new(program);
    if std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0) {
        command.uid(65534).gid(65534);
    }
    command.arg("-q").arg(&file).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let child = command.spawn().unwrap();
    for _ in 0..200 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(PgBouncer(child, port, folder))
}

/// Two processes through one pooler, side by side: each must get its own answers.
async fn works_behind(database: &testkit::Database, port: u16) {
    let config = over(database, format!("127.0.0.1:{port}"));
    let one = Store::open_postgres(config.clone(), catalogue()).await.unwrap();
    let two = Store::open_postgres(config, catalogue()).await.unwrap();
    let mut ours = two.listen("ours");
    let began = Instant::now();
    one.announce("ours", "x").await.unwrap();
    assert!(ours.next().await.is_some() && began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let work = |store: Store, name: &'static str| async move {
        for i in 0..60 {
            let label = format!("{name} {i}");
            let id = store.insert(&group(&label)).await?;
            assert_eq!(store.get::<Group>(id).await?.map(|g| g.name), Some(label.clone()));
            let tx = store.begin().await?;
            assert!(tx.take::<Group>(Filter::eq("name", label.clone())).await?.is_some());
            tx.commit().await?;
            assert!(store.first::<Group>(Filter::eq("name", label)).await?.is_none());
        }
        crate::Result::Ok(())
    };
    let all = vec![work(one.clone(), "a"), work(two.clone(), "b"), work(one.clone(), "c"), work(two.clone(), "d")];
    for done in futures::future::join_all(all).await {
        done.unwrap();
    }
}

#[tokio::test]
async fn a_pooler_that_refuses_parameters_is_found_out() {
    let Some(database) = testkit::postgres() else { return };
    let Some(pooler) = pgbouncer(&database, "") else { return };
    works_behind(&database, pooler.1).await;
}

#[tokio::test]
async fn a_pooler_that_drops_parameters_is_found_out() {
    let Some(database) = testkit::postgres() else { return };
    let Some(pooler) = pgbouncer(&database, "ignore_startup_parameters = options,extra_float_digits") else { return };
    works_behind(&database, pooler.1).await;
    let elsewhere = PostgresConfig { schema: "other".into(), ..over(&database, format!("127.0.0.1:{}", pooler.1)) };
    let refused = Store::open_postgres(elsewhere, catalogue()).await.err().unwrap().to_string();
    assert!(refused.contains("ALTER ROLE"), "{refused}");
}

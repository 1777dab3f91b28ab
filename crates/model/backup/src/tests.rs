//! Round trips between databases, and files that are not what they should be.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::{digest, hmac};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use object::{Catalogue, Id, Model, Object, Refs};
use serde_json::json;
use store::{Filter, PostgresConfig, Query, Store};

use crate::{Error, Extras, Passphrase, Place, Report, S3, copy, create, restore, verify};

#[derive(Debug, Clone, Object)]
#[object(model = "t.group", table = "t_group", verbose = "Group", plural = "Groups", cached)]
struct Group {
    #[field(key)]
    pk: Id<Self>,
    name: String,
    #[field(cascade)]
    parent: Option<Id<Group>>,
    attributes: serde_json::Value,
}

#[derive(Debug, Clone, Object)]
#[object(model = "t.user", table = "t_user", verbose = "User", plural = "Users")]
struct User {
    #[field(key, counted)]
    pk: Id<Self>,
    #[field(unique)]
    name: String,
    active: bool,
    weight: f64,
    at: Timestamp,
    groups: Refs<Group>,
}

fn catalogue() -> &'static Catalogue {
    static ONE: std::sync::OnceLock<&'static Catalogue> = std::sync::OnceLock::new();
    ONE.get_or_init(|| {
        let models: Vec<&'static Model> = vec![Group::model(), User::model()];
        Box::leak(Box::new(Catalogue::new(models).unwrap()))
    })
}

async fn fill(store: &Store) {
    let mut parent = None;
    let mut groups = Vec::new();
    for i in 0..20 {
        let attributes = json!({"b": [1, 2.5, null, {"ä": "\u{1F511}"}], "a": {"n": i, "big": 1e20, "neg": -0.5, "third": f64::from(i) / 3.0}});
        let group = Group { pk: Id::unsaved(), name: format!("group {i}"), parent, attributes };
        let id = store.insert(&group).await.unwrap();
        groups.push(id);
        parent = Some(id);
    }
    for i in 0..2500_i32 {
        let user = User {
            pk: Id::unsaved(),
            name: format!("user '{i}'\n\"ü\""),
            active: i % 2 == 0,
            weight: f64::from(i) / 3.0,
            at: Timestamp::from_microsecond(1_700_000_000_123_456 + i64::from(i)).unwrap(),
            groups: Refs(vec![groups[i as usize % 20], groups[(i as usize + 7) % 20]]),
        };
        store.insert(&user).await.unwrap();
    }
    // The highest numbers are gone but must not come back.
    store.delete_where(User::model(), Filter::compare("pk", store::Op::Gt, 2400i64)).await.unwrap();
}

async fn postgres() -> Option<(testkit::Database, Store)> {
    let database = testkit::postgres()?;
    let config = PostgresConfig::from_url(database.url()).unwrap();
    Some((database, Store::open_postgres(config, catalogue()).await.unwrap()))
}

/// The same rows, and the same number next.
async fn same(one: &Store, two: &Store, next: i64) {
    assert_eq!(one.snapshot().all::<Group>().len(), two.snapshot().all::<Group>().len());
    let order = Query::all().order(&["pk"]);
    let (a, b) = (one.find::<User>(&order).await.unwrap(), two.find::<User>(&order).await.unwrap());
    assert_eq!(a.len(), 2400);
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
    let new = User { pk: Id::unsaved(), name: "new".into(), ..b[0].clone() };
    let id = two.insert(&new).await.unwrap();
    assert_eq!(id.key(), object::Key::Int(next), "no number is given twice");
    two.delete(User::model(), id).await.unwrap();
}

#[tokio::test]
async fn a_database_moves_there_and_back() {
    let source = Store::open_temporary(catalogue()).await.unwrap();
    fill(&source).await;
    let Some((_database, server)) = postgres().await else { return };
    let mut acts = Vec::new();
    let report = copy(&source, &server, &mut |p| acts.push((p.act, p.done, p.total))).await.unwrap();
    assert_eq!(report.rows(), 20 + 2400 + 4800);
    assert_eq!(acts.last(), Some(&("checking", 7220, 7220)));
    same(&source, &server, 2501).await;
    let back = Store::open_temporary(catalogue()).await.unwrap();
    assert_eq!(copy(&server, &back, &mut |_| ()).await.unwrap(), report);
    same(&source, &back, 2502).await;
    let again = copy(&source, &back, &mut |_| ()).await.unwrap_err().to_string();
    assert!(again.contains("already holds data"), "{again}");
}

#[tokio::test]
async fn what_the_target_cannot_keep_leaves_it_empty() {
    let source = Store::open_temporary(catalogue()).await.unwrap();
    fill(&source).await;
    let odd = Group { pk: Id::unsaved(), name: "zero \0".into(), parent: None, attributes: json!({}) };
    let id = source.insert(&odd).await.unwrap();
    let Some((_database, server)) = postgres().await else { return };
    let refused = copy(&source, &server, &mut |_| ()).await.unwrap_err().to_string();
    assert!(
        refused.contains("t_group") && refused.contains(&id.key().to_string()) && refused.contains("name"),
        "{refused}"
    );
    assert!(server.is_empty().await.unwrap());
    // And its references are as they were.
    let stray = Group { pk: Id::unsaved(), name: "x".into(), parent: Some(id), attributes: json!({}) };
    assert!(server.insert(&stray).await.is_err());
}

fn secret() -> Passphrase {
    Passphrase::new(b"correct horse battery\n").unwrap()
}

fn extras() -> Extras {
    Extras { secret_key: "the key of the data folder".into() }
}

async fn saved(store: &Store, folder: &std::path::Path) -> (std::path::PathBuf, Report) {
    let path = folder.join("one.backup");
    let report = create(store, &extras(), &secret(), &path, &mut |_| ()).await.unwrap();
    (path, report)
}

#[tokio::test]
async fn a_backup_goes_back_into_either_database() {
    let folder = tempfile::tempdir().unwrap();
    let source = Store::open_temporary(catalogue()).await.unwrap();
    fill(&source).await;
    let (path, report) = saved(&source, folder.path()).await;
    let mut stores = vec![(None, Store::open_temporary(catalogue()).await.unwrap())];
    stores.extend(postgres().await.map(|(database, store)| (Some(database), store)));
    for (_database, store) in &stores {
        let old = Group { pk: Id::unsaved(), name: "of before".into(), parent: None, attributes: json!({}) };
        store.insert(&old).await.unwrap();
        let contents = restore(store, &secret(), &path, &mut |_| ()).await.unwrap();
        assert_eq!((contents.report, contents.extras), (report.clone(), extras()));
        same(&source, store, 2501).await;
        // A copy of the copy is the same again.
        let again = folder.path().join(format!("{}.backup", uuid::Uuid::now_v7()));
        let again = create(store, &extras(), &secret(), &again, &mut |_| ()).await.unwrap();
        assert_eq!(again, report);
    }
    let bytes = std::fs::read(&path).unwrap();
    for leak in ["user '", "t_group", "the key of the data folder"] {
        assert!(!bytes.windows(leak.len()).any(|w| w == leak.as_bytes()), "{leak} can be read");
    }
}

#[tokio::test]
async fn a_backup_holds_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = vec![(None, Store::open_temporary(catalogue()).await.unwrap())];
    stores.extend(postgres().await.map(|(database, store)| (Some(database), store)));
    for (_database, store) in &stores {
        fill(store).await;
        let writing = store.clone();
        let mut writer = None;
        let path = folder.path().join(format!("{}.backup", uuid::Uuid::now_v7()));
        let report = create(store, &extras(), &secret(), &path, &mut |_| {
            // From the first look on, another writes.
            let store = writing.clone();
            writer.get_or_insert_with(|| {
                tokio::spawn(async move { store.delete_where(User::model(), Filter::True).await.unwrap() })
            });
        })
        .await
        .unwrap();
        writer.unwrap().await.unwrap();
        assert_eq!(report.rows(), 7220);
        assert_eq!(store.count(User::model(), &Filter::True).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_file_that_was_touched_is_refused_before_anything_changes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_temporary(catalogue()).await.unwrap();
    fill(&store).await;
    let (path, _) = saved(&store, folder.path()).await;
    let bytes = std::fs::read(&path).unwrap();
    let broken = folder.path().join("broken.backup");
    let refuse = async |what: &str, bytes: &[u8]| {
        std::fs::write(&broken, bytes).unwrap();
        let error = restore(&store, &secret(), &broken, &mut |_| ()).await.expect_err(what);
        assert!(matches!(error, Error::Damaged(_) | Error::WrongPassphrase), "{what}: {error}");
        assert_eq!(store.count(User::model(), &Filter::True).await.unwrap(), 2400);
    };
    for length in [0, 10, 19, 100, bytes.len() / 2, bytes.len() - 17, bytes.len() - 1] {
        refuse(&format!("cut at {length}"), &bytes[..length]).await;
    }
    for at in (0..bytes.len()).step_by(bytes.len() / 60) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        refuse(&format!("a bit at {at}"), &changed).await;
    }
    refuse("more at the end", &[&bytes[..], b"x"].concat()).await;
    // Chunks in another order, or one left out: they are 64 KiB each, behind the header and the empty proof.
    let header = 20 + bytes[16..20].iter().fold(0, |n, b| n << 8 | usize::from(*b)) + 20;
    let chunk = (64 << 10) + 16 + 4;
    assert!(bytes.len() > header + 3 * chunk);
    refuse("one left out", &[&bytes[..header], &bytes[header + chunk..]].concat()).await;
    let (one, two) = (&bytes[header..header + chunk], &bytes[header + chunk..header + 2 * chunk]);
    refuse("two exchanged", &[&bytes[..header], two, one, &bytes[header + 2 * chunk..]].concat()).await;
    refuse("the end cut at a chunk", &bytes[..header + 2 * chunk]).await;
    let wrong = Passphrase::new(b"another passphrase").unwrap();
    let said = restore(&store, &wrong, &path, &mut |_| ()).await.unwrap_err();
    assert!(matches!(said, Error::WrongPassphrase) && said.to_string().contains("passphrase"), "{said}");
    assert!(Passphrase::new(b"short").is_err());
    assert!(verify(&path, &secret(), &store.layout()).is_ok());
}

#[tokio::test]
async fn old_backups_make_room_and_other_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    std::fs::write(&file, "sealed").unwrap();
    let to = folder.path().join("kept");
    keeps(&Place::Folder(to.clone()), &file).await;
    std::fs::write(to.join("keywright-notes.backup"), "mine").unwrap();
    assert_eq!(Place::Folder(to.clone()).thin_out(1).await.unwrap().len(), 1);
    assert!(to.join("keywright-notes.backup").exists());
}

async fn keeps(place: &Place, file: &std::path::Path) {
    for day in 1..=4 {
        let at: Timestamp = format!("2026-01-0{day}T00:00:00Z").parse().unwrap();
        let said = place.keep(file, at).await.unwrap();
        assert!(said.contains(&format!("keywright-2026010{day}T000000Z.backup")), "{said}");
    }
    assert_eq!(place.thin_out(2).await.unwrap().len(), 2);
    let left = place.list().await.unwrap();
    assert_eq!(left, ["keywright-20260103T000000Z.backup", "keywright-20260104T000000Z.backup"]);
    let back = file.with_extension("back");
    place.fetch(&left[0], &back).await.unwrap();
    assert_eq!(std::fs::read(back).unwrap(), std::fs::read(file).unwrap());
}

type Objects = Arc<std::sync::Mutex<std::collections::BTreeMap<String, Vec<u8>>>>;

/// A server with the S3 interface that knows one key and checks what it is sent against its signature.
async fn answer(objects: Objects, request: axum::extract::Request) -> axum::response::Response {
    use axum::response::IntoResponse;
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = |name: &str| parts.headers[name].to_str().unwrap().to_owned();
    let sum = HEXLOWER.encode(digest::digest(&digest::SHA256, &body).as_ref());
    let refused =
        |code: &str| (http::StatusCode::FORBIDDEN, format!("<Error><Code>{code}</Code></Error>")).into_response();
    if header("x-amz-content-sha256") != sum {
        return refused("XAmzContentSHA256Mismatch");
    }
    let date = header("x-amz-date");
    let query = parts.uri.query().unwrap_or_default();
    let canonical = format!(
        "{}\n{}\n{query}\nhost:{}\nx-amz-content-sha256:{sum}\nx-amz-date:{date}\n\nhost;x-amz-content-sha256;x-amz-date\n{sum}",
        parts.method,
        parts.uri.path(),
        header("host")
    );
    let scope = format!("{}/eu-west-3/s3/aws4_request", &date[..8]);
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
        HEXLOWER.encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
    );
    let step =
        |key: &[u8], part: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), part.as_bytes()).as_ref().to_vec();
    let key = step(&step(&step(&step(b"AWS4the-secret", &date[..8]), "eu-west-3"), "s3"), "aws4_request");
    let wanted = format!(
        "AWS4-HMAC-SHA256 Credential=the-key/{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={}",
        HEXLOWER.encode(&step(&key, &text))
    );
    if header("authorization") != wanted {
        return refused("SignatureDoesNotMatch");
    }
    let path = parts.uri.path().replace("%20", " ");
    let mut objects = objects.lock().unwrap();
    match (parts.method.as_str(), path.strip_prefix("/bucket/")) {
        ("PUT", Some(name)) => {
            objects.insert(name.to_owned(), body.to_vec());
            ().into_response()
        }
        ("GET", Some(name)) => match objects.get(name) {
            Some(bytes) => bytes.clone().into_response(),
            None => http::StatusCode::NOT_FOUND.into_response(),
        },
        ("DELETE", Some(name)) => {
            objects.remove(name);
            http::StatusCode::NO_CONTENT.into_response()
        }
        // Two at a time, so that lists have to be continued.
        ("GET", None) => {
            let asked: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let after = asked.get("start-after").cloned().unwrap_or_default();
            let names: Vec<_> = objects.keys().filter(|n| **n > after && n.starts_with(&asked["prefix"])).collect();
            let keys: Vec<_> = names.iter().take(2).map(|n| format!("<Contents><Key>{n}</Key></Contents>")).collect();
            let keys = keys.concat();
            format!("<ListBucketResult><IsTruncated>{}</IsTruncated>{keys}</ListBucketResult>", names.len() > 2)
                .into_response()
        }
        _ => http::StatusCode::BAD_REQUEST.into_response(),
    }
}

#[tokio::test]
async fn object_storage_keeps_backups() {
    let objects = Objects::default();
    let ours = Arc::clone(&objects);
    let router = axum::Router::new().fallback(move |request| answer(Arc::clone(&ours), request));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let s3 = S3 {
        endpoint: endpoint.parse().unwrap(),
        region: "eu-west-3".into(),
        bucket: "bucket".into(),
        prefix: "of home/".into(),
        access_key: "the-key".into(),
        secret_key: secret::Secret::new("the-secret".into()),
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    std::fs::write(&file, "sealed").unwrap();
    let stranger = S3 { secret_key: secret::Secret::new("another".into()), ..s3.clone() };
    let refused = Place::S3(Box::new(stranger)).list().await.unwrap_err().to_string();
    assert!(refused.contains("403") && refused.contains("SignatureDoesNotMatch"), "{refused}");
    objects.lock().unwrap().insert("elsewhere/keywright-20250101T000000Z.backup".into(), vec![]);
    keeps(&Place::S3(Box::new(s3)), &file).await;
    assert_eq!(objects.lock().unwrap().len(), 3);
}

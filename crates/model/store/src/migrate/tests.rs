//! One database through three versions of a catalogue.

use object::{Catalogue, Id, Object, Refs};

use crate::{Error, Filter, MigrateOptions, Place, PostgresConfig, Query, Store};

mod v1 {
    use super::{Id, Object, Refs};
    #[derive(Debug, Clone, PartialEq, Object)]
    #[object(model = "m.team", table = "m_team", cached)]
    pub struct Team {
        #[field(key)]
        pub pk: Id<Self>,
        #[field(unique)]
        pub name: String,
    }
    #[derive(Debug, Clone, PartialEq, Object)]
    #[object(model = "m.person", table = "m_person")]
    pub struct Person {
        #[field(key, counted)]
        pub pk: Id<Self>,
        #[field(unique)]
        pub login: String,
        pub age: i64,
        pub note: Option<String>,
        pub team: Option<Id<Team>>,
        pub gone: String,
        pub teams: Refs<Team>,
    }
    #[derive(Debug, Clone, PartialEq, Object)]
    #[object(model = "m.badge", table = "m_badge")]
    pub struct Badge {
        #[field(key)]
        pub pk: Id<Self>,
        pub owner: Id<Person>,
        pub chief: Option<uuid::Uuid>,
    }
}

mod v2 {
    use super::{Id, Object, Refs};
    #[derive(Debug, Clone, PartialEq, Object)]
    #[object(model = "m.team", table = "m_team", cached)]
    pub struct Team {
        #[field(key)]
        pub pk: Id<Self>,
        #[field(unique)]
        pub name: String,
        pub lead: Option<Id<Person>>,
    }
    #[derive(Debug, Clone, PartialEq, Object)]
    #[object(model = "m.person", table = "m_person")]
    pub struct Person {
        #[field(key, counted)]
        pub pk: Id<Self>,
        #[field(unique, was = "login")]
        pub username: String,
        #[field(index)]
        pub age: String,
        #[field(default_text = "it's none")]
        pub note: String,
        #[field(cascade)]
        pub team: Option<Id<Team>>,
        #[field(generated = object::Generated::Uuid)]
        pub uid: uuid::Uuid,
        #[field(generated = object::Generated::Now)]
        pub since: jiff::Timestamp,
        #[field(generated = object::Generated::Prefixed("p-", 40))]
        pub secret: String,
        #[field(default_json = "{\"a\": 1}")]
        pub attributes: serde_json::Value,
        #[field(was = "teams")]
        pub groups: Refs<Team>,
    }
    #[derive(Debug, Clone, PartialEq, Object)]
    #[object(model = "m.badge", table = "m_badge", unique_together = [&["owner", "chief"]])]
    pub struct Badge {
        #[field(key)]
        pub pk: Id<Self>,
        pub owner: Id<Person>,
        pub chief: Option<Id<Team>>,
    }
    #[derive(Debug, Clone, PartialEq, Object)]
    #[object(model = "m.extra", table = "m_extra")]
    pub struct Extra {
        #[field(key)]
        pub pk: Id<Self>,
        pub of: Id<Badge>,
    }
}

mod v3 {
    use super::{Id, Object};
    #[derive(Debug, Clone, PartialEq, Object)]
    #[object(model = "m.team", table = "m_team", cached)]
    pub struct Team {
        #[field(key)]
        pub pk: Id<Self>,
        #[field(unique)]
        pub name: String,
        /// Rows that are there have no value for it.
        pub needed: String,
    }
}

fn leak(models: Vec<&'static object::Model>) -> &'static Catalogue {
    Box::leak(Box::new(Catalogue::new(models).unwrap()))
}
fn first() -> &'static Catalogue {
    leak(vec![v1::Team::model(), v1::Person::model(), v1::Badge::model()])
}
fn second() -> &'static Catalogue {
    leak(vec![v2::Team::model(), v2::Person::model(), v2::Badge::model(), v2::Extra::model()])
}

async fn filled(store: &Store) -> (Id<v1::Team>, Id<v1::Person>) {
    let team = store.insert(&v1::Team { pk: Id::unsaved(), name: "t".into() }).await.unwrap();
    let person = |login: &str, note: Option<&str>| v1::Person {
        pk: Id::unsaved(),
        login: login.into(),
        age: 42,
        note: note.map(Into::into),
        team: Some(team),
        gone: "x".into(),
        teams: Refs(vec![team]),
    };
    let ann = store.insert(&person("ann", Some("hers"))).await.unwrap();
    store.insert(&person("bob", None)).await.unwrap();
    let last = store.insert(&person("cid", None)).await.unwrap();
    let badge = |chief| v1::Badge { pk: Id::unsaved(), owner: ann, chief };
    store.insert(&badge(Some(team.0))).await.unwrap();
    store.insert(&badge(None)).await.unwrap();
    // The highest number is free again, and must stay unused.
    store.delete(v1::Person::model(), last).await.unwrap();
    (team, ann)
}

/// Through the versions; `yes` where leave is needed.
async fn through_versions(place: &Place) {
    let yes = MigrateOptions { yes: true, dump: None };
    let store = Store::open(place, first(), &MigrateOptions::default()).await.unwrap();
    let (team, ann) = filled(&store).await;
    drop(store);
    assert!(Store::pending(place, first()).await.unwrap().is_empty());
    let plan = Store::pending(place, second()).await.unwrap().to_string();
    for line in [
        "add m_person.uid (uuid)",
        "rename m_person.login to username",
        "drop m_person.gone with its values",
        "change m_person.age from int to text",
        "no longer let m_person.note be null",
        "rename table m_person_teams to m_person_groups",
        "make m_badge.chief refer to m_team",
        "create table m_extra",
        "add unique index on m_badge (owner, chief)",
    ] {
        assert!(plan.contains(line), "{line} is not in\n{plan}");
    }
    let store = Store::open(place, second(), &yes).await.unwrap();
    let people = store.find::<v2::Person>(&Query::all().order(&["username"])).await.unwrap();
    assert_eq!(people.len(), 2);
    let (a, b) = (&people[0], &people[1]);
    assert_eq!((a.pk.0, a.username.as_str(), a.age.as_str(), a.note.as_str()), (ann.0, "ann", "42", "hers"));
    assert_eq!((b.note.as_str(), b.team.map(|t| t.0)), ("it's none", Some(team.0)));
    assert_ne!(a.uid, b.uid);
    assert_ne!(a.secret, b.secret);
    assert!(a.secret.starts_with("p-") && a.secret.len() == 42, "{}", a.secret);
    assert!(a.since > "2024-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(a.attributes, serde_json::json!({"a": 1}));
    assert_eq!(a.groups.0.len(), 1);
    assert_eq!(store.count(v2::Badge::model(), &Filter::eq("chief__name", "t")).await.unwrap(), 1);
    let again = v2::Person { pk: Id::unsaved(), username: "dan".into(), ..a.clone() };
    assert_eq!(store.insert(&again).await.unwrap().0, 4);
    // The references and indexes of the new shape hold.
    assert!(store.delete(v2::Team::model(), Id::<v2::Team>(team.0)).await.unwrap());
    assert_eq!(store.count(v2::Person::model(), &Filter::True).await.unwrap(), 0);
    assert_eq!(store.count(v2::Badge::model(), &Filter::True).await.unwrap(), 0);
    drop(store);
    // The same again does nothing; the version before is refused.
    assert!(Store::pending(place, second()).await.unwrap().is_empty());
    Store::open(place, second(), &MigrateOptions::default()).await.unwrap();
    let text = refusal(Store::open(place, first(), &yes).await);
    assert!(text.contains("later version"), "{text}");
}

/// Why a database was not opened.
fn refusal(opened: Result<Store, Error>) -> String {
    match opened {
        Err(Error::Schema(text)) => text,
        other => panic!("{:?}", other.map(|_| ())),
    }
}

fn in_postgres(database: &testkit::Database) -> Place {
    Place::Postgres(Box::new(PostgresConfig::from_url(database.url()).unwrap()))
}

/// A step that cannot be done leaves everything as it was.
async fn a_failed_step(place: &Place) {
    let store = Store::open(place, first(), &MigrateOptions::default()).await.unwrap();
    filled(&store).await;
    drop(store);
    let third = leak(vec![v3::Team::model()]);
    let text = refusal(Store::open(place, third, &MigrateOptions { yes: true, dump: None }).await);
    assert!(text.contains("nothing was changed"), "{text}");
    let store = Store::open(place, first(), &MigrateOptions::default()).await.unwrap();
    assert_eq!(store.count(v1::Person::model(), &Filter::True).await.unwrap(), 2);
}

#[tokio::test]
async fn sqlite_goes_through_versions() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Sqlite(folder.path().join("k.db"));
    through_versions(&place).await;
    let copies = std::fs::read_dir(folder.path()).unwrap().flatten();
    let copies: Vec<_> = copies.filter(|e| e.file_name().to_string_lossy().starts_with("k.db.before-2-")).collect();
    assert_eq!(copies.len(), 1);
    let old = Store::open_sqlite(&copies[0].path(), first()).await.unwrap();
    assert_eq!(old.count(v1::Person::model(), &Filter::True).await.unwrap(), 2);
}

#[tokio::test]
async fn postgres_goes_through_versions() {
    let Some(database) = testkit::postgres() else { return };
    through_versions(&in_postgres(&database)).await;
}

#[tokio::test]
async fn a_failed_step_changes_nothing_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    a_failed_step(&Place::Sqlite(folder.path().join("k.db"))).await;
}

#[tokio::test]
async fn a_failed_step_changes_nothing_in_postgres() {
    let Some(database) = testkit::postgres() else { return };
    a_failed_step(&in_postgres(&database)).await;
}

#[tokio::test]
async fn postgres_is_changed_only_when_told() {
    let Some(database) = testkit::postgres() else { return };
    let place = in_postgres(&database);
    drop(Store::open(&place, first(), &MigrateOptions::default()).await.unwrap());
    let text = refusal(Store::open(&place, second(), &MigrateOptions::default()).await);
    assert!(text.contains("--yes") && text.contains("rename"), "{text}");
}

#[tokio::test]
async fn rows_that_lead_nowhere_stop_a_new_reference() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Sqlite(folder.path().join("k.db"));
    let store = Store::open(&place, first(), &MigrateOptions::default()).await.unwrap();
    let (_, ann) = filled(&store).await;
    let lost = v1::Badge { pk: Id::unsaved(), owner: ann, chief: Some(uuid::Uuid::from_u128(1)) };
    store.insert(&lost).await.unwrap();
    drop(store);
    let text = refusal(Store::open(&place, second(), &MigrateOptions::default()).await);
    assert!(text.contains("1 rows of m_badge refer to rows of m_team"), "{text}");
}

#[tokio::test]
async fn a_strange_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE other (a)").unwrap();
    let text = refusal(Store::open_sqlite(&path, first()).await);
    assert!(text.contains("did not make"), "{text}");
    assert!(!folder.path().join("none.db").exists());
    let plan = Store::pending(&Place::Sqlite(folder.path().join("none.db")), first()).await.unwrap();
    assert!(plan.to_string().contains("create table m_team"));
    assert!(!folder.path().join("none.db").exists());
}

#[test]
fn the_lock_shows_every_fact() {
    let text = crate::lock_text(first());
    for line in [
        "\nm_person\n  pk int key counted\n  login text\n",
        "  team uuid null -> m_team.pk on delete SetNull\n",
        "  unique (login)\n",
        "\nm_person_teams\n  owner int key -> m_person.pk on delete Cascade\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

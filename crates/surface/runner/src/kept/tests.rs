//! Unit tests of sessions on disk.

use clock::{Clock, Random};
use gate::{Claims, Login, SessionKey, Site, SiteConfig};
use secret::Secret;

use super::{Content, Kept};

fn site(pk: i64, secret: &str) -> Site {
    Site::compile(SiteConfig {
        pk,
        external_host: "https://app.example".to_owned(),
        internal_host: "http://app:80".to_owned(),
        cookie_secret: Some(std::sync::Arc::new(Secret::new(secret.to_owned()))),
        ..SiteConfig::default()
    })
    .unwrap()
}

fn content(clock: &Clock, sid: &str, sub: &str) -> Content {
    let claims = Claims { sid: sid.to_owned(), sub: sub.to_owned(), ..Claims::default() };
    let expires = clock.after(clock::SignedDuration::from_hours(1));
    Content { login: Login { claims, expires, ..Login::default() }, access_token: "access".to_owned() }
}

#[test]
fn a_session_outlives_the_process_and_ends_with_its_login() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions");
    let (clock, random) = (Clock::fake_at(1_800_000_000), Random::seeded(1));
    let site = site(1, "cookie secret");
    let (_, key) = SessionKey::generate(&random);
    let (_, other) = SessionKey::generate(&random);
    let kept = Kept::open(&path, &clock, &random);
    kept.keep(&site, &key, &content(&clock, "sid-1", "ada"), 1).unwrap();
    kept.keep(&site, &other, &content(&clock, "sid-2", "bob"), 1).unwrap();
    drop(kept);

    let kept = Kept::open(&path, &clock, &random);
    let found = kept.load(&site, &key).unwrap();
    assert_eq!((found.login.claims.sub.as_str(), found.access_token.as_str()), ("ada", "access"));
    assert_eq!(kept.end_login("sid-1"), 1);
    assert!(kept.load(&site, &key).is_none());
    assert!(kept.load(&site, &other).is_some());
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);
}

#[test]
fn a_session_is_no_session_at_another_site_or_with_another_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, random) = (Clock::fake_at(1_800_000_000), Random::seeded(1));
    let (_, key) = SessionKey::generate(&random);
    let kept = Kept::open(folder.path(), &clock, &random);
    kept.keep(&site(1, "secret"), &key, &content(&clock, "sid", "ada"), 1).unwrap();
    assert!(kept.load(&site(2, "secret"), &key).is_none());
    assert!(kept.load(&site(1, "other secret"), &key).is_none());
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    let text = std::fs::read(&files[0]).unwrap();
    assert!(!text.windows(3).any(|part| part == b"ada"), "the content is sealed");
}

#[test]
fn what_has_ended_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, random) = (Clock::fake_at(1_800_000_000), Random::seeded(1));
    let (_, key) = SessionKey::generate(&random);
    let kept = Kept::open(folder.path(), &clock, &random);
    let site = site(1, "secret");
    kept.keep(&site, &key, &content(&clock, "sid", "ada"), 1).unwrap();
    clock.advance(std::time::Duration::from_secs(3601));
    assert!(kept.load(&site, &key).is_none());
    kept.tidy();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn without_a_folder_sessions_live_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (clock, random) = (Clock::fake_at(1_800_000_000), Random::seeded(1));
    let (_, key) = SessionKey::generate(&random);
    let kept = Kept::open(&file.join("sessions"), &clock, &random);
    let site = site(1, "secret");
    kept.keep(&site, &key, &content(&clock, "sid", "ada"), 1).unwrap();
    assert!(kept.load(&site, &key).is_some());
    assert_eq!(kept.end_person("ada"), 1);
    assert!(kept.load(&site, &key).is_none());
}

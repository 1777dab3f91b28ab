//! What is remembered and for how long.

use super::*;
use crate::ports::Login;
use crate::site::{Site, tests::config};
use clock::Timestamp;

fn session(cookie: &str, user: i64) -> Session {
    let login = Login { user: Some(user), expires: Timestamp::from_second(100).unwrap(), ..Login::default() };
    Session::new(&Site::compile(config()).unwrap(), SessionKey::of(cookie), &login)
}

#[test]
fn a_session_ends_in_all_hands() {
    let memory = Memory::default();
    let held = memory.put(session("a", 1), 0);
    let other = memory.put(session("b", 2), 0);
    assert!(!held.is_over(99) && held.is_over(100));
    memory.end_where(|s| s.user == Some(1));
    assert!(held.is_over(0) && !other.is_over(0));
    assert!(matches!(memory.get(&held.key, 0), Found::Unknown));
    assert_eq!(memory.len(), 1);
}

#[test]
fn doubts_come_with_news_and_with_another_configuration() {
    let memory = Memory::default();
    let held = memory.put(session("a", 1), 0);
    assert!(held.is_doubted(5, 0));
    held.decided(5, 0);
    assert!(!held.is_doubted(5, 7) && held.is_doubted(6, 7));
    memory.doubt_where(|s| s.user == Some(1));
    assert!(held.is_doubted(5, 0));
}

#[test]
fn what_is_missing_is_remembered_for_a_moment() {
    let memory = Memory::default();
    memory.put_missing(SessionKey::of("x"), 10);
    assert!(matches!(memory.get(&SessionKey::of("x"), 12), Found::Missing));
    assert!(matches!(memory.get(&SessionKey::of("x"), 10 + MISSING_FOR), Found::Unknown));
    memory.put(session("x", 1), 12);
    assert!(matches!(memory.get(&SessionKey::of("x"), 12), Found::Session(_)));
}

#[test]
fn memory_does_not_grow_without_end() {
    let memory = Memory::default();
    for n in 0..MOST_MISSING * 2 {
        memory.put_missing(SessionKey::of(&n.to_string()), 0);
    }
    let kept: usize = memory.pieces.iter().map(|p| p.read().missing.len()).sum();
    assert!(kept <= MOST_MISSING, "{kept}");
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}

/// The promise of the README: 100,000 sessions, each with a token of a kilobyte, in less than 300 MB.
#[test]
fn a_hundred_thousand_sessions_fit() {
    let memory = Memory::default();
    let site = Site::compile(config()).unwrap();
    let before = resident();
    for n in 0..100_000i64 {
        let login = Login {
            claims: crate::Claims {
                sub: format!("{n:064}"),
                preferred_username: format!("person-{n}"),
                name: format!("Person Number {n}"),
                email: format!("person-{n}@example.com"),
                groups: vec!["everybody".into(), "readers".into(), format!("team-{}", n % 100)],
                ..crate::Claims::default()
            },
            token: "x".repeat(1024),
            user: Some(n),
            expires: Timestamp::from_second(100).unwrap(),
            ..Login::default()
        };
        memory.put(Session::new(&site, SessionKey::of(&n.to_string()), &login), 0);
    }
    assert_eq!(memory.len(), 100_000);
    let each = resident().saturating_sub(before) / 100_000;
    println!("{each} bytes a session");
    assert!(each < 3000, "{each}");
}

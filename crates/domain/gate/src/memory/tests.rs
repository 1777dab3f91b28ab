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

//! A state is good for one browser, one site and a while.

use super::*;
use crate::site::{SiteConfig, tests::config};

#[test]
fn a_state_comes_back_to_the_browser_that_began() {
    let site = Site::compile(config()).unwrap();
    let state = State::begin(&site, "https://wiki.example.com/a".into(), 1000, &Random::seeded(1));
    let text = state.seal(&site, "browser");
    let open = |site: &Site, text: &str, browser: &str, now| State::open(site, text, browser, now);
    assert_eq!(open(&site, &text, "browser", 1001), Some(state.clone()));
    assert_eq!(open(&site, &text, "another", 1001), None);
    assert_eq!(open(&site, &text, "browser", 1000 + LOGIN_AGE), None);
    assert_eq!(open(&site, &format!("{text}x"), "browser", 1001), None);
    assert_eq!(open(&site, "", "browser", 1001), None);
    let other = Site::compile(SiteConfig { pk: 2, ..config() }).unwrap();
    assert_eq!(open(&other, &text, "browser", 1001), None);
    let key = SiteConfig { cookie_secret: Some(std::sync::Arc::new("another".into())), ..config() };
    assert_eq!(open(&Site::compile(key).unwrap(), &text, "browser", 1001), None);
}

#[test]
fn the_verifier_follows_from_state_and_browser() {
    let site = Site::compile(config()).unwrap();
    let state = State::begin(&site, String::new(), 0, &Random::seeded(1));
    assert_eq!(state.verifier(&site, "a").len(), 43);
    assert_eq!(state.verifier(&site, "a"), state.verifier(&site, "a"));
    assert_ne!(state.verifier(&site, "a"), state.verifier(&site, "b"));
    assert_ne!(state.challenge(&site, "a"), state.verifier(&site, "a"));
}

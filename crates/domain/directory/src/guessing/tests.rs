//! Guesses at accounts: who is turned away, for how long, and what is recorded.

use events::Event;
use feature::{App, Caller};
use std::time::Duration;
use store::{Filter, Query};

use super::{Guessed, begin};
use crate::tests::app_with;

fn from(address: &str) -> Caller {
    Caller { address: Some(address.parse().unwrap()), ..Caller::default() }
}

async fn guess(app: &App, account: &str, address: &str, right: bool) -> Option<u32> {
    match begin(app, Guessed::Password, account, &from(address)).await {
        Ok(guess) if right => {
            guess.was_right();
            None
        }
        Ok(_) => None,
        Err(wait) => Some(wait.seconds),
    }
}

async fn recorded(app: &App) -> usize {
    let about = Query::filter(Filter::eq("action", "suspicious_request"));
    app.store().find::<Event>(&about).await.unwrap().len()
}

#[tokio::test]
async fn wrong_passwords_from_one_address_are_counted_per_account_and_recorded_once() {
    let app = app_with(&[("KEYWRIGHT_THROTTLE__LOGIN__ACCOUNT", "6/hour")]).await;
    for name in ["ann", "Ann", "ANN", "ann", "ann", "ann"] {
        assert_eq!(guess(&app, name, "192.0.2.1", false).await, None);
    }
    for _ in 0..50 {
        assert_eq!(guess(&app, "ann", "192.0.2.1", true).await, Some(600), "even the right one is not looked at");
    }
    assert_eq!(recorded(&app).await, 1);
    assert_eq!(guess(&app, "bob", "192.0.2.1", false).await, None, "others are not concerned");
    assert_eq!(guess(&app, "ann", "192.0.2.2", true).await, None, "nor is the same person elsewhere");
    app.clock().advance(Duration::from_mins(10));
    assert_eq!(guess(&app, "ann", "192.0.2.1", true).await, None, "nobody is locked out for good");
}

#[tokio::test]
async fn right_passwords_cost_nothing() {
    let app = app_with(&[("KEYWRIGHT_THROTTLE__LOGIN__ACCOUNT", "2/hour")]).await;
    for _ in 0..20 {
        assert_eq!(guess(&app, "ann", "192.0.2.1", true).await, None);
    }
}

#[tokio::test]
async fn many_addresses_get_no_further_and_do_not_shut_out_an_address_that_is_known() {
    let app = app_with(&[("KEYWRIGHT_THROTTLE__LOGIN__EVERYWHERE", "10/hour")]).await;
    assert_eq!(guess(&app, "ann", "192.0.2.1", true).await, None);
    let turned_away = async |n: u32| guess(&app, "ann", &format!("198.51.100.{n}"), false).await.is_some();
    let mut refused = 0;
    for n in 1..=40 {
        refused += u32::from(turned_away(n).await);
    }
    assert_eq!(refused, 30);
    assert_eq!(guess(&app, "ann", "192.0.2.1", true).await, None);
}

#[tokio::test]
async fn one_address_gets_no_further_by_trying_many_accounts() {
    let app = app_with(&[("KEYWRIGHT_THROTTLE__LOGIN__ADDRESS", "10/hour")]).await;
    let mut refused = 0;
    for n in 0..40 {
        // One network is one place, however many addresses it has.
        refused += u32::from(guess(&app, &format!("user{n}"), &format!("2001:db8::{n:x}"), false).await.is_some());
    }
    assert_eq!(refused, 30);
    assert_eq!(guess(&app, "user1", "2001:db8:0:1::1", false).await, None);
}

#[test]
fn the_wait_is_said_in_words() {
    let words = |seconds| super::Wait { seconds }.words();
    assert_eq!((words(1), words(59), words(61)), ("1 second".into(), "59 seconds".into(), "2 minutes".into()));
}

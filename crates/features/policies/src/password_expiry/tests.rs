//! When a password is too old, and what becomes of it.

use std::sync::Arc;

use directory::User;
use feature::App;
use object::{Id, Object as _};
use policy::{PolicyRequest, Subject};
use serde_json::json;
use store::{Filter, Query};

use super::{PasswordExpiryPolicy, days_between};
use crate::tests::{app, create, world};

const HASH: &str = "pbkdf2_sha256$1$salt$hash";

async fn policy(app: &App, days: i32, deny_only: bool) -> object::Record {
    let values = json!({"name": app.random().token(12), "days": days, "deny_only": deny_only});
    create(app, PasswordExpiryPolicy::model(), values).await.unwrap()
}

/// A user whose password was set that many days and an hour ago.
async fn user(app: &App, days: i64) -> Arc<Subject> {
    let pk = world(app).await.key().unwrap();
    let at = app.clock().now() - jiff::SignedDuration::from_hours(days * 24 + 1);
    let set = vec![("password", HASH.into()), ("password_change_date", at.into())];
    app.store().change(User::model(), Filter::eq("pk", Id::<User>(pk)), set).await.unwrap();
    Subject::load(app, pk).await.unwrap().unwrap()
}

async fn ask(app: &App, policy: &object::Record, request: &PolicyRequest) -> (bool, Vec<String>) {
    let result = policy::engine::passes(app, policy, request).await.unwrap();
    (result.passing, result.messages)
}

async fn password(app: &App, user: &Subject) -> String {
    Subject::load(app, user.key().unwrap()).await.unwrap().unwrap().record().text("password").to_owned()
}

#[test]
fn days_are_whole_and_rounded_down() {
    let at = |unix: i64| jiff::Timestamp::from_second(unix).unwrap();
    for (seconds, days) in [(0, 0), (86_399, 0), (86_400, 1), (172_800, 2), (-1, -1), (-86_400, -1), (-86_401, -2)] {
        assert_eq!(days_between(at(0), at(seconds)), days, "{seconds}");
    }
}

#[tokio::test]
async fn a_young_password_passes_and_an_old_one_does_not() {
    let app = app().await;
    let user = user(&app, 3).await;
    let request = PolicyRequest::new(Some(Arc::clone(&user)));
    let expired = (false, vec!["Password has expired.".to_owned()]);
    for (days, outcome) in [(4, (true, vec![])), (3, expired.clone()), (0, expired.clone()), (-5, expired)] {
        let policy = policy(&app, days, true).await;
        assert_eq!(ask(&app, &policy, &request).await, outcome, "{days}");
    }
    assert_eq!(password(&app, &user).await, HASH);
}

#[tokio::test]
async fn an_old_password_is_taken_away_once() {
    let app = app().await;
    let user = user(&app, 3).await;
    let policy = policy(&app, 2, false).await;
    let message = (false, vec!["Password expired 1 days ago. Please update your password.".to_owned()]);
    let trial = PolicyRequest::new(Some(Arc::clone(&user))).debug();
    assert_eq!(ask(&app, &policy, &trial).await, message);
    assert_eq!(password(&app, &user).await, HASH);

    let request = PolicyRequest::new(Some(Arc::clone(&user)));
    assert_eq!(ask(&app, &policy, &request).await, message);
    let taken = password(&app, &user).await;
    assert!(secret::password::is_unusable(&taken));
    let about = Filter::eq("app", "authentik.policies.expiry");
    let events = || async { app.store().find::<events::Event>(&Query::filter(about.clone())).await.unwrap() };
    assert_eq!(events().await.len(), 1);
    // The same request again still holds the old row.
    assert_eq!(ask(&app, &policy, &request).await, message);
    assert_eq!((password(&app, &user).await, events().await.len()), (taken, 1));
}

#[tokio::test]
async fn a_password_that_was_replaced_meanwhile_stays() {
    let app = app().await;
    let user = user(&app, 3).await;
    let same = Filter::eq("pk", Id::<User>(user.key().unwrap()));
    app.store().change(User::model(), same, vec![("password", "new$1$2$3".into())]).await.unwrap();
    let policy = policy(&app, 2, false).await;
    assert!(!ask(&app, &policy, &PolicyRequest::new(Some(Arc::clone(&user)))).await.0);
    assert_eq!(password(&app, &user).await, "new$1$2$3");
}

#[tokio::test]
async fn nobody_has_no_password() {
    let app = app().await;
    let policy = policy(&app, 2, false).await;
    assert!(policy::engine::passes(&app, &policy, &PolicyRequest::new(None)).await.is_err());
}

//! Users, groups, tokens and the first administrator.

use feature::Caller;
use object::Object;
use serde_json::json;
use store::{Filter, Query};

use super::{app, app_with, create, delegate, update, user};
use crate::{Group, Intent, Role, RolePermission, Token, User, bootstrap, password};

#[tokio::test]
async fn membership_reaches_upwards() {
    let app = app().await;
    let system = Caller::system();
    let role = create(&app, &system, Role::model(), json!({"name": "r"})).await.unwrap();
    let top = json!({"name": "top", "is_superuser": true, "attributes": {"a": [1], "b": 1}, "roles": [role.key()]});
    let top = create(&app, &system, Group::model(), top).await.unwrap();
    let low = json!({"name": "low", "parents": [top.key()], "attributes": {"a": [1, 2]}});
    let low = create(&app, &system, Group::model(), low).await.unwrap();
    let input = json!({"username": "u", "name": "U", "groups": [low.key()], "attributes": {"b": 2}});
    let one: User = create(&app, &system, User::model(), input).await.unwrap().to().unwrap();
    let snapshot = app.store().snapshot();
    assert!(one.is_superuser(&snapshot));
    assert_eq!(one.all_groups(&snapshot).iter().map(|g| g.name.as_str()).collect::<Vec<_>>(), ["low", "top"]);
    assert_eq!(one.all_roles(&snapshot).len(), 1);
    assert_eq!(json!(one.group_attributes(&snapshot)), json!({"a": [1, 2], "b": 2}));
    assert!(one.avatar(&app).starts_with("data:image/svg+xml;base64,"));
    assert_eq!(one.uid(&app).len(), 64);

    let cycle = update(&app, &system, &top, json!({"parents": [low.key()]})).await.unwrap_err();
    assert!(cycle.body["parents"].is_array());
    let own = update(&app, &system, &top, json!({"parents": [top.key()]})).await.unwrap_err();
    assert_eq!(own.body, json!({"parents": ["Cannot set group as parent of itself."]}));
}

#[tokio::test]
async fn managing_people_is_no_way_to_power() {
    let app = app().await;
    let system = Caller::system();
    let mighty = create(&app, &system, Group::model(), json!({"name": "admins", "is_superuser": true})).await.unwrap();
    let mine = create(&app, &system, Group::model(), json!({"name": "mine"})).await.unwrap();
    let role: Role = create(&app, &system, Role::model(), json!({"name": "r"})).await.unwrap().to().unwrap();
    let permission = RolePermission {
        pk: object::Id::unsaved(),
        role: role.pk,
        codename: "authentik_core.delete_user".into(),
        object_pk: String::new(),
    };
    app.store().insert(&permission).await.unwrap();
    let own = user(&app, "delegate").await;
    let caller = delegate(&own);
    let me = own.to_record();
    for (record, input) in [
        (&me, json!({"groups": [mighty.key()]})),
        (&me, json!({"roles": [role.pk]})),
        (&mine, json!({"parents": [mighty.key()]})),
        (&mine, json!({"roles": [role.pk]})),
        (&mighty, json!({"users": [own.pk]})),
    ] {
        assert_eq!(update(&app, &caller, record, input.clone()).await.unwrap_err().status, 403, "{input}");
    }
    let flag = update(&app, &caller, &mine, json!({"is_superuser": true})).await.unwrap_err();
    let text = "User does not have permission to set superuser status to True.";
    assert_eq!(flag.body, json!({"is_superuser": [text]}));
    update(&app, &caller, &me, json!({"groups": [mine.key()], "name": "D"})).await.unwrap();
    let new = json!({"name": "new", "parents": [mighty.key()], "users": [own.pk]});
    assert_eq!(create(&app, &caller, Group::model(), new).await.unwrap_err().status, 403);
}

#[tokio::test]
async fn members_are_set_from_the_group_too() {
    let app = app().await;
    let system = Caller::system();
    let (a, b) = (user(&app, "a").await, user(&app, "b").await);
    let group = create(&app, &system, Group::model(), json!({"name": "g", "users": [a.pk]})).await.unwrap();
    update(&app, &system, &group, json!({"users": [b.pk]})).await.unwrap();
    let members: Vec<User> =
        app.store().find(&Query::filter(Filter::eq("groups", group.key().unwrap()))).await.unwrap();
    assert_eq!(members.iter().map(|u| u.pk).collect::<Vec<_>>(), [b.pk]);
    let none = update(&app, &system, &group, json!({"users": [999_999]})).await.unwrap_err();
    assert_eq!(none.body, json!({"users": ["Invalid pk \"999999\" - object does not exist."]}));
}

#[tokio::test]
async fn passwords_are_compared_and_renewed() {
    let app = app().await;
    let one = user(&app, "u").await;
    assert!(password::verify(&app, Some(&one), "pw").await.unwrap());
    assert!(!password::verify(&app, Some(&one), "other").await.unwrap());
    assert!(!password::verify(&app, None, "pw").await.unwrap());
    // A hash of another cost counts as old.
    let old = secret::password::hash("old", secret::password::Cost { memory: 32, passes: 1, lanes: 1 }, app.random())
        .unwrap();
    let set = vec![("password", old.as_str().into())];
    app.store().change(User::model(), Filter::eq("pk", one.pk), set).await.unwrap();
    let one: User = app.store().get(one.pk).await.unwrap().unwrap();
    assert!(password::verify(&app, Some(&one), "old").await.unwrap());
    let renewed: User = app.store().get(one.pk).await.unwrap().unwrap();
    assert_ne!(renewed.password, old);
    assert!(password::verify(&app, Some(&renewed), "old").await.unwrap());
    let caller = Caller::system();
    password::set(&app, &caller, &renewed, "new", None).await.unwrap();
    let renewed: User = app.store().get(one.pk).await.unwrap().unwrap();
    assert!(password::verify(&app, Some(&renewed), "new").await.unwrap());
}

#[tokio::test]
async fn a_token_stays_its_owners() {
    let app = app().await;
    let (a, b) = (user(&app, "a").await, user(&app, "b").await);
    let caller = Caller { user: Some(a.pk.0), username: "a".into(), ..Caller::default() };
    let input = json!({"identifier": "t", "user": b.pk, "key": "stolen"});
    let token = create(&app, &caller, Token::model(), input).await.unwrap();
    let made: Token = token.clone().to().unwrap();
    assert_eq!((made.user, made.intent), (a.pk, Intent::Api));
    assert_ne!(made.key, "stolen");
    assert!(made.expires.is_some());
    let change = json!({"user": b.pk, "intent": "app_password", "key": "x"});
    let after: Token = update(&app, &caller, &token, change).await.unwrap().to().unwrap();
    assert_eq!((after.user, after.intent, after.key), (a.pk, Intent::Api, made.key.clone()));
    let wrong = json!({"identifier": "w", "intent": "recovery"});
    let wrong = create(&app, &caller, Token::model(), wrong).await.unwrap_err();
    assert_eq!(wrong.body, json!({"intent": ["Invalid intent recovery"]}));
    assert!(Token::find(&app, app.store(), &made.key, Intent::Api).await.unwrap().is_some());
    assert!(Token::find(&app, app.store(), &made.key, Intent::AppPassword).await.unwrap().is_none());
    app.clock().advance(std::time::Duration::from_mins(31));
    assert!(Token::find(&app, app.store(), &made.key, Intent::Api).await.unwrap().is_none());
}

#[tokio::test]
async fn the_first_administrator_is_made_once() {
    let app = app_with(&[("AUTHENTIK_BOOTSTRAP_PASSWORD", "secret"), ("AUTHENTIK_BOOTSTRAP_TOKEN", "tok")]).await;
    assert_eq!(bootstrap::ensure_admin(&app).await.unwrap(), bootstrap::Admin::Ready);
    assert_eq!(bootstrap::ensure_admin(&app).await.unwrap(), bootstrap::Admin::Present);
    let admin: User = app.store().first(Filter::eq("username", "akadmin")).await.unwrap().unwrap();
    assert!(admin.is_superuser(&app.store().snapshot()));
    assert!(password::verify(&app, Some(&admin), "secret").await.unwrap());
    assert!(Token::find(&app, app.store(), "tok", Intent::Api).await.unwrap().is_some());
    assert!(!crate::setup::finish(&app).await.unwrap());
    // Deleting the account does not open the set-up again.
    app.store().delete(User::model(), admin.pk).await.unwrap();
    assert_eq!(bootstrap::ensure_admin(&app).await.unwrap(), bootstrap::Admin::Present);

    let bare = super::app().await;
    assert_eq!(bootstrap::ensure_admin(&bare).await.unwrap(), bootstrap::Admin::NeedsSetup);
    assert!(crate::setup::finish(&bare).await.unwrap());
    assert_eq!(bootstrap::ensure_admin(&bare).await.unwrap(), bootstrap::Admin::Present);
}

#[tokio::test]
async fn what_is_said_of_bad_users() {
    let app = app().await;
    let caller = Caller { superuser: true, user: Some(1), ..Caller::default() };
    for (input, said) in [
        (
            json!({"username": "u", "name": "n", "path": "//bad/"}),
            json!({"path": ["No leading or trailing slashes allowed."]}),
        ),
        (
            json!({"username": "u", "name": "n", "type": "internal_service_account"}),
            json!({"type": ["Setting a user to internal service account is not allowed."]}),
        ),
        (json!({"username": "", "name": ""}), json!({"username": ["This field may not be blank."]})),
    ] {
        assert_eq!(create(&app, &caller, User::model(), input).await.unwrap_err().body, said);
    }
    // A password given over the API is not taken.
    let input = json!({"username": "u", "name": "", "password": "x"});
    let one: User = create(&app, &caller, User::model(), input).await.unwrap().to().unwrap();
    assert!(!one.has_usable_password());
}

#[test]
fn groups_have_numbers_of_their_own() {
    let random = clock::Random::seeded(7);
    let now = clock::Clock::fake_at(1_700_000_000).now();
    let number = |uuid: object::Uuid| crate::num_pk(Some(uuid.into())).as_i64().unwrap();
    let numbers: std::collections::HashSet<i64> = (0..50).map(|_| number(random.uuid_v7(now))).collect();
    assert!(numbers.len() > 45, "made at the same moment: {numbers:?}");
    assert!(numbers.iter().all(|n| (10_000..100_000).contains(n)));
    // As authentik computes it for a key of its own.
    let theirs = object::Uuid::parse_str("b0c8c8d5-5f0f-4c39-9d1f-51a6c7a4d2b3").unwrap();
    assert_eq!(number(theirs), 23_498);
}

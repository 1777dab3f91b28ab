//! What comes with an outpost and goes with it, and what its account may see.

use std::collections::BTreeSet;

use directory::{Intent, Role, RolePermission, Token, User, UserType};
use store::{Filter, Query};

use super::*;

async fn user(app: &App, outpost: &Outpost) -> Option<User> {
    app.store().first::<User>(Filter::eq("username", outpost.username())).await.unwrap()
}

/// Codenames with the keys they are limited to.
async fn grants(app: &App, outpost: &Outpost) -> BTreeSet<String> {
    let user = user(app, outpost).await.unwrap();
    let roles = user.roles.iter().map(|r| r.0);
    let query = Query::filter(Filter::any_of("role", roles));
    let found: Vec<RolePermission> = app.store().find(&query).await.unwrap();
    found.into_iter().map(|p| format!("{} {}", p.codename, p.object_pk)).collect()
}

fn set(items: &[String]) -> BTreeSet<String> {
    let own = ["authentik_events.add_event ".to_owned()];
    items.iter().chain(&own).cloned().collect()
}

#[tokio::test]
async fn the_embedded_outpost_is_made_once_and_stays() {
    let app = app().await;
    let outpost = ready(&app).await;
    assert_eq!((outpost.name.as_str(), outpost.is_embedded()), (embedded::NAME, true));
    assert_eq!(outpost.config["authentik_host"], "");
    let (before, token) = (user(&app, &outpost).await.unwrap(), outpost.token_identifier());
    assert_eq!((before.r#type, before.path.as_str()), (UserType::InternalServiceAccount, "goauthentik.io/outposts"));
    assert!(!before.has_usable_password());
    let version = app.store().snapshot().version();
    embedded::ensure(&app).await.unwrap();
    assert_eq!(app.store().snapshot().version(), version, "a second start changes nothing");
    assert_eq!(user(&app, &outpost).await.unwrap().pk, before.pk);
    let token: Token = app.store().first(Filter::eq("identifier", token)).await.unwrap().unwrap();
    assert_eq!((token.user, token.intent, token.expiring), (before.pk, Intent::Api, false));

    let record = outpost.to_record();
    for input in [json!({"name": "x"}), json!({"managed": null}), json!({"type": "ldap"})] {
        let name = input.as_object().unwrap().keys().next().unwrap().clone();
        assert!(update(&app, &record, input).await.unwrap_err().get(&name).is_some(), "{name}");
    }
    update(&app, &record, json!({"providers": [], "config": {"log_level": "trace"}})).await.unwrap();
    assert!(delete(&app, &record).await.is_err());
    let forged = json!({"name": "y", "type": "proxy", "providers": [], "config": {}, "managed": embedded::MANAGED});
    assert!(create::<Outpost>(&app, forged).await.is_err());
}

#[tokio::test]
async fn the_settings_do_without_it() {
    let app = app_with(&[("AUTHENTIK_WEB__DISABLE_EMBEDDED_OUTPOST", "true")]).await;
    embedded::ensure(&app).await.unwrap();
    assert!(crate::embedded(&app).is_none());
}

#[tokio::test]
async fn providers_have_to_fit_the_type() {
    let app = app().await;
    let door = provider::<Door>(&app, "door").await;
    let input = |providers: Json| json!({"name": "x", "type": "proxy", "providers": providers, "config": {"authentik_host": 3}});
    let wrong = create::<Outpost>(&app, input(json!([door.key()]))).await.unwrap_err();
    assert_eq!(wrong["providers"][0], "Outpost type proxy can't be used with DoorProvider providers.");
    assert!(wrong["config"][0].as_str().unwrap().starts_with("Failed to validate config: "));
    let none = create::<Outpost>(&app, input(json!([]))).await.unwrap_err();
    assert_eq!(none["providers"][0], "This list may not be empty.");
    let gone = create::<Outpost>(&app, input(json!([999]))).await.unwrap_err();
    assert_eq!(gone["providers"][0], "Invalid pk \"999\" - object does not exist.");
}

#[tokio::test]
async fn the_account_sees_what_the_outpost_serves_and_nothing_else() {
    let app = app().await;
    let (one, two) = (provider::<Proxy>(&app, "one").await, provider::<Proxy>(&app, "two").await);
    let made = outpost(&app, "o", &[&one]).await;
    let other = outpost(&app, "other", &[&two]).await;
    let key = |r: &Record| r.key().unwrap().to_string();
    let view = |r: &Record| format!("authentik_providers_proxy.view_proxyprovider {}", key(r));
    let itself = |o: &Outpost| format!("authentik_outposts.view_outpost {}", o.pk);
    assert_eq!(grants(&app, &made).await, set(&[itself(&made), view(&one)]));
    assert_eq!(grants(&app, &other).await, set(&[itself(&other), view(&two)]));

    keys::ensure_default(&app).await.unwrap();
    let certificate = app.store().snapshot().all::<CertificateKeyPair>()[0].to_record();
    let with = update(&app, &one, json!({"certificate": certificate.key()})).await.unwrap();
    let pair = |what: &str| format!("authentik_crypto.view_certificatekeypair{what} {}", key(&certificate));
    let all = [itself(&made), view(&one), pair(""), pair("_certificate"), pair("_key")];
    assert_eq!(grants(&app, &made).await, set(&all));
    assert_eq!(grants(&app, &other).await, set(&[itself(&other), view(&two)]));
    update(&app, &with, json!({"certificate": null})).await.unwrap();
    assert_eq!(grants(&app, &made).await, set(&[itself(&made), view(&one)]));

    let both = update(&app, &made.to_record(), json!({"providers": [one.key(), two.key()]})).await.unwrap();
    assert_eq!(grants(&app, &made).await, set(&[itself(&made), view(&one), view(&two)]));
    delete(&app, &two).await.unwrap();
    assert_eq!(grants(&app, &made).await, set(&[itself(&made), view(&one)]));
    assert_eq!(grants(&app, &other).await, set(&[itself(&other)]));

    let account = user(&app, &made).await.unwrap();
    delete(&app, &both).await.unwrap();
    assert!(user(&app, &made).await.is_none());
    assert!(!app.store().exists(Token::model(), Filter::eq("user", account.pk)).await.unwrap());
    assert!(!app.store().exists(Role::model(), Filter::any_of("pk", account.roles.iter().map(|r| r.0))).await.unwrap());
    assert!(user(&app, &other).await.is_some());
}

#[tokio::test]
async fn what_was_deleted_by_hand_comes_back_and_a_planted_account_is_emptied() {
    let app = app().await;
    let one = provider::<Proxy>(&app, "one").await;
    let made = outpost(&app, "o", &[&one]).await;
    let account = user(&app, &made).await.unwrap();
    delete(&app, &account.to_record()).await.unwrap();
    // Somebody makes an account of that name with a password and a token of their own.
    let planted = json!({"username": made.username(), "name": "mine"});
    let planted = create::<User>(&app, planted).await.unwrap();
    let token = json!({"identifier": "mine", "intent": "api", "user": planted.key()});
    create::<Token>(&app, token).await.unwrap();
    crate::account::ensure_all(&app).await.unwrap();
    let account = user(&app, &made).await.unwrap();
    assert_eq!(
        (account.r#type, account.name.as_str()),
        (UserType::InternalServiceAccount, "Outpost o Service-Account")
    );
    let tokens: Vec<Token> = app.store().find(&Query::filter(Filter::eq("user", account.pk))).await.unwrap();
    assert_eq!(tokens.iter().map(|t| t.identifier.clone()).collect::<Vec<_>>(), [made.token_identifier()]);
}

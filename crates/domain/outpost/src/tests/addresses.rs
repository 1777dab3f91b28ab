//! Where people are sent to log in.

use directory::{Group, User};
use url::Url;

use super::*;
use crate::{Visitor, host};

/// What `host` says, or that it names the remedy.
fn said(app: &App, outpost: &Outpost, domain: Option<&str>) -> Option<String> {
    let domain = domain.map(|domain| Url::parse(domain).unwrap());
    match host(app, outpost, Visitor { domain: domain.as_ref(), is_here: true }) {
        Ok(url) => Some(url.to_string()),
        Err(problem) => {
            assert!(problem.body["detail"].as_str().unwrap().contains("AUTHENTIK_HOST"));
            None
        }
    }
}

async fn logs_in(app: &App, user: &User, origin: &str) {
    crate::address::logged_in(app, user, origin).await;
}

/// Somebody without and somebody with all rights.
async fn people(app: &App) -> (User, User) {
    let group = create::<Group>(app, json!({"name": "admins", "is_superuser": true})).await.unwrap();
    let stranger = json!({"username": "stranger", "name": "stranger"});
    let admin = json!({"username": "admin", "name": "admin", "groups": [group.key()]});
    let (stranger, admin) = (create::<User>(app, stranger).await.unwrap(), create::<User>(app, admin).await.unwrap());
    (stranger.to().unwrap(), admin.to().unwrap())
}

#[tokio::test]
async fn what_somebody_set_counts_first() {
    let app = app().await;
    let outpost = ready(&app).await;
    assert_eq!(said(&app, &outpost, None), None);
    let brand = json!({"domain": "id.example.com", "default": true});
    create::<brand::Brand>(&app, brand).await.unwrap();
    assert_eq!(said(&app, &outpost, None).unwrap(), "https://id.example.com/");
    assert_eq!(said(&app, &outpost, Some("https://auth.team.example/")).unwrap(), "https://id.example.com/");
    let record = outpost.to_record();
    let config = json!({"config": {"authentik_host": "http://inside:9000"}});
    let named: Outpost = update(&app, &record, config).await.unwrap().to().unwrap();
    assert_eq!(said(&app, &named, None).unwrap(), "http://inside:9000/");
    let config =
        json!({"config": {"authentik_host": "http://inside:9000", "authentik_host_browser": "https://b.example"}});
    let named: Outpost = update(&app, &record, config).await.unwrap().to().unwrap();
    assert_eq!(said(&app, &named, None).unwrap(), "https://b.example/");

    for (variables, expected) in [
        (&[("AUTHENTIK_HOST", "https://set.example.com")][..], Some("https://set.example.com/")),
        (
            &[("AUTHENTIK_HOST", "http://a"), ("AUTHENTIK_HOST_BROWSER", "https://b.example")][..],
            Some("https://b.example/"),
        ),
    ] {
        let app = app_with(variables).await;
        let outpost = ready(&app).await;
        assert_eq!(said(&app, &outpost, None).as_deref(), expected);
    }
    // The settings of the process go before what was kept at another time.
    let app = app_with(&[("AUTHENTIK_HOST", "https://set.example.com")]).await;
    let record = ready(&app).await.to_record();
    let named = update(&app, &record, json!({"config": {"authentik_host": "http://localhost:9000"}})).await.unwrap();
    assert_eq!(said(&app, &named.to().unwrap(), None).unwrap(), "https://set.example.com/");
}

#[tokio::test]
async fn a_provider_for_a_domain_names_the_server_itself() {
    let app = app().await;
    let outpost = ready(&app).await;
    let domain = Some("https://auth.team.example:8443/deep?x");
    assert_eq!(said(&app, &outpost, domain).unwrap(), "https://auth.team.example:8443/");
    assert_eq!(said(&app, &outpost, Some("http://0.0.0.0:9000")), None);
    let (_, admin) = people(&app).await;
    logs_in(&app, &admin, "http://localhost:9000").await;
    assert_eq!(said(&app, &outpost, domain).unwrap(), "https://auth.team.example:8443/");
    logs_in(&app, &admin, "https://id.example.com").await;
    assert_eq!(said(&app, &outpost, domain).unwrap(), "https://id.example.com/");
}

#[tokio::test]
async fn an_administrators_login_tells_the_address_and_nobody_elses_does() {
    let app = app().await;
    let outpost = ready(&app).await;
    let (stranger, admin) = people(&app).await;
    logs_in(&app, &stranger, "https://evil.example").await;
    logs_in(&app, &admin, "http://0.0.0.0:9000").await;
    logs_in(&app, &admin, "http://[::]:9000").await;
    assert_eq!(said(&app, &outpost, None), None);
    // Each that more people can reach takes the place of the one before, and never the other way round.
    for (origin, now) in [
        ("http://localhost:9000", "http://localhost:9000/"),
        ("http://127.0.0.1:9000", "http://localhost:9000/"),
        ("http://192.0.2.7:9000", "http://192.0.2.7:9000/"),
        ("http://keywright:9000", "http://192.0.2.7:9000/"),
        ("http://id.localhost", "http://192.0.2.7:9000/"),
        ("http://id.example.com", "http://id.example.com/"),
        ("https://id.example.com:8443", "https://id.example.com:8443/"),
        ("https://other.example.com", "https://id.example.com:8443/"),
        ("http://localhost:9000", "https://id.example.com:8443/"),
    ] {
        logs_in(&app, &admin, origin).await;
        assert_eq!(said(&app, &outpost, None).unwrap(), now, "after {origin}");
        // Nobody is sent to a machine that is their own.
        let elsewhere = host(&app, &outpost, Visitor::default()).ok().map(|url| url.to_string());
        assert_eq!(elsewhere, Some(now.to_owned()).filter(|now| !now.contains("localhost")), "after {origin}");
    }
    logs_in(&app, &stranger, "https://evil.example").await;
    assert_eq!(said(&app, &outpost, None).unwrap(), "https://id.example.com:8443/");
    // A brand stands for all names below its domain: the one in use is known better.
    let brand = json!({"domain": "example.com", "default": true});
    let brand = create::<brand::Brand>(&app, brand).await.unwrap();
    assert_eq!(said(&app, &outpost, None).unwrap(), "https://id.example.com:8443/");
    update(&app, &brand, json!({"domain": "example.org"})).await.unwrap();
    assert_eq!(said(&app, &outpost, None).unwrap(), "https://example.org/");
}

//! What outposts say of themselves and are told.

use std::time::Duration;

use super::*;
use crate::instance::{Instance, health};
use crate::{Ear, Heard, Instruction, Told, end_session, fingerprint, instruct, of_provider, providers_of};

#[tokio::test]
async fn a_fingerprint_changes_with_what_the_outpost_works_with() {
    let app = app().await;
    let (one, two) = (provider::<Proxy>(&app, "one").await, provider::<Proxy>(&app, "two").await);
    let made = outpost(&app, "o", &[&one]).await;
    let print = || fingerprint::of(&app.store().snapshot(), made.pk).unwrap();
    let mut last = print();
    let mut changed = || {
        let now = print();
        std::mem::replace(&mut last, now) != now
    };
    let one = update(&app, &one, json!({"name": "uno"})).await.unwrap();
    assert!(changed(), "the provider");
    update(&app, &two, json!({"name": "due"})).await.unwrap();
    assert!(!changed(), "a provider of somebody else");
    let application = json!({"name": "a", "slug": "a", "provider": one.key()});
    let application = create::<apps::Application>(&app, application).await.unwrap();
    assert!(changed(), "its application");
    update(&app, &application, json!({"slug": "b"})).await.unwrap();
    assert!(changed(), "its application's slug");
    keys::ensure_default(&app).await.unwrap();
    assert!(!changed(), "a certificate of nobody");
    let certificate = app.store().snapshot().all::<CertificateKeyPair>()[0].to_record();
    update(&app, &one, json!({"certificate": certificate.key()})).await.unwrap();
    assert!(changed(), "the provider's certificate");
    update(&app, &certificate, json!({"name": "renamed"})).await.unwrap();
    assert!(changed(), "the certificate itself");
    update(&app, &made.to_record(), json!({"config": {"log_level": "debug"}})).await.unwrap();
    assert!(changed(), "the outpost");

    let snapshot = app.store().snapshot();
    assert_eq!(providers_of(&snapshot, made.pk).iter().map(|r| r.text("name")).collect::<Vec<_>>(), ["uno"]);
    let outposts = of_provider(&snapshot, Id::from_key(one.key().unwrap()).unwrap());
    assert_eq!(outposts.iter().map(|o| o.pk).collect::<Vec<_>>(), [made.pk]);
    delete(&app, &made.to_record()).await.unwrap();
    assert_eq!(fingerprint::of(&app.store().snapshot(), made.pk), None);
}

#[tokio::test]
async fn instructions_are_heard_once_they_are_committed() {
    let app = app().await;
    let embedded = ready(&app).await;
    let mut ear = Ear::new(&app);
    let tx = app.store().begin().await.unwrap();
    instruct(&tx, embedded.pk, Instruction::ProviderSpecific(map(json!({"a": 1})))).await.unwrap();
    tx.rollback().await.unwrap();
    end_session(app.store(), "s").await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(5), ear.next()).await.unwrap();
    let instruction = Instruction::SessionEnd { session: "s".into() };
    assert_eq!(heard, Some(Heard::Told(Told { outpost: None, instruction: instruction.clone() })));
    let hash = "043a718774c572bd8a25adbeb1bfcd5c0256ae11cecf9f9c3f925d0e52beaf89";
    let ids: Vec<Json> = instruction.messages().into_iter().map(|m| m["args"]["session_id"].clone()).collect();
    assert_eq!(ids, [json!("s"), json!(hash)]);
    assert_eq!(Instruction::TriggerUpdate.messages(), [json!({"instruction": 2, "args": {}})]);
}

#[tokio::test]
async fn a_login_that_runs_out_is_told_once() {
    let app = app().await;
    let now = app.clock().now();
    let user = create::<directory::User>(&app, json!({"username": "u", "name": "u"})).await.unwrap();
    let user = user.key().and_then(Id::<directory::User>::from_key);
    let mut logins = Vec::new();
    for (name, seconds) in [("short", 30), ("long", 3600)] {
        let session = directory::Session {
            pk: Id(app.random().uuid_v4()),
            key_hash: name.into(),
            user,
            data: Map::new(),
            expires: now + clock::SignedDuration::from_secs(seconds),
            expiring: true,
            last_used: now,
            last_ip: String::new(),
            last_user_agent: String::new(),
        };
        app.store().insert(&session).await.unwrap();
        let login = directory::AuthenticatedSession {
            pk: Id(app.random().uuid_v4()),
            session: session.pk,
            user: user.unwrap(),
        };
        app.store().insert(&login).await.unwrap();
        logins.push(login.pk);
    }
    let mut ear = Ear::new(&app);
    app.clock().advance(Duration::from_mins(1));
    let job = directory::FEATURE.jobs.iter().find(|j| j.name == "sessions_expire").unwrap();
    for _ in 0..2 {
        (job.run)(&app).await.unwrap();
    }
    let instruction = Instruction::SessionEnd { session: logins[0].0.simple().to_string() };
    let heard = tokio::time::timeout(Duration::from_secs(5), ear.next()).await.unwrap();
    assert_eq!(heard, Some(Heard::Told(Told { outpost: None, instruction })));
    assert!(tokio::time::timeout(Duration::from_millis(50), ear.next()).await.is_err(), "the other login goes on");
    let left: Vec<directory::AuthenticatedSession> = app.store().find(&store::Query::all()).await.unwrap();
    assert_eq!(left.iter().map(|l| l.pk).collect::<Vec<_>>(), [logins[1]]);
}

#[tokio::test]
async fn an_instance_is_healthy_for_a_while_after_its_word() {
    let app = app().await;
    let one = provider::<Proxy>(&app, "one").await;
    let made = outpost(&app, "o", &[&one]).await;
    assert_eq!(health(&app, &made).await.unwrap(), Vec::<Json>::new());
    let said = map(json!({"version": "2025.10.0", "hostname": "h\n".repeat(500), "opensslEnabled": "yes", "x": 1}));
    for _ in 0..2 {
        Instance::said(made.pk, "uid", app.clock().now(), &said).keep(&app).await.unwrap();
    }
    let shown = health(&app, &made).await.unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!((&shown[0]["uid"], &shown[0]["version_outdated"]), (&json!("uid"), &json!(true)));
    assert_eq!(shown[0]["hostname"].as_str().unwrap(), "h".repeat(255));
    app.clock().advance(Duration::from_secs(16));
    assert_eq!(health(&app, &made).await.unwrap(), Vec::<Json>::new());
    app.clock().advance(Duration::from_hours(25));
    crate::instance::expire(&app).await.unwrap();
    assert!(!app.store().exists(Instance::model(), store::Filter::True).await.unwrap());

    let embedded = ready(&app).await;
    assert_eq!(health(&app, &embedded).await.unwrap()[0]["version"], brand::API_VERSION);
}

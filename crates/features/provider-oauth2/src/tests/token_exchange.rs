//! Agents that act for people: what they get, and everything that they do not.

use std::sync::Arc;
use std::time::Duration;

use object::{Id, Object};
use serde_json::{Value as Json, json};
use store::{Filter, PostgresConfig, Query, Store};

use super::world::{World, catalogue, claims, create, int, text};

const EXCHANGE: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";

/// Beside the client `c`, where people log in: `cluster`, which takes the tokens of `c` and of `agents`, and `agents`, whose
/// tokens programs hold. `other` is trusted by nobody.
struct Team {
    world: World,
    cluster: Json,
}

impl Team {
    async fn new() -> Self {
        Self::on(Store::open_temporary(catalogue()).await.unwrap()).await
    }

    async fn on(store: Store) -> Self {
        let world = World::on(store, json!({"include_claims_in_id_token": true})).await;
        let agents = world.client("agents", json!({})).await;
        world.client("other", json!({})).await;
        let cluster = world.client("cluster", json!({"jwt_federation_providers": [world.provider, agents.0]})).await;
        Self { world, cluster: json!(cluster.0) }
    }

    /// A token of the person, from the client `c`.
    async fn person(&self) -> String {
        self.at_c(&[("scope", "openid profile groups")]).await
    }

    async fn at_c(&self, more: &[(&str, &str)]) -> String {
        let refresh = self.world.refresh_token_for(&["openid", "profile", "groups", "offline_access"]).await;
        let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let all =
            more.iter().map(|(n, v)| (*n, if *n == "scope" { format!("{v} offline_access") } else { (*v).to_owned() }));
        let all: Vec<(&str, String)> = all.collect();
        fields.extend(all.iter().map(|(n, v)| (*n, v.as_str())));
        let (status, answer) = self.world.token(&fields).await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// A token of an agent, from the client `agents`.
    async fn agent(&self) -> String {
        let (status, answer) =
            self.as_client("agents", &[("grant_type", "client_credentials"), ("scope", "openid")]).await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn as_client(&self, client: &str, fields: &[(&str, &str)]) -> (u16, Json) {
        let mut all = vec![("client_id", client), ("client_secret", "s")];
        all.extend_from_slice(fields);
        let (status, answer) = self.world.post("/application/o/token/", &all).await;
        (status.as_u16(), answer)
    }

    /// The usual request: the cluster's client exchanges the person's token for the agent.
    async fn exchange(&self, subject: &str, more: &[(&str, &str)]) -> (u16, Json) {
        let mut fields = vec![EXCHANGE, ("subject_token", subject), ("subject_token_type", ACCESS)];
        fields.extend_from_slice(more);
        self.as_client("cluster", &fields).await
    }

    async fn set(
        &self,
        model: &'static object::Model,
        key: impl Into<object::Value>,
        field: &'static str,
        value: impl Into<object::Value>,
    ) {
        let filter = Filter::eq(model.key_field().name, key);
        self.world.app.store().change(model, filter, vec![(field, value.into())]).await.unwrap();
    }
}

fn refused(answer: &(u16, Json), error: &str) {
    assert_eq!((answer.0, answer.1["error"].as_str()), (400, Some(error)), "{}", answer.1);
    assert!(answer.1.get("access_token").is_none());
}

#[tokio::test]
async fn an_agent_gets_a_token_that_names_the_person_and_itself() {
    let team = Team::new().await;
    let agent = team.agent().await;
    let person = team.person().await;
    let (status, answer) = team
        .exchange(&person, &[("actor_token", &agent), ("actor_token_type", ACCESS), ("scope", "openid groups")])
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["issued_token_type"], ACCESS);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["scope"], "openid groups");
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none());
    let token = claims(&answer["access_token"]);
    assert_eq!(token["aud"], "cluster");
    assert_eq!(token["iss"], "http://localhost/application/o/cluster/");
    assert_eq!(token["groups"], json!(["a", "b"]));
    let of_person = claims(&json!(person));
    assert_eq!(token["sub"], of_person["sub"]);
    assert_eq!(token["act"]["sub"], claims(&json!(agent))["sub"]);
    assert_eq!(token["act"]["client_id"], "cluster");
    assert!(token["act"].get("act").is_none());

    // Introspection and userinfo say it, too.
    let exchanged = answer["access_token"].as_str().unwrap();
    let (_, told) = team.world.get("/application/o/userinfo/", Some(exchanged)).await;
    assert_eq!((&told["sub"], &told["act"]), (&token["sub"], &token["act"]));
    let (_, told) = team
        .world
        .post("/application/o/introspect/", &[("token", exchanged), ("client_id", "cluster"), ("client_secret", "s")])
        .await;
    assert_eq!((&told["active"], &told["act"]), (&json!(true), &token["act"]));
}

#[tokio::test]
async fn the_record_names_both() {
    let team = Team::new().await;
    let (status, _) = team.exchange(&team.person().await, &[]).await;
    assert_eq!(status, 200);
    let query = Query::filter(Filter::eq("action", "authorize_application"));
    let events: Vec<events::Event> = team.world.app.store().find(&query).await.unwrap();
    let [event] = events.as_slice() else { panic!("{}", events.len()) };
    assert_eq!(event.user["username"], "u");
    assert_eq!(event.context["actor"]["username"], "ak-cluster-client_credentials");
    assert_eq!(event.context["authorized_application"]["name"], "cluster");
    assert_eq!(event.context["actor_proof"], "client_secret");
}

#[tokio::test]
async fn discovery_lists_the_grant_where_it_is_given() {
    let team = Team::new().await;
    for (slug, is_listed) in [("cluster", true), ("app", false)] {
        let (_, document) =
            team.world.get(&format!("/application/o/{slug}/.well-known/openid-configuration"), None).await;
        let grants = document["grant_types_supported"].as_array().unwrap();
        assert_eq!(grants.contains(&json!(EXCHANGE.1)), is_listed, "{slug}");
    }
}

#[tokio::test]
async fn an_id_token_of_a_login_does_for_the_subject() {
    let team = Team::new().await;
    let session = super::logout::session(&team.world).await;
    let refresh = team.world.refresh_token_for(&["openid", "groups", "offline_access"]).await;
    team.set(crate::RefreshToken::model(), 1, "session", session.0).await;
    let (_, answer) = team.world.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
    let id_token = answer["id_token"].as_str().unwrap();
    assert!(claims(&answer["id_token"])["sid"].is_string());
    let exchange = async |token: &str| {
        team.as_client("cluster", &[EXCHANGE, ("subject_token", token), ("subject_token_type", ID)]).await
    };
    let (status, exchanged) = exchange(id_token).await;
    assert_eq!(status, 200, "{exchanged}");
    assert_eq!(exchanged["scope"], "openid groups");
    // An access token is none, and with its session the login is over.
    refused(&exchange(answer["access_token"].as_str().unwrap()).await, "invalid_grant");
    team.world.app.store().delete_where(directory::Session::model(), Filter::True).await.unwrap();
    refused(&exchange(id_token).await, "invalid_grant");
    // What was got in exchange ends with the session.
    assert!(!team.world.is_active(exchanged["access_token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn agents_that_act_for_each_other_stand_in_a_row() {
    let team = Team::new().await;
    let (_, first) = team.exchange(&team.person().await, &[]).await;
    let agent = team.agent().await;
    let mut token = first["access_token"].as_str().unwrap().to_owned();
    let second = [("actor_token", agent.as_str()), ("actor_token_type", JWT)];
    let (status, answer) = team.exchange(&token, &second).await;
    assert_eq!(status, 200, "{answer}");
    let act = &claims(&answer["access_token"])["act"];
    assert_eq!(act["sub"], claims(&json!(agent))["sub"]);
    assert_eq!(act["act"], claims(&first["access_token"])["act"]);
    // Not for ever.
    let mut status = 200;
    for _ in 0..6 {
        let (got, answer) = team.exchange(&token, &second).await;
        status = got;
        match answer["access_token"].as_str() {
            Some(next) => token = next.to_owned(),
            None => refused(&(got, answer), "invalid_request"),
        }
    }
    assert_eq!(status, 400);
}

#[tokio::test]
async fn scopes_become_fewer_never_more() {
    let team = Team::new().await;
    let person = team.at_c(&[("scope", "openid profile")]).await;
    refused(&team.exchange(&person, &[("scope", "openid groups")]).await, "invalid_scope");
    let (_, answer) = team.exchange(&person, &[]).await;
    assert_eq!(answer["scope"], "openid profile");
    for never in ["offline_access", "goauthentik.io/api"] {
        refused(&team.exchange(&person, &[("scope", never)]).await, "invalid_scope");
    }
}

#[tokio::test]
async fn it_ends_no_later_than_what_was_exchanged() {
    let team = Team::new().await;
    let person = team.person().await;
    team.world.app.clock().advance(Duration::from_mins(50));
    let (_, answer) = team.exchange(&person, &[]).await;
    assert_eq!(answer["expires_in"], 600);
    assert_eq!(claims(&answer["access_token"])["exp"], claims(&json!(person))["exp"]);
    team.world.app.clock().advance(Duration::from_mins(11));
    refused(&team.exchange(&person, &[]).await, "invalid_grant");
}

#[tokio::test]
async fn whose_tokens_are_taken_is_said_explicitly() {
    let team = Team::new().await;
    let person = team.person().await;
    // `c` names nobody, so it takes no part; `other` is not named by the cluster.
    let fields = [EXCHANGE, ("subject_token", person.as_str()), ("subject_token_type", ACCESS)];
    refused(&team.as_client("c", &fields).await, "unauthorized_client");
    refused(&team.as_client("other", &fields).await, "unauthorized_client");
    let mut at_cluster = fields.to_vec();
    at_cluster.push(("audience", "cluster"));
    refused(&team.as_client("other", &at_cluster).await, "invalid_target");
    // Named by the cluster, `c` may ask for its own people; `agents` does not take the tokens of `c`.
    let (status, answer) = team.as_client("c", &at_cluster).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(claims(&answer["access_token"])["aud"], "cluster");
    assert_eq!(claims(&answer["access_token"])["act"]["client_id"], "c");
    refused(&team.as_client("agents", &at_cluster).await, "invalid_grant");
    // A token of `other` is foreign to the cluster.
    let (_, foreign) = team.as_client("other", &[("grant_type", "client_credentials"), ("scope", "openid")]).await;
    refused(&team.exchange(foreign["access_token"].as_str().unwrap(), &[]).await, "invalid_grant");
    let actor = [("actor_token", foreign["access_token"].as_str().unwrap()), ("actor_token_type", ACCESS)];
    refused(&team.exchange(&person, &actor).await, "invalid_grant");
}

#[tokio::test]
async fn targets_must_be_known_and_one() {
    let team = Team::new().await;
    let person = team.person().await;
    let ask = async |target: &[(&str, &str)]| {
        let mut fields = vec![EXCHANGE, ("subject_token", person.as_str()), ("subject_token_type", ACCESS)];
        fields.extend_from_slice(target);
        team.as_client("c", &fields).await
    };
    refused(&ask(&[("audience", "nobody")]).await, "invalid_target");
    refused(&ask(&[("resource", "https://cluster.example/")]).await, "invalid_target");
    refused(&ask(&[("audience", "cluster"), ("audience", "agents")]).await, "invalid_target");
    let ours = "http://localhost/application/o/cluster/";
    for target in [("audience", "cluster"), ("audience", ours), ("resource", ours)] {
        assert_eq!(ask(&[target]).await.0, 200, "{target:?}");
    }
}

#[tokio::test]
async fn the_target_must_let_both_in() {
    for keeps_out in ["person", "agent"] {
        let team = Team::new().await;
        let (person, agent) = (team.person().await, team.agent().await);
        let actor = [("actor_token", agent.as_str()), ("actor_token_type", ACCESS)];
        let account = directory::User::model();
        let found = Query::filter(Filter::eq("username", "ak-agents-client_credentials"));
        let found: Vec<directory::User> = team.world.app.store().find(&found).await.unwrap();
        let admitted = if keeps_out == "person" { found[0].pk.0 } else { team.world.user };
        assert_eq!(account.name(), "authentik_core.user");
        let application: apps::Application =
            team.world.app.store().first(Filter::eq("slug", "cluster")).await.unwrap().unwrap();
        let target = application.base.pk.to_string();
        create::<policy::PolicyBinding>(&team.world.app, json!({"target": target, "user": admitted, "order": 0})).await;
        refused(&team.exchange(&person, &actor).await, "invalid_grant");
        // With both admitted it works.
        let other = if keeps_out == "person" { team.world.user } else { found[0].pk.0 };
        create::<policy::PolicyBinding>(&team.world.app, json!({"target": target, "user": other, "order": 1})).await;
        let (status, answer) = team.exchange(&person, &actor).await;
        assert_eq!(status, 200, "{answer}");
    }
}

/// At the gate before an application of another client, which takes the tokens of the one they were exchanged for.
#[tokio::test]
async fn the_gate_must_let_both_in() {
    let team = Team::new().await;
    let (wiki, application) = team.world.client("wiki", json!({"jwt_federation_providers": [team.cluster]})).await;
    let (person, agent) = (team.person().await, team.agent().await);
    let (status, answer) = team.exchange(&person, &[("actor_token", &agent), ("actor_token_type", ACCESS)]).await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["access_token"].as_str().unwrap();
    let origin = net::Origin { scheme: net::Scheme::Http, host: "localhost".to_owned() };
    let inside = crate::in_process::Inside {
        app: &team.world.app,
        provider: wiki,
        base: "http://localhost",
        origin: &origin,
        http: Arc::default(),
        caller: feature::Caller::default(),
    };
    let is_let_in = async || inside.bearer(token).await.ok().flatten().is_some();
    assert!(is_let_in().await);
    let bind = async |user: i64, order: i64| {
        let binding = json!({"target": application, "user": user, "order": order});
        create::<policy::PolicyBinding>(&team.world.app, binding).await;
    };
    bind(team.world.user, 0).await;
    assert!(!is_let_in().await, "the agent is none of those who may");
    let found = Filter::eq("username", "ak-agents-client_credentials");
    let found: directory::User = team.world.app.store().first(found).await.unwrap().unwrap();
    bind(found.pk.0, 1).await;
    assert!(is_let_in().await);
}

#[tokio::test]
async fn who_asks_must_prove_it() {
    let team = Team::new().await;
    let (person, agent) = (team.person().await, team.agent().await);
    let fields =
        [EXCHANGE, ("client_id", "cluster"), ("subject_token", person.as_str()), ("subject_token_type", ACCESS)];
    let without = async |more: &[(&str, &str)]| {
        let mut all = fields.to_vec();
        all.extend_from_slice(more);
        let (status, answer) = team.world.post("/application/o/token/", &all).await;
        (status.as_u16(), answer)
    };
    refused(&without(&[]).await, "invalid_client");
    refused(&without(&[("client_secret", "wrong")]).await, "invalid_client");
    let actor = [("actor_token", agent.as_str()), ("actor_token_type", ACCESS)];
    let mut wrong = actor.to_vec();
    wrong.push(("client_secret", "wrong"));
    refused(&without(&wrong).await, "invalid_client");
    // The agent's own token proves the agent, but no client that would ask for another one's tokens.
    assert_eq!(without(&actor).await.0, 200);
    let mut at_other = actor.to_vec();
    at_other.push(("audience", "agents"));
    refused(&without(&at_other).await, "invalid_client");
}

#[tokio::test]
async fn people_do_not_act_for_people() {
    let team = Team::new().await;
    let person = team.person().await;
    let second = int(&create::<directory::User>(&team.world.app, json!({"username": "v", "name": "V"})).await);
    let theirs = team.person().await;
    team.set(crate::AccessToken::model(), 2, "user", Id::<directory::User>(second)).await;
    let actor = [("actor_token", theirs.as_str()), ("actor_token_type", ACCESS)];
    refused(&team.exchange(&person, &actor).await, "invalid_grant");
    // Nor does a token that was got for somebody prove the agent that got it.
    let (_, delegated) = team.exchange(&person, &[]).await;
    let actor = [("actor_token", delegated["access_token"].as_str().unwrap()), ("actor_token_type", ACCESS)];
    refused(&team.exchange(&theirs, &actor).await, "invalid_grant");
    let assertion = [
        ("grant_type", "client_credentials"),
        ("client_id", "cluster"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", delegated["access_token"].as_str().unwrap()),
    ];
    let (status, answer) = team.world.post("/application/o/token/", &assertion).await;
    refused(&(status.as_u16(), answer), "invalid_grant");
}

#[tokio::test]
async fn with_the_agent_its_tokens_end() {
    let team = Team::new().await;
    let (person, agent) = (team.person().await, team.agent().await);
    let actor = [("actor_token", agent.as_str()), ("actor_token_type", ACCESS)];
    let (_, answer) = team.exchange(&person, &actor).await;
    let exchanged = answer["access_token"].as_str().unwrap();
    let user = directory::User::model();
    let filter = Filter::eq("username", "ak-agents-client_credentials");
    team.world.app.store().change(user, filter, vec![("is_active", false.into())]).await.unwrap();
    assert_eq!(team.world.get("/application/o/userinfo/", Some(exchanged)).await.0, 401);
    refused(&team.exchange(&person, &actor).await, "invalid_grant");
    // And with the person.
    let (_, answer) = team.exchange(&person, &[]).await;
    team.set(user, Id::<directory::User>(team.world.user), "is_active", false).await;
    let exchanged = answer["access_token"].as_str().unwrap();
    assert_eq!(team.world.get("/application/o/userinfo/", Some(exchanged)).await.0, 401);
    refused(&team.exchange(&person, &[]).await, "invalid_grant");
}

#[tokio::test]
async fn may_act_names_the_only_actors() {
    let team = Team::new().await;
    let agent = team.agent().await;
    let actor = [("actor_token", agent.as_str()), ("actor_token_type", ACCESS)];
    let ours = claims(&json!(agent))["sub"].clone();
    for (may_act, is_meant) in [
        (json!({"sub": ours}), true),
        (json!({"sub": "ak-agents-client_credentials", "client_id": "cluster"}), true),
        (json!({"sub": "somebody-else"}), false),
        (json!({"sub": ours, "client_id": "c"}), false),
        (json!({"sub": ours, "email": "a@example.com"}), false),
        (json!({}), false),
        (json!("ak-agents-client_credentials"), false),
    ] {
        let person = team.person().await;
        let hash = crate::tokens::hash(&person);
        let token: crate::AccessToken =
            team.world.app.store().first(Filter::eq("token_hash", hash)).await.unwrap().unwrap();
        let mut kept = token.id_token;
        kept.insert("may_act".to_owned(), may_act.clone());
        team.set(crate::AccessToken::model(), token.pk, "id_token", Json::Object(kept)).await;
        let (status, answer) = team.exchange(&person, &actor).await;
        assert_eq!(status == 200, is_meant, "{may_act} {answer}");
    }
}

#[tokio::test]
async fn what_is_missing_or_not_given_is_named() {
    let team = Team::new().await;
    let person = team.person().await;
    refused(&team.as_client("cluster", &[EXCHANGE]).await, "invalid_request");
    refused(&team.as_client("cluster", &[EXCHANGE, ("subject_token", &person)]).await, "invalid_request");
    let saml = "urn:ietf:params:oauth:token-type:saml2";
    refused(
        &team.as_client("cluster", &[EXCHANGE, ("subject_token", &person), ("subject_token_type", saml)]).await,
        "invalid_request",
    );
    for more in [
        [("actor_token", "x"), ("scope", "openid")],
        [("actor_token_type", ACCESS), ("scope", "openid")],
        [("actor_token", "x"), ("actor_token_type", saml)],
        [("requested_token_type", ID), ("scope", "openid")],
        [("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), ("scope", "openid")],
    ] {
        refused(&team.exchange(&person, &more).await, "invalid_request");
    }
    let (_, answer) = team.exchange(&person, &[("requested_token_type", JWT)]).await;
    assert_eq!(answer["issued_token_type"], JWT);
    for forged in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let (status, answer) = team.exchange(forged, &[]).await;
        assert_eq!(status, 400, "{answer}");
    }
    assert!(
        team.cluster.is_i64()
            && !text(&create::<directory::Group>(&team.world.app, json!({"name": "x"})).await).is_empty()
    );
}

testkit::on_each_store! { catalogue();
    async fn a_revoked_token_gives_nothing_and_takes_along_what_it_gave(store: Store) {
        let team = Team::on(store).await;
        let person = team.person().await;
        let (_, answer) = team.exchange(&person, &[]).await;
        let exchanged = answer["access_token"].as_str().unwrap();
        assert_eq!(team.world.get("/application/o/userinfo/", Some(exchanged)).await.0, 200);
        let (status, _) = team
            .world
            .post("/application/o/revoke/", &[("token", &person), ("client_id", "c"), ("client_secret", "s")])
            .await;
        assert_eq!(status, 200);
        assert_eq!(team.world.get("/application/o/userinfo/", Some(exchanged)).await.0, 401);
        refused(&team.exchange(&person, &[]).await, "invalid_grant");
        refused(&team.exchange(&person[..person.len() - 1], &[]).await, "invalid_grant");
    }
}

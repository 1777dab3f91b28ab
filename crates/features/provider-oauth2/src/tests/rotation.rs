//! Keys that change: the earlier one is published until its tokens have ended, or is gone at once with its pair.

use std::time::Duration;

use jose::{Algorithm, JwkSet};
use keys::CertificateKeyPair;
use object::{Id, Object};
use serde_json::{Value as Json, json};
use store::{Filter, PostgresConfig, Store};

use super::world::{World, catalogue, change};

const CC: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("scope", "openid")];

async fn token(world: &World) -> String {
    world.token(&CC).await.1["access_token"].as_str().unwrap().to_owned()
}

async fn set(world: &World) -> JwkSet {
    serde_json::from_value(world.get("/application/o/app/jwks/", None).await.1).unwrap()
}

async fn is_verified(world: &World, token: &str) -> bool {
    jose::jws::verify_with_set(token, &set(world).await, &[Algorithm::Rs256, Algorithm::Es256]).is_ok()
}

async fn pair(world: &World, name: &str) -> CertificateKeyPair {
    world.app.store().first(Filter::eq("name", name)).await.unwrap().unwrap()
}

async fn new_pair(world: &World) -> Id<CertificateKeyPair> {
    let key = jose::KeyKind::Ec(jose::Curve::P256).generate().unwrap();
    let pair = CertificateKeyPair {
        pk: Id::unsaved(),
        name: "second".into(),
        certificate_data: String::new(),
        key_data: key.to_string(),
        managed: None,
    };
    world.app.store().insert(&pair).await.unwrap()
}

async fn sign_with(world: &World, pair: &Json) {
    change::<crate::OAuth2Provider>(
        &world.app,
        Id::<crate::OAuth2Provider>(world.provider),
        json!({"signing_key": pair}),
    )
    .await;
}

#[tokio::test]
async fn back_and_forth_publishes_each_key_once() {
    let world = World::new().await;
    let first = json!(pair(&world, "pair").await.pk.to_string());
    let second = json!(new_pair(&world).await.to_string());
    for pair in [&second, &first, &second, &first] {
        sign_with(&world, pair).await;
    }
    assert_eq!(set(&world).await.keys.len(), 2);
}

#[tokio::test]
async fn a_token_of_a_revoked_key_proves_nobody() {
    let world = World::new().await;
    let cluster = world.client("cluster", json!({"jwt_federation_providers": [world.provider]})).await;
    assert!(cluster.0 > 0);
    let old = token(&world).await;
    let proof = async || {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", "cluster"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", old.as_str()),
        ];
        world.post("/application/o/token/", &fields).await.0.as_u16()
    };
    assert_eq!(proof().await, 200);
    let second = new_pair(&world).await;
    sign_with(&world, &json!(second.to_string())).await;
    assert_eq!(proof().await, 200);
    world.app.store().delete(CertificateKeyPair::model(), pair(&world, "pair").await.pk).await.unwrap();
    assert_eq!(proof().await, 400);
}

testkit::on_each_store! { catalogue();
    async fn another_pair_leaves_the_earlier_key_published_for_its_tokens(store: Store) {
        let world = World::on(store, json!({})).await;
        let old = token(&world).await;
        let second = new_pair(&world).await;
        sign_with(&world, &json!(second.to_string())).await;
        let new = token(&world).await;
        assert_eq!(set(&world).await.keys.len(), 2);
        assert_eq!(set(&world).await.keys[0].kty, "EC");
        assert!(is_verified(&world, &old).await && is_verified(&world, &new).await);
        // Half an hour is within the hour that tokens are good for, and no longer key than that is kept.
        world.app.clock().advance(Duration::from_mins(50));
        assert!(is_verified(&world, &old).await);
        world.app.clock().advance(Duration::from_mins(16));
        assert_eq!(set(&world).await.keys.len(), 1);
        assert!(!is_verified(&world, &old).await);
    }

    async fn a_renewed_pair_does_the_same(store: Store) {
        let world = World::on(store, json!({})).await;
        let old = token(&world).await;
        let key = jose::KeyKind::Rsa2048.generate().unwrap();
        let first = pair(&world, "pair").await.pk;
        change::<CertificateKeyPair>(&world.app, first, json!({"key_data": key.to_string()})).await;
        let new = token(&world).await;
        assert_eq!(set(&world).await.keys.len(), 2);
        assert!(is_verified(&world, &old).await && is_verified(&world, &new).await);
        assert!(world.is_active(&old).await);
    }

    async fn deleting_the_pair_revokes_its_keys_at_once(store: Store) {
        let world = World::on(store, json!({})).await;
        let old = token(&world).await;
        let second = new_pair(&world).await;
        sign_with(&world, &json!(second.to_string())).await;
        let first = pair(&world, "pair").await.pk;
        assert!(is_verified(&world, &old).await);
        world.app.store().delete(CertificateKeyPair::model(), first).await.unwrap();
        assert_eq!(set(&world).await.keys.len(), 1);
        assert!(!is_verified(&world, &old).await);
    }
}

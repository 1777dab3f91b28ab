//! Refresh tokens: rotated, single, and ended together.

use object::{Id, Object};
use serde_json::json;
use store::Filter;

use super::world::World;

fn refresh(token: &str) -> [(&str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

#[tokio::test]
async fn of_fifty_at_once_one_gets_tokens_and_then_the_family_ends() {
    let world = World::new().await;
    let token = world.refresh_token().await;
    let answers = futures::future::join_all((0..50).map(|_| async { world.token(&refresh(&token)).await })).await;
    let won: Vec<_> = answers.iter().filter(|(status, _)| *status == 200).collect();
    assert_eq!(won.len(), 1);
    let answer = &won[0].1;
    for name in ["access_token", "refresh_token"] {
        assert!(!world.is_active(answer[name].as_str().unwrap()).await, "{name}");
    }
    let (status, _) = world.token(&refresh(answer["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_token_is_replaced_when_it_is_used() {
    let world = World::new().await;
    let (_, first) = world.token(&refresh(&world.refresh_token().await)).await;
    let (status, second) = world.token(&refresh(first["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert!(world.is_active(second["access_token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn with_a_threshold_it_is_kept_until_little_is_left() {
    let world = World::with(json!({"refresh_token_threshold": "days=1"})).await;
    let token = world.refresh_token().await;
    for _ in 0..2 {
        let (status, answer) = world.token(&refresh(&token)).await;
        assert_eq!((status.as_u16(), answer.get("refresh_token")), (200, None));
    }
    world.app.clock().advance(std::time::Duration::from_hours(29 * 24 + 1));
    let (_, answer) = world.token(&refresh(&token)).await;
    assert!(answer["refresh_token"].is_string());
}

#[tokio::test]
async fn scopes_can_become_fewer_but_not_more() {
    let world = World::new().await;
    let token = world.refresh_token().await;
    let wish = async |scope| {
        let [grant, token] = refresh(&token);
        world.token(&[grant, token, ("scope", scope)]).await.1
    };
    assert_eq!(wish("openid offline_access groups").await["error"], "invalid_scope");
    assert_eq!(wish("openid offline_access").await["scope"], "openid offline_access");
}

#[tokio::test]
async fn a_deactivated_user_is_out_at_once() {
    let world = World::new().await;
    let (_, answer) = world.token(&refresh(&world.refresh_token().await)).await;
    let access = answer["access_token"].as_str().unwrap();
    let user = directory::User::model();
    let filter = Filter::eq(user.key_field().name, Id::<directory::User>(world.user));
    world.app.store().change(user, filter, vec![("is_active", false.into())]).await.unwrap();
    assert!(!world.is_active(access).await);
    assert_eq!(world.get("/application/o/userinfo/", Some(access)).await.0, 401);
    let (status, _) = world.token(&refresh(answer["refresh_token"].as_str().unwrap())).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn it_ends_in_time() {
    let world = World::new().await;
    let token = world.refresh_token().await;
    world.app.clock().advance(std::time::Duration::from_hours(31 * 24));
    assert_eq!(world.token(&refresh(&token)).await.1["error"], "invalid_grant");
}

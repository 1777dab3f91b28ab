//! Clients are told that a session ended, however it ended.

use directory::{AuthenticatedSession, Session};
use object::{Id, Object};
use serde_json::{Map, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::world::{World, claims};
use crate::client::Clients;
use crate::logout::{self, ClientSession};

pub async fn session(world: &World) -> Id<AuthenticatedSession> {
    let now = world.app.clock().now();
    let row = Session {
        pk: Id::unsaved(),
        key_hash: "h".into(),
        user: Some(Id(world.user)),
        data: Map::new(),
        expires: now,
        expiring: true,
        last_used: now,
        last_ip: String::new(),
        last_user_agent: String::new(),
    };
    let session = world.app.store().insert(&row).await.unwrap();
    let login = AuthenticatedSession { pk: Id::unsaved(), session, user: Id(world.user) };
    world.app.store().insert(&login).await.unwrap()
}

#[tokio::test]
async fn a_session_that_is_deleted_is_told_to_the_client() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/logout", listener.local_addr().unwrap());
    let world = World::with(json!({"logout_uri": uri})).await;
    let login = session(&world).await;
    let client = Clients::of(&world.app).by_client_id("c").cloned().unwrap();
    let remember =
        || logout::remember(&client, Some(login.0), "sub", "http://localhost/", world.app.clock().now()).unwrap();
    // Twice in one session is one thing to tell.
    world.app.store().apply(vec![remember()]).await.unwrap();
    world.app.store().apply(vec![remember()]).await.unwrap();
    let count = || async { world.app.store().count(ClientSession::model(), &store::Filter::True).await.unwrap() };
    (logout::JOB.run)(&world.app).await.unwrap();
    assert_eq!(count().await, 1);

    world.app.store().delete_where(Session::model(), store::Filter::True).await.unwrap();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        let mut buffer = [0; 8192];
        while !text.contains("logout_token=")
            || !text.ends_with(|c: char| c.is_ascii_alphanumeric() || "-_".contains(c))
        {
            let read = stream.read(&mut buffer).await.unwrap();
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        text
    });
    (logout::JOB.run)(&world.app).await.unwrap();
    let heard = heard.await.unwrap();
    let token = heard.split("logout_token=").nth(1).unwrap();
    let told = claims(&token.into());
    assert_eq!((told["sub"].as_str(), told["aud"].as_str()), (Some("sub"), Some("c")));
    assert!(told["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
    assert!(told.get("nonce").is_none());
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn a_client_that_does_not_answer_is_told_again_later() {
    let world = World::with(json!({"logout_uri": "http://127.0.0.1:9/logout"})).await;
    let login = session(&world).await;
    let client = Clients::of(&world.app).by_client_id("c").cloned().unwrap();
    let row = logout::remember(&client, Some(login.0), "sub", "iss", world.app.clock().now()).unwrap();
    world.app.store().apply(vec![row]).await.unwrap();
    world.app.store().delete_where(Session::model(), store::Filter::True).await.unwrap();
    (logout::JOB.run)(&world.app).await.unwrap();
    let row: ClientSession = world.app.store().first(store::Filter::True).await.unwrap().unwrap();
    assert_eq!(row.failures, 1);
    assert!(row.due > world.app.clock().now());
}

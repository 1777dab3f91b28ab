//! Devices that ask too often.

use std::time::Duration;

use super::world::World;

const POLL: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");

#[tokio::test]
async fn a_device_that_hurries_is_told_to_slow_down() {
    let world = World::new().await;
    let (_, answer) = world.post("/application/o/device/", &[("client_id", "c"), ("scope", "openid")]).await;
    assert_eq!(answer["interval"], 5);
    let code = answer["device_code"].as_str().unwrap();
    let poll = async |after: u64| {
        world.app.clock().advance(Duration::from_secs(after));
        let (_, answer) = world.token(&[POLL, ("device_code", code)]).await;
        answer["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(poll(0).await, "authorization_pending");
    // Once is forgiven; after that the interval is five seconds longer each time.
    assert_eq!(poll(0).await, "authorization_pending");
    assert_eq!(poll(1).await, "slow_down");
    assert_eq!(poll(6).await, "slow_down");
    assert_eq!(poll(15).await, "authorization_pending");
    assert_eq!(poll(15).await, "authorization_pending");
}

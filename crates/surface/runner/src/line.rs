//! The line to the server: it is told that the outpost lives, and tells what changed.

use std::sync::Arc;
use std::time::Duration;

use clock::Uuid;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::Upgraded;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::remote::Remote;

/// How often the outpost says that it lives.
const HELLO: Duration = Duration::from_secs(10);
/// The server acknowledges every word; after so long without any the line is dead.
const SILENCE: Duration = Duration::from_secs(35);
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Instructions of authentik's protocol.
mod instruction {
    pub(super) const HELLO: u64 = 1;
    pub(super) const TRIGGER_UPDATE: u64 = 2;
    pub(super) const SESSION_END: u64 = 4;
}

#[derive(Deserialize)]
struct Told {
    instruction: u64,
    #[serde(default)]
    args: Option<Map<String, Json>>,
}

/// Keeps the line open for as long as the process runs.
pub(crate) async fn run(remote: Arc<Remote>) {
    let labels = &["outpost_name", "outpost_type", "uuid"];
    let gauge = remote.metrics.gauge("authentik_outpost_connection", "Whether the line to the server is up.", labels);
    let mut pause = SHORTEST_PAUSE;
    let mut attempt = 1;
    loop {
        // Which outpost this is comes with the configuration.
        let Some(state) = remote.state.load_full() else {
            sleep(SHORTEST_PAUSE).await;
            continue;
        };
        let outpost = state.instance.pk;
        let up = gauge.with(&[&state.instance.name, "proxy", &remote.instance.to_string()]);
        match remote.server.open_line(outpost, remote.instance, attempt, &remote.random).await {
            Ok(mut line) => {
                tracing::info!("Connected with {}", remote.server.host());
                let began = remote.clock.monotonic();
                // Whoever wants to log in need not wait until the server has said something.
                remote.heard(None);
                up.set(1.0);
                let why = talk(&remote, &mut line, outpost).await;
                remote.line_down();
                up.set(0.0);
                tracing::warn!("The line to the server is down: {why}");
                // Whether the server is away, or only its line, shows when it is asked.
                remote.stale.notify_one();
                if remote.clock.monotonic().saturating_sub(began) > SILENCE {
                    pause = SHORTEST_PAUSE;
                    attempt = 1;
                }
            }
            Err(trouble) => {
                remote.heard(Some(&trouble));
                if attempt == 1 {
                    tracing::warn!("No line to the server: {trouble}");
                }
            }
        }
        attempt += 1;
        // Many outposts must not come back at the same moment.
        let spread = u32::from(remote.random.bytes::<1>()[0]);
        sleep(pause + pause * spread / 512).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Until the line ends; returns why.
async fn talk(remote: &Remote, line: &mut WebSocketStream<Upgraded>, outpost: Uuid) -> String {
    let mut hellos = interval(HELLO);
    hellos.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let hello = hello(remote.instance, remote.server.version).to_string();
    let mut is_up = false;
    loop {
        let message = tokio::select! {
            _ = hellos.tick() => {
                match timeout(SILENCE, line.send(Message::text(hello.clone()))).await {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => return error.to_string(),
                    Err(_) => return "it takes no words".to_owned(),
                }
            }
            message = timeout(SILENCE, line.next()) => message,
        };
        let message = match message {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(error))) => return error.to_string(),
            Ok(None) => return "the server hung up".to_owned(),
            Err(_) => return "the server is silent".to_owned(),
        };
        // Its first word shows that the server listens: from now on nothing is missed.
        if !is_up {
            is_up = true;
            remote.line_up();
        }
        let told = match &message {
            Message::Text(text) => serde_json::from_str::<Told>(text).ok(),
            Message::Binary(bytes) => serde_json::from_slice(bytes).ok(),
            Message::Close(frame) => {
                let reason = frame.as_ref().map(|frame| frame.reason.to_string()).unwrap_or_default();
                return format!("the server closed it. {reason}");
            }
            _ => continue,
        };
        let Some(told) = told else {
            tracing::warn!(outpost = %outpost, "The server said something that is not understood");
            continue;
        };
        match told.instruction {
            instruction::TRIGGER_UPDATE => remote.stale.notify_one(),
            instruction::SESSION_END => {
                let args = told.args.unwrap_or_default();
                if let Some(sid) = args.get("session_id").and_then(Json::as_str) {
                    remote.end_login(sid);
                }
            }
            _ => {}
        }
    }
}

/// COMPAT: the names are those of authentik's outposts, which the server shows in its list of instances.
fn hello(instance: Uuid, version: &str) -> Json {
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    json!({
        "instruction": instruction::HELLO,
        "args": {
            "version": version,
            "buildHash": "",
            "uuid": instance.to_string(),
            "golangVersion": "",
            "opensslEnabled": false,
            "opensslVersion": "AWS-LC",
            "fipsEnabled": false,
            "hostname": hostname.trim(),
        },
    })
}

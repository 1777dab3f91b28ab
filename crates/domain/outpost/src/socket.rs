//! The line that an outpost keeps open to the server: it reports that it lives, and is told what changed.
//!
//! SECURITY: only a token in the header opens it, never a browser's session, and the account has to be allowed to see the
//! outpost. Both are looked at again with every report and every few seconds, so that a token that was taken away closes the
//! line, whatever whoever holds it says or keeps silent about.

use std::time::Duration;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use clock::Uuid;
use feature::{App, Problem, Through};
use http::header::AUTHORIZATION;
use http::request::Parts;
use object::Id;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::fingerprint;
use crate::instance::Instance;
use crate::instruct::{ACK, Ear, HELLO, Heard, Instruction};
use crate::outpost::{Outpost, OutpostType};

/// Outposts report every ten seconds; one that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_mins(1);
/// How long sending may take before the line counts as dead.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the configuration is looked at: changes that come together make one message.
const LOOK: Duration = Duration::from_millis(250);
/// How often the token is looked at without a report.
const CHECK: Duration = Duration::from_secs(5);
/// Reports are kept no more often than this.
const KEEP: Duration = Duration::from_secs(1);
const LARGEST_MESSAGE: usize = 64 << 10;

/// Close codes of RFC 6455.
const UNSUPPORTED: u16 = 1003;
const POLICY: u16 = 1008;
const AGAIN: u16 = 1012;

pub fn routes(app: &App) -> Router {
    // authentik's outposts leave the last slash away.
    Router::new()
        .route("/ws/outpost/{uuid}/", any(connect))
        .route("/ws/outpost/{uuid}", any(connect))
        .with_state(app.clone())
}

async fn connect(State(app): State<App>, Path(outpost): Path<String>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let Ok(outpost) = Uuid::try_parse(&outpost).map(Id::<Outpost>) else {
        return Problem::not_found().into_response();
    };
    if let Err(problem) = authorize(&app, &parts, outpost).await {
        return problem.into_response();
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let Some(line) = Line::new(app, &parts, outpost) else { return Problem::not_found().into_response() };
    upgrade.max_message_size(LARGEST_MESSAGE).on_upgrade(|socket| line.run(socket))
}

/// Whether the token in the header may see the outpost.
async fn authorize(app: &App, parts: &Parts, outpost: Id<Outpost>) -> Result<(), Problem> {
    let caller = access::authenticate(app, parts).await?;
    if !matches!(caller.through, Through::Token { .. }) {
        return Err(Problem::unauthenticated());
    }
    let exists = app.store().snapshot().get(outpost).is_some();
    if !exists || !caller.may_on("authentik_outposts.view_outpost", outpost.key()) {
        return Err(Problem::forbidden());
    }
    Ok(())
}

/// What comes in.
#[derive(Deserialize)]
struct Said {
    instruction: u64,
    #[serde(default)]
    args: Option<Map<String, Json>>,
}

/// One open line.
struct Line {
    app: App,
    outpost: Id<Outpost>,
    speaks: OutpostType,
    /// What the instance calls itself.
    uid: String,
    /// The credentials, to look at again.
    credentials: Parts,
    ear: Ear,
    version: u64,
    fingerprint: Option<u64>,
    kept: Option<Instant>,
}

/// Why a line ends: the code and words of the closing frame; `None` when the other end is gone.
type End = Option<(u16, &'static str)>;

impl Line {
    fn new(app: App, parts: &Parts, outpost: Id<Outpost>) -> Option<Self> {
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let uid = pairs.into_iter().find(|(name, _)| name == "instance_uuid").map(|(_, value)| value.into_owned());
        let uid = uid.filter(|u| !u.is_empty() && u.len() <= 64 && u.chars().all(|c| c.is_ascii_graphic()));
        let mut credentials = http::Request::new(()).into_parts().0;
        credentials.headers.insert(AUTHORIZATION, parts.headers.get(AUTHORIZATION)?.clone());
        // Heard from here on: what changes while the line is being opened is not lost.
        let ear = Ear::new(&app);
        let snapshot = app.store().snapshot();
        Some(Self {
            uid: uid.unwrap_or_else(|| app.random().uuid_v4().to_string()),
            speaks: snapshot.get(outpost)?.r#type,
            version: snapshot.version(),
            fingerprint: fingerprint::of(&snapshot, outpost),
            kept: None,
            app,
            outpost,
            credentials,
            ear,
        })
    }

    async fn run(mut self, mut socket: WebSocket) {
        let name = self.outpost.to_string();
        tracing::info!(outpost = name, instance = self.uid, "An outpost is connected");
        let help = "Outposts that are connected to this node.";
        let gauge = self.app.metrics().gauge("authentik_outposts_connected", help, &["outpost"]).with(&[&name]);
        gauge.add(1.0);
        let end = self.serve(&mut socket).await;
        gauge.add(-1.0);
        if let Some((code, reason)) = end {
            let frame = CloseFrame { code, reason: reason.into() };
            let _ = timeout(PATIENCE, socket.send(Message::Close(Some(frame)))).await;
        }
        let why = end.map_or("it hung up", |(_, reason)| reason);
        tracing::info!(outpost = name, instance = self.uid, "An outpost is disconnected: {why}");
    }

    async fn serve(&mut self, socket: &mut WebSocket) -> End {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut checks = interval(CHECK);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard_of = Instant::now();
        loop {
            let step = tokio::select! {
                message = socket.recv() => {
                    heard_of = Instant::now();
                    match message {
                        Some(Ok(message)) => self.said(socket, message).await,
                        Some(Err(_)) | None => Err(None),
                    }
                }
                heard = self.ear.next() => self.heard(socket, heard).await,
                _ = looks.tick() => self.look(socket).await,
                _ = checks.tick() => self.may_stay().await,
                () = sleep_until(heard_of + SILENCE) => Err(Some((POLICY, "it was silent for too long"))),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// The outpost said something.
    async fn said(&mut self, socket: &mut WebSocket, message: Message) -> Result<(), End> {
        let said: Option<Said> = match &message {
            Message::Text(text) => serde_json::from_str(text).ok(),
            Message::Binary(bytes) => serde_json::from_slice(bytes).ok(),
            // Pings are answered by themselves.
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(None),
        };
        let Some(said) = said else { return Err(Some((UNSUPPORTED, "its message was not understood"))) };
        if said.instruction == ACK {
            return Ok(());
        }
        self.may_stay().await?;
        if said.instruction == HELLO && self.kept.is_none_or(|at| at.elapsed() >= KEEP) {
            let now = self.app.clock().now();
            let state = Instance::said(self.outpost, &self.uid, now, &said.args.unwrap_or_default());
            if let Err(problem) = state.keep(&self.app).await {
                tracing::warn!("The state of an outpost could not be kept: {}", problem.body);
            }
            self.kept = Some(Instant::now());
        }
        send(socket, &json!({"instruction": ACK, "args": {}})).await
    }

    /// Whether the token still opens the line.
    async fn may_stay(&self) -> Result<(), End> {
        match authorize(&self.app, &self.credentials, self.outpost).await {
            Ok(()) => Ok(()),
            // A database that is away for a moment is no reason to lose all outposts.
            Err(problem) if problem.status.is_server_error() => Ok(()),
            Err(_) => Err(Some((POLICY, "its token is not good any more"))),
        }
    }

    /// Somebody told outposts something.
    async fn heard(&self, socket: &mut WebSocket, heard: Option<Heard>) -> Result<(), End> {
        match heard {
            Some(Heard::Told(told)) => {
                let is_meant = told.outpost.map_or(self.speaks == OutpostType::Proxy, |o| o == self.outpost);
                if is_meant {
                    self.tell(socket, &told.instruction).await?;
                }
                Ok(())
            }
            // Sessions may have ended unheard. An outpost that has to connect anew knows that it may have missed something.
            Some(Heard::Missed) => Err(Some((AGAIN, "it may have missed something"))),
            None => Err(Some((AGAIN, "the server ends"))),
        }
    }

    /// Whether what the outpost works with has changed.
    async fn look(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        let snapshot = self.app.store().snapshot();
        if snapshot.version() == self.version {
            return Ok(());
        }
        self.version = snapshot.version();
        let now = fingerprint::of(&snapshot, self.outpost);
        if now.is_none() {
            return Err(Some((POLICY, "it was deleted")));
        }
        if now != self.fingerprint {
            self.fingerprint = now;
            self.tell(socket, &Instruction::TriggerUpdate).await?;
        }
        Ok(())
    }

    async fn tell(&self, socket: &mut WebSocket, instruction: &Instruction) -> Result<(), End> {
        for message in instruction.messages() {
            send(socket, &message).await?;
        }
        Ok(())
    }
}

async fn send(socket: &mut WebSocket, json: &Json) -> Result<(), End> {
    match timeout(PATIENCE, socket.send(Message::Text(json.to_string().into()))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(None),
    }
}

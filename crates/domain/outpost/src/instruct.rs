//! Telling outposts something: wherever they are connected, on this node or another.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use feature::{App, Problem};
use object::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use store::{Listener, News, Store};

use crate::outpost::Outpost;

/// The channel of the store on which nodes tell each other.
const CHANNEL: &str = "outpost";

/// What an outpost can be told. Beside these there are only acknowledgement (0) and greeting (1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instruction {
    /// Read your configuration again.
    TriggerUpdate,
    /// Something between a kind of providers and its outposts.
    ProviderSpecific(Map<String, Json>),
    /// The session with this id (`sid` of its ID tokens) is over: let nobody through for it any more.
    SessionEnd { session: String },
}

pub const ACK: u64 = 0;
pub const HELLO: u64 = 1;

impl Instruction {
    /// The messages that carry it.
    pub(crate) fn messages(&self) -> Vec<Json> {
        let message = |number: u64, args: Json| json!({"instruction": number, "args": args});
        match self {
            Self::TriggerUpdate => vec![message(2, json!({}))],
            Self::ProviderSpecific(args) => vec![message(3, json!(args))],
            Self::SessionEnd { session } => {
                // COMPAT: some releases of authentik's outposts compare the id itself, others its hash.
                let hash = HEXLOWER.encode(digest(&SHA256, session.as_bytes()).as_ref());
                let end = |id: &str| message(4, json!({"type": "event.session.end", "session_id": id}));
                vec![end(session), end(&hash)]
            }
        }
    }
}

/// An instruction with whom it is for: one outpost, or all that speak HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub outpost: Option<Id<Outpost>>,
    pub instruction: Instruction,
}

/// Tells one outpost, every instance of it. In a transaction: once that is committed.
pub async fn instruct(store: &Store, outpost: Id<Outpost>, instruction: Instruction) -> Result<(), Problem> {
    tell(store, &Told { outpost: Some(outpost), instruction }).await
}

/// Tells all outposts that speak HTTP that a session is over. `session` is the `sid` of its ID tokens.
pub async fn end_session(store: &Store, session: &str) -> Result<(), Problem> {
    let instruction = Instruction::SessionEnd { session: session.to_owned() };
    tell(store, &Told { outpost: None, instruction }).await
}

async fn tell(store: &Store, told: &Told) -> Result<(), Problem> {
    let payload = serde_json::to_string(told).map_err(Problem::fault)?;
    Ok(store.announce(CHANNEL, &payload).await?)
}

/// What an [`Ear`] hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Told(Told),
    /// Something may have been told that was not heard.
    Missed,
}

/// Hears what outposts are told, on any node.
pub struct Ear {
    told: Listener,
    /// Logins that ended, however they did.
    ends: Listener,
}

impl Ear {
    pub fn new(app: &App) -> Self {
        Self { told: app.store().listen(CHANNEL), ends: directory::news::listen_ends(app.store()) }
    }
    /// The next thing; `None` when the program ends.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            let (news, is_end) = tokio::select! {
                news = self.told.next() => (news?, false),
                news = self.ends.next() => (news?, true),
            };
            match news {
                News::Missed => return Some(Heard::Missed),
                News::Told(sid) if is_end => {
                    let instruction = Instruction::SessionEnd { session: sid.to_string() };
                    return Some(Heard::Told(Told { outpost: None, instruction }));
                }
                News::Told(text) => match serde_json::from_str(&text) {
                    Ok(told) => return Some(Heard::Told(told)),
                    // Another version of the program may say more than this one understands.
                    Err(e) => tracing::warn!("An instruction for outposts is not understood: {e}"),
                },
            }
        }
    }
}

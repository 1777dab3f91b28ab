//! The plan: the stages still to come, with what is known so far.

use object::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::context::Context;

/// One stage to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    pub what: What,
    /// Ask the binding's policies again when the stage is about to be shown.
    #[serde(default)]
    pub re_evaluate: bool,
}

/// Where a stage comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// From the configuration: the key of the binding.
    Binding(Uuid),
    /// Put in by a feature: the name it is registered under, and its data.
    InMemory { name: String, data: Json },
}

/// A stage that was passed, for the inspector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    pub binding: Option<Uuid>,
    pub next: Option<Uuid>,
    pub context: Json,
}

/// A flow under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub flow: Uuid,
    /// Random; together with `hop` it ties a form to this plan and this stage of it.
    pub token: String,
    /// Grows with every stage that is passed.
    pub hop: u32,
    /// The present stage first.
    pub stops: Vec<Stop>,
    pub context: Context,
    /// Where the person wanted to go when the flow began.
    #[serde(default)]
    pub next: Option<String>,
    /// How often the flow started anew since somebody last answered.
    #[serde(default)]
    pub restarts: u32,
    #[serde(default)]
    pub passed: Vec<Passed>,
    /// What the present stage remembers between two requests. Gone when it is passed.
    #[serde(default)]
    pub notes: Json,
}

/// How many passed stages the inspector shows.
const HISTORY: usize = 20;

impl Plan {
    pub fn new(flow: Uuid, token: String, context: Context) -> Self {
        Self {
            flow,
            token,
            hop: 0,
            stops: Vec::new(),
            context,
            next: None,
            restarts: 0,
            passed: Vec::new(),
            notes: Json::Null,
        }
    }
    /// Adds a stage at the end.
    pub fn append(&mut self, stop: Stop) {
        self.stops.push(stop);
    }
    /// Adds a stage that a feature brings, at the end.
    pub fn append_in_memory(&mut self, name: &str, data: Json) {
        self.append(Stop { what: What::InMemory { name: name.to_owned(), data }, re_evaluate: false });
    }
    /// Puts in a stage to come right after the present one.
    pub fn insert_in_memory(&mut self, name: &str, data: Json) {
        let stop = Stop { what: What::InMemory { name: name.to_owned(), data }, re_evaluate: false };
        self.stops.insert(self.stops.len().min(1), stop);
    }
    pub fn current(&self) -> Option<&Stop> {
        self.stops.first()
    }
    /// The value a form must send back with its answer.
    pub fn form_token(&self) -> String {
        format!("{}.{}", self.token, self.hop)
    }
    /// Leaves the present stage behind; `shown` is false for a stage that the policies left out.
    pub fn advance(&mut self, shown: bool) {
        if self.stops.is_empty() {
            return;
        }
        let gone = self.stops.remove(0);
        self.notes = Json::Null;
        if shown {
            self.hop += 1;
            self.restarts = 0;
            let next = self.current().and_then(Stop::binding);
            let passed = Passed { binding: gone.binding(), next, context: self.context.cleansed() };
            self.passed.push(passed);
            if self.passed.len() > HISTORY {
                self.passed.remove(0);
            }
        }
    }
}

impl Stop {
    pub fn binding(&self) -> Option<Uuid> {
        match &self.what {
            What::Binding(pk) => Some(*pk),
            What::InMemory { .. } => None,
        }
    }
}

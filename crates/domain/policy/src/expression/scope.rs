//! The variables of an evaluation and what stands behind them.

use std::sync::Arc;
use std::time::Duration;

use expr::Value;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Map, Value as Json};

use super::functions;
use super::request::RequestObject;
use crate::request::{Context, HttpInfo, PolicyRequest};
use crate::subject::Subject;

/// What an expression said with `ak_logger`.
#[derive(Debug, Clone)]
pub struct LogLine {
    pub at: Timestamp,
    pub level: &'static str,
    pub logger: String,
    pub event: String,
    pub attributes: Map<String, Json>,
}

impl LogLine {
    pub fn warning(at: Timestamp, logger: &str, event: &str, attributes: &[(&str, &str)]) -> Self {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let (logger, event) = (logger.to_owned(), event.to_owned());
        Self { at, level: "warning", logger, event, attributes: attributes.collect() }
    }
}

/// Log lines of one or several evaluations, to be shown to whoever tries an expression.
#[derive(Debug, Clone, Default)]
pub struct Logs(Arc<Mutex<Vec<LogLine>>>);

impl Logs {
    pub fn push(&self, line: LogLine) {
        let mut lines = self.0.lock();
        // An expression in a loop must not fill the memory.
        if lines.len() < 1000 {
            lines.push(line);
        }
    }
    pub fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.0.lock())
    }
}

/// Everything an expression is evaluated with.
pub struct Scope {
    /// What the expression is called in tracebacks and logs.
    pub(super) name: String,
    pub(super) variables: Vec<(String, Value)>,
    /// The request that policies called from here are asked.
    pub(super) request: PolicyRequest,
    pub(super) mapping: bool,
    pub(super) logs: Logs,
    pub(super) time: Duration,
}

impl Scope {
    /// A scope with nothing in it.
    pub fn empty(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            variables: Vec::with_capacity(8),
            request: PolicyRequest::new(None),
            mapping: false,
            logs: Logs::default(),
            time: Duration::from_secs(30),
        }
    }
    /// What expression policies see.
    pub fn policy(name: impl Into<String>, request: &PolicyRequest) -> Self {
        let mut scope = Self::empty(name);
        scope.set("ak_message", functions::message());
        scope.set("ak_is_sso_flow", request.context.get("is_sso").unwrap_or(Value::Bool(false)));
        if let Some(http) = &request.http {
            scope.set("ak_client_ip", super::convert::address(http.client_ip));
            scope.set("http_request", super::http_request::value(http, request.user.as_ref()));
        }
        scope.set("request", RequestObject::value(request));
        scope.set("context", request.context.value());
        scope.request = request.clone();
        scope.logs = request.logs.clone();
        scope
    }
    /// What property mappings and the expressions of prompts see: the user, the request and `extra` under its names.
    pub fn mapping(
        name: impl Into<String>,
        object: Option<Arc<object::Record>>,
        user: Option<&Arc<Subject>>,
        http: Option<&Arc<HttpInfo>>,
        extra: Vec<(String, Value)>,
    ) -> Self {
        let mut scope = Self::empty(name);
        scope.mapping = true;
        let request = PolicyRequest {
            object,
            context: Context::new(extra.iter().map(|(k, v)| (k.clone(), v.clone()))),
            ..PolicyRequest::new(user.cloned()).over(http.cloned())
        };
        if let Some(user) = user {
            scope.set("user", super::user::value(user));
        }
        if let Some(http) = http {
            scope.set("http_request", super::http_request::value(http, user));
        }
        scope.set("request", RequestObject::value(&request));
        for (name, value) in extra {
            scope.set(&name, value);
        }
        scope.request = request;
        scope
    }
    /// Adds a variable or changes one.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.variables.iter_mut().find(|(n, _)| n == name) {
            Some((_, slot)) => *slot = value,
            None => self.variables.push((name.to_owned(), value)),
        }
    }
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }
    /// How long the evaluation may take, loads included; 30 seconds unless told.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }
    /// A trial: failures are not recorded.
    #[must_use]
    pub fn trial(mut self) -> Self {
        self.request.debug = true;
        self
    }
    pub fn name(&self) -> &str {
        &self.name
    }
}

//! What is decided about: who asks for what, from where, and what came out.

use std::net::IpAddr;
use std::sync::Arc;

use events::Draft;
use expr::{Dict, DictData, Value};
use feature::{Caller, RequestLine};
use object::{Id, Record};
use uuid::Uuid;

use crate::binding::PolicyBinding;
use crate::expression::Logs;
use crate::subject::Subject;

/// A question to policies.
#[derive(Clone)]
pub struct PolicyRequest {
    /// Who is asked about; nobody while nobody is known.
    pub user: Option<Arc<Subject>>,
    /// The object that the bindings are of.
    pub object: Option<Arc<Record>>,
    /// What policies may look at; they may also leave something there.
    pub context: Context,
    /// The request that led here.
    pub http: Option<Arc<HttpInfo>>,
    /// A trial: nothing is recorded.
    pub debug: bool,
    /// Collects what expressions log.
    pub logs: Logs,
    /// How many policies call each other.
    pub(crate) depth: u32,
}

impl PolicyRequest {
    pub fn new(user: Option<Arc<Subject>>) -> Self {
        Self {
            user,
            object: None,
            context: Context::default(),
            http: None,
            debug: false,
            logs: Logs::default(),
            depth: 0,
        }
    }
    #[must_use]
    pub fn about(mut self, object: Arc<Record>) -> Self {
        self.object = Some(object);
        self
    }
    #[must_use]
    pub fn with_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }
    #[must_use]
    pub fn over(mut self, http: Option<Arc<HttpInfo>>) -> Self {
        self.http = http;
        self
    }
    #[must_use]
    pub fn debug(mut self) -> Self {
        self.debug = true;
        self
    }
    /// Puts who and where onto an event.
    pub(crate) fn sign(&self, draft: Draft) -> Draft {
        sign(draft, self.user.as_deref(), self.http.as_deref())
    }
}

/// Puts who and where onto an event.
pub(crate) fn sign(draft: Draft, user: Option<&Subject>, http: Option<&HttpInfo>) -> Draft {
    let subject = user.and_then(|u| {
        let email = u.record().text("email").to_owned();
        Some(events::Subject { pk: u.key()?, username: u.username().to_owned(), email })
    });
    let draft = match subject {
        Some(subject) => draft.user(&subject),
        None => draft,
    };
    match http {
        Some(http) => draft.by(&http.caller()),
        None => draft,
    }
}

/// Named values, shared with the expressions that see them: what one writes, the next one and the caller read.
#[derive(Clone)]
pub struct Context(pub Arc<Dict>);

impl Default for Context {
    fn default() -> Self {
        Self(Arc::new(Dict::new(DictData::new())))
    }
}

impl Context {
    pub fn new(entries: impl IntoIterator<Item = (String, Value)>) -> Self {
        let context = Self::default();
        for (name, value) in entries {
            context.set(&name, value);
        }
        context
    }
    pub fn from_json(map: &serde_json::Map<String, serde_json::Value>) -> Self {
        Self::new(map.iter().map(|(k, v)| (k.clone(), expr::from_json(v))))
    }
    pub fn get(&self, name: &str) -> Option<Value> {
        self.0.get_str(name)
    }
    pub fn set(&self, name: &str, value: impl Into<Value>) {
        self.0.insert_str(name, value.into());
    }
    /// The names and values of now.
    pub fn entries(&self) -> Vec<(String, Value)> {
        self.0.get().iter().filter_map(|(k, v)| Some((k.value().as_str()?.to_owned(), v.clone()))).collect()
    }
    /// A copy that can be changed apart; the values stay shared.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(Arc::new(Dict::new(self.0.get().clone())))
    }
    /// The context as an expression sees it.
    pub fn value(&self) -> Value {
        Value::Dict(Arc::clone(&self.0))
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.get().keys().map(expr::Key::value)).finish()
    }
}

/// What is known of the request of a browser or a program.
#[derive(Debug, Clone, Default)]
pub struct HttpInfo {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Trusted proxies seen through.
    pub client_ip: Option<IpAddr>,
    /// With the port where there was one.
    pub host: String,
    pub secure: bool,
    pub request_id: String,
    /// The brand of the host.
    pub brand: Option<Arc<Record>>,
}

impl HttpInfo {
    /// What can be read off a request to an operation of the API.
    pub fn of_call(call: &feature::Call, method: &str, path: &str) -> Self {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&call.query);
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.finish(),
            headers: Self::headers(&call.headers),
            client_ip: call.caller.address,
            host: call.origin.host.clone(),
            secure: call.origin.scheme.is_secure(),
            request_id: call.caller.request_id.clone(),
            brand: None,
        }
    }
    /// The headers that are text. Credentials are left out: no expression needs them, and results are shown and logged.
    pub fn headers(map: &http::HeaderMap) -> Vec<(String, String)> {
        map.iter()
            .filter(|(name, _)| !matches!(name.as_str(), "authorization" | "cookie" | "proxy-authorization"))
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect()
    }
    /// The request as events name it.
    fn caller(&self) -> Caller {
        let args = form_urlencoded::parse(self.query.as_bytes());
        let line = RequestLine {
            method: self.method.clone(),
            path: self.path.clone(),
            host: self.host.clone(),
            args: args.map(|(k, v)| (k.into_owned(), v.into_owned().into())).collect(),
        };
        Caller {
            address: self.client_ip,
            request_id: self.request_id.clone(),
            user_agent: self.header("user-agent").unwrap_or_default().to_owned(),
            request: Some(Arc::new(line)),
            ..Caller::default()
        }
    }
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// What one policy, one binding or all bindings of an object say.
#[derive(Debug, Clone, Default)]
pub struct PolicyResult {
    pub passing: bool,
    /// What is to be told to the person.
    pub messages: Vec<String>,
    /// The binding that said so.
    pub binding: Option<Id<PolicyBinding>>,
    /// The results that this one was put together from.
    pub sources: Vec<PolicyResult>,
    /// The policy could not come to a result; `passing` is what the binding says for that case.
    pub failed: bool,
}

impl PolicyResult {
    pub fn pass() -> Self {
        Self { passing: true, ..Self::default() }
    }
    pub fn deny(message: impl Into<String>) -> Self {
        Self { messages: vec![message.into()], ..Self::default() }
    }
    pub fn of(passing: bool) -> Self {
        Self { passing, ..Self::default() }
    }
}

/// A policy that could not come to a result.
#[derive(Debug, Clone)]
pub struct PolicyException {
    /// What is told to the person.
    pub message: String,
    /// What is recorded.
    pub detail: String,
}

impl PolicyException {
    pub fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { detail: message.clone(), message }
    }
}

/// The key of an object that policies can be bound to.
pub type Target = Uuid;

//! `http_request`: the request of the browser or the program, with Django's names.

use std::any::Any;
use std::sync::Arc;

use expr::{HostArgs, HostObject, HostResult, Value};
use parking_lot::Mutex;

use super::environment::current;
use super::{Namespace, row, show, user};
use crate::request::HttpInfo;
use crate::subject::Subject;

/// The request behind an evaluation.
pub struct HttpRequest {
    pub info: Arc<HttpInfo>,
    user: Option<Arc<Subject>>,
    /// The mappings, made when they are asked for.
    made: Mutex<Vec<(&'static str, Value)>>,
}

pub fn value(info: &Arc<HttpInfo>, user: Option<&Arc<Subject>>) -> Value {
    Value::host(HttpRequest { info: Arc::clone(info), user: user.cloned(), made: Mutex::default() })
}

/// Nobody: the user of a request that nobody is logged in for.
pub fn anonymous() -> Value {
    let empty = || Value::str("");
    Namespace::new("AnonymousUser")
        .with("pk", Value::None)
        .with("id", Value::None)
        .with("username", empty())
        .with("is_active", false)
        .with("is_staff", false)
        .with("is_superuser", false)
        .with("is_authenticated", false)
        .with("is_anonymous", true)
        .shown_as("AnonymousUser")
        .value()
}

impl HttpRequest {
    fn kept(&self, name: &'static str, make: impl FnOnce() -> Value) -> HostResult {
        let known = self.made.lock().iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        HostResult::Ready(known.unwrap_or_else(|| {
            let value = make();
            self.made.lock().push((name, value.clone()));
            value
        }))
    }
    fn meta(&self) -> Value {
        let info = &self.info;
        let mut entries: Vec<(String, Value)> = vec![
            ("REQUEST_METHOD".to_owned(), Value::str(&info.method)),
            ("PATH_INFO".to_owned(), Value::str(&info.path)),
            ("QUERY_STRING".to_owned(), Value::str(&info.query)),
            ("REMOTE_ADDR".to_owned(), Value::from(info.client_ip.map_or_else(String::new, |ip| ip.to_string()))),
            ("SERVER_NAME".to_owned(), Value::str(info.host.split(':').next().unwrap_or_default())),
            ("wsgi.url_scheme".to_owned(), Value::str(if info.secure { "https" } else { "http" })),
        ];
        for (name, value) in &info.headers {
            let name = name.to_ascii_uppercase().replace('-', "_");
            let name = if name == "CONTENT_TYPE" || name == "CONTENT_LENGTH" { name } else { format!("HTTP_{name}") };
            entries.push((name, Value::str(value)));
        }
        Value::dict(entries)
    }
    fn uri(&self, path: &str) -> String {
        let scheme = if self.info.secure { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.info.host)
    }
    fn full_path(&self) -> String {
        match self.info.query.as_str() {
            "" => self.info.path.clone(),
            query => format!("{}?{query}", self.info.path),
        }
    }
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.info.method, self.info.path)
    }
}

impl HostObject for HttpRequest {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &'static str {
        "Request"
    }
    fn attr(&self, name: &str) -> HostResult {
        let info = &self.info;
        match name {
            "path" | "path_info" => HostResult::Ready(Value::str(&info.path)),
            "method" => HostResult::Ready(Value::str(&info.method)),
            "scheme" => HostResult::Ready(Value::str(if info.secure { "https" } else { "http" })),
            "content_type" => HostResult::Ready(Value::str(info.header("content-type").unwrap_or_default())),
            "request_id" => HostResult::Ready(Value::str(&info.request_id)),
            "META" => self.kept("META", || self.meta()),
            "GET" | "query_params" => self.kept("GET", || {
                // As Django's mapping does, the last value of a name is the one it gives.
                let pairs = form_urlencoded::parse(info.query.as_bytes());
                Value::dict(pairs.map(|(k, v)| (k.into_owned(), Value::from(v.into_owned()))))
            }),
            "POST" | "COOKIES" | "session" | "data" => self.kept("POST", || Value::dict([])),
            "headers" => self.kept("headers", || Value::host(Headers(Arc::clone(info)))),
            "user" => HostResult::Ready(self.user.as_ref().map_or_else(anonymous, user::value)),
            "brand" => self.kept("brand", || info.brand.clone().map_or(Value::None, row::value_of)),
            "tenant" => self.kept("tenant", tenant),
            _ => HostResult::no_attribute(self.type_name(), name),
        }
    }
    fn set_attr(&self, name: &str, _value: &Value) -> HostResult {
        HostResult::no_attribute(self.type_name(), name)
    }
    fn has_method(&self, name: &str) -> bool {
        matches!(name, "is_secure" | "get_host" | "get_full_path" | "build_absolute_uri" | "get_port")
    }
    fn call_method(&self, name: &str, args: &HostArgs<'_>) -> HostResult {
        HostResult::Ready(match name {
            "is_secure" => Value::Bool(self.info.secure),
            "get_host" => Value::str(&self.info.host),
            "get_port" => {
                let usual = if self.info.secure { "443" } else { "80" };
                Value::str(self.info.host.rsplit_once(':').map_or(usual, |(_, port)| port))
            }
            "get_full_path" => Value::from(self.full_path()),
            _ => match args.positional.first().map(show::text) {
                Some(address) if address.contains("://") => Value::from(address),
                Some(path) if path.starts_with('/') => Value::from(self.uri(&path)),
                Some(path) => Value::from(self.uri(&format!("/{path}"))),
                None => Value::from(self.uri(&self.full_path())),
            },
        })
    }
    fn to_repr(&self) -> HostResult {
        let text = format!("<rest_framework.request.Request: {} '{}'>", self.info.method, self.full_path());
        HostResult::Ready(Value::from(text))
    }
}

/// Headers, whose names have no case.
#[derive(Debug)]
struct Headers(Arc<HttpInfo>);

impl HostObject for Headers {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &'static str {
        "HttpHeaders"
    }
    fn has_method(&self, name: &str) -> bool {
        matches!(name, "get" | "keys" | "values" | "items")
    }
    fn call_method(&self, name: &str, args: &HostArgs<'_>) -> HostResult {
        let all = &self.0.headers;
        HostResult::Ready(match name {
            "get" => {
                let wanted = args.positional.first().map(show::text).unwrap_or_default();
                let default = args.positional.get(1).or_else(|| args.get("default")).cloned();
                self.0.header(&wanted).map_or(default.unwrap_or(Value::None), Value::str)
            }
            "keys" => Value::list(all.iter().map(|(k, _)| Value::from(title_case(k))).collect()),
            "values" => Value::list(all.iter().map(|(_, v)| Value::str(v)).collect()),
            _ => Value::list(
                all.iter().map(|(k, v)| Value::tuple(vec![Value::from(title_case(k)), Value::str(v)])).collect(),
            ),
        })
    }
    fn iterate(&self) -> Option<HostResult> {
        let names = self.0.headers.iter().map(|(k, _)| Value::from(title_case(k))).collect();
        Some(HostResult::Ready(Value::list(names)))
    }
    fn len(&self) -> Option<HostResult> {
        Some(HostResult::Ready(Value::usize(self.0.headers.len())))
    }
    fn contains(&self, item: &Value) -> Option<HostResult> {
        Some(HostResult::Ready(Value::Bool(self.0.header(&show::text(item)).is_some())))
    }
    fn get_item(&self, key: &Value) -> HostResult {
        let name = show::text(key);
        match self.0.header(&name) {
            Some(value) => HostResult::Ready(Value::str(value)),
            None => HostResult::raise(&expr::ExcType::builtin("KeyError"), name),
        }
    }
}

fn title_case(name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    });
    parts.collect::<Vec<_>>().join("-")
}

/// The installation's settings of what people may change about themselves. Upstream's defaults as long as there is no
/// object that keeps them.
fn tenant() -> Value {
    let kept = current().and_then(|env| env.snapshot.rows("authentik_tenants.tenant").first().cloned());
    if let Some(row) = kept {
        return row::value_of(row);
    }
    Namespace::new("Tenant")
        .with("default_user_change_name", true)
        .with("default_user_change_email", false)
        .with("default_user_change_username", false)
        .with("avatars", "initials")
        .value()
}

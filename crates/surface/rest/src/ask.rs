//! A request after its path was recognised: who asks, with which parameters and which body.

use axum::body::Bytes;
use feature::{App, Caller, Problem, Rendering};
use http::{Extensions, HeaderMap, StatusCode, header};
use net::Origin;
use serde_json::{Map, Value as Json};
use store::Store;

pub struct Ask {
    pub app: App,
    pub caller: Caller,
    pub origin: Origin,
    pub base_url: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub extensions: Extensions,
    pub body: Bytes,
}

impl Ask {
    /// A parameter of the query string; of several the last, as Django reads it.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
    /// All values of a parameter that are not empty.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(k, v)| k == name && !v.is_empty()).map(|(_, v)| v.as_str()).collect()
    }
    pub fn rendering<'a>(&'a self, store: &'a Store, detail: bool) -> Rendering<'a> {
        let Self { app, caller, base_url, query, .. } = self;
        Rendering { app, store, caller, base_url, query, detail }
    }
    /// Refuses whoever is not logged in.
    pub fn authenticated(&self) -> Result<(), Problem> {
        if self.caller.is_authenticated() { Ok(()) } else { Err(Problem::unauthenticated()) }
    }

    /// The type of the body as it was declared, without parameters.
    pub fn media_type(&self) -> &str {
        let declared = self.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        declared.split(';').next().unwrap_or_default().trim()
    }
    /// 415, naming what was sent.
    pub fn unsupported(&self) -> Problem {
        let declared = self.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let text = format!("Unsupported media type \"{declared}\" in request.");
        Problem::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
    }
    /// The body as JSON; `None` when there is none.
    pub fn json(&self) -> Result<Option<Json>, Problem> {
        if self.body.is_empty() {
            return Ok(None);
        }
        if !self.media_type().eq_ignore_ascii_case("application/json") {
            return Err(self.unsupported());
        }
        serde_json::from_slice(&self.body).map(Some).map_err(|e| broken(&self.body, &e))
    }
    /// The body as the fields of an object.
    pub fn dictionary(&self) -> Result<Map<String, Json>, Problem> {
        match self.json()? {
            None => Ok(Map::new()),
            Some(Json::Object(map)) => Ok(map),
            Some(Json::Null) => Err(Problem::invalid("No data provided")),
            Some(other) => {
                let kind = object::python_type(&other);
                Err(Problem::invalid(format!("Invalid data. Expected a dictionary, but got {kind}.")))
            }
        }
    }
}

/// Whether an answer in JSON is one that the client takes.
pub fn takes_json(headers: &HeaderMap) -> bool {
    let mut any = false;
    for value in headers.get_all(header::ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',') {
            let range = range.split(';').next().unwrap_or_default().trim();
            if matches!(range, "*/*" | "application/*" | "application/json") {
                return true;
            }
            any |= !range.is_empty();
        }
    }
    !any
}

/// 400 for a body that is no JSON, with the place in the words of upstream's parser.
fn broken(body: &[u8], error: &serde_json::Error) -> Problem {
    let text = String::from_utf8_lossy(body);
    let (what, line, column) = if error.is_eof() {
        let last = text.rsplit('\n').next().unwrap_or_default();
        ("unexpected end of data".to_owned(), text.matches('\n').count() + 1, last.chars().count() + 1)
    } else {
        let full = error.to_string();
        let what = full.split(" at line ").next().unwrap_or_default();
        let what = if what.starts_with("expected") { "unexpected character" } else { what };
        (what.to_owned(), error.line(), error.column().max(1))
    };
    let before: usize = text.split('\n').take(line.saturating_sub(1)).map(|l| l.chars().count() + 1).sum();
    let place = before + column - 1;
    let text = format!("JSON parse error - {what}: line {line} column {column} (char {place})");
    Problem::detail(StatusCode::BAD_REQUEST, text)
}

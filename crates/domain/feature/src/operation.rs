//! Operations of the API beside reading and writing objects: `users/{id}/set_password/`.

use axum::body::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, StatusCode};
use net::Origin;
use object::Record;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::app::App;
use crate::caller::Caller;
use crate::parameter::Parameter;
use crate::problem::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call an operation. Checked before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Everybody. On the list of open operations that a test pins.
    Anonymous,
    /// Everybody who is logged in.
    Authenticated,
    /// A permission on every object: `authentik_core.add_user`.
    Global(&'static str),
    /// A permission on the object that the path names.
    Target(&'static str),
    /// The object must be visible to the caller, as for reading it.
    Visible,
    Superuser,
}

/// One operation.
#[derive(Clone, Copy)]
pub struct Operation {
    /// `operationId` in the OpenAPI document: `core_users_set_password_create`.
    pub id: &'static str,
    pub method: Method,
    /// Below `/api/v3/`, with the placeholder as in the contract: `core/users/{id}/set_password/`.
    pub path: &'static str,
    pub permission: Permission,
    /// What it does, for the documentation.
    pub summary: &'static str,
    /// OpenAPI schema of the JSON body as JSON text, `""` for none; `{"$ref": …}` is fine.
    pub request: &'static str,
    /// OpenAPI schema of the answer as JSON text, `""` for an empty one.
    pub response: &'static str,
    /// Status of a success.
    pub status: u16,
    /// Parameters of the query.
    pub parameters: &'static [Parameter],
    pub run: for<'a> fn(&'a Call) -> BoxFuture<'a, Result<Reply, Problem>>,
}

/// A request to an operation, after its permission was checked.
pub struct Call {
    pub app: App,
    pub caller: Caller,
    /// The path's placeholders, in order.
    pub path: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub origin: Origin,
    /// The object that the path names, where there is one.
    pub target: Option<Record>,
    pub body: Body,
    /// The request's extensions: the browser session of crate `directory`, for instance.
    pub extensions: http::Extensions,
}

/// The body of a request.
pub enum Body {
    Empty,
    Json(Json),
    /// Anything else, with its content type.
    Raw {
        content_type: String,
        bytes: Bytes,
    },
}

impl Call {
    /// A parameter of the query string.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
    /// A placeholder of the path.
    pub fn segment(&self, name: &str) -> &str {
        self.path.iter().find(|(k, _)| k == name).map_or("", |(_, v)| v.as_str())
    }
    /// The JSON body as a mapping; nothing given counts as an empty one.
    pub fn input(&self) -> Result<&serde_json::Map<String, Json>, Problem> {
        static EMPTY: std::sync::LazyLock<serde_json::Map<String, Json>> =
            std::sync::LazyLock::new(serde_json::Map::new);
        match &self.body {
            Body::Json(Json::Object(map)) => Ok(map),
            Body::Empty => Ok(&EMPTY),
            _ => Err(Problem::invalid("Invalid data. Expected a dictionary.")),
        }
    }
    /// The JSON body as a type. For bodies whose every mistake is the caller's alone; forms for people use [`Call::input`].
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let json = Json::Object(self.input()?.clone());
        serde_json::from_value(json).map_err(|e| Problem::invalid(e.to_string()))
    }
    /// The object that the path names.
    pub fn target(&self) -> Result<&Record, Problem> {
        self.target.as_ref().ok_or_else(Problem::not_found)
    }
    /// `https://host` as the request saw it.
    pub fn base_url(&self) -> String {
        format!("{}://{}", self.origin.scheme.as_str(), self.origin.host)
    }
}

/// What an operation answers.
pub enum Reply {
    Json(StatusCode, Json),
    /// An object as reading it shows it.
    Object(StatusCode, Record),
    Empty(StatusCode),
    /// A file or any other body.
    Bytes {
        status: StatusCode,
        content_type: &'static str,
        filename: Option<String>,
        bytes: Vec<u8>,
    },
    /// A whole response, for the rare case.
    Response(Box<axum::response::Response>),
}

impl Reply {
    pub fn ok(json: Json) -> Self {
        Self::Json(StatusCode::OK, json)
    }
    pub fn created(json: Json) -> Self {
        Self::Json(StatusCode::CREATED, json)
    }
    pub fn no_content() -> Self {
        Self::Empty(StatusCode::NO_CONTENT)
    }
}

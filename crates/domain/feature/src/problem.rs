//! What goes back when something cannot be done: refusals for the caller, faults for the log.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use object::FieldErrors;
use serde_json::{Value as Json, json};

/// A fault of ours: logged once where it becomes an answer, shown only as an id.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// An answer that is not what the caller hoped for.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub status: StatusCode,
    pub body: Json,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
}

impl Problem {
    pub fn new(status: StatusCode, body: Json) -> Self {
        Self { status, body, retry_after: None }
    }
    /// `{"detail": …}` with any status.
    pub fn detail(status: StatusCode, text: impl Into<String>) -> Self {
        Self::new(status, json!({ "detail": text.into() }))
    }
    /// 400 with messages by field.
    pub fn fields(errors: &FieldErrors) -> Self {
        Self::new(StatusCode::BAD_REQUEST, errors.to_json())
    }
    /// 400 with one message for one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::fields(&FieldErrors::one(field, message))
    }
    /// 400 about the request as a whole.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::field("non_field_errors", message)
    }
    /// 403, nobody is logged in. (Upstream answers 403 here, not 401.)
    pub fn unauthenticated() -> Self {
        Self::detail(StatusCode::FORBIDDEN, "Authentication credentials were not provided.")
    }
    /// 403, the credentials are no good.
    pub fn bad_credentials() -> Self {
        Self::detail(StatusCode::FORBIDDEN, "Token invalid/expired")
    }
    /// 403.
    pub fn forbidden() -> Self {
        Self::detail(StatusCode::FORBIDDEN, "You do not have permission to perform this action.")
    }
    /// 404.
    pub fn not_found() -> Self {
        Self::detail(StatusCode::NOT_FOUND, "Not found.")
    }
    /// 404 for a model, as Django words it.
    pub fn no_such(verbose_name: &str) -> Self {
        Self::detail(StatusCode::NOT_FOUND, format!("No {verbose_name} matches the given query."))
    }
    /// 405.
    pub fn method_not_allowed(method: &str) -> Self {
        Self::detail(StatusCode::METHOD_NOT_ALLOWED, format!("Method \"{method}\" not allowed."))
    }
    /// 500; the cause is logged here, once.
    pub fn fault(error: impl std::fmt::Display) -> Self {
        tracing::error!("Request failed: {error}");
        Self::detail(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong on our side. The request id leads to the log.",
        )
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match &error {
            store::Error::Unique { columns, .. } => {
                let mut errors = FieldErrors::default();
                for column in columns {
                    errors.add(column, "This field must be unique.");
                }
                Self::fields(&errors)
            }
            store::Error::ForeignKey => Self::invalid("A reference leads to an object that does not exist."),
            store::Error::Restricted { .. } => {
                Self::detail(StatusCode::CONFLICT, "This object is still used by others; remove those uses first.")
            }
            store::Error::Guard => Self::detail(StatusCode::CONFLICT, "The object changed meanwhile; read it again."),
            store::Error::Unavailable(_) => {
                tracing::error!("The database is not available: {error}");
                let text = "The database is not available at the moment.";
                Self { retry_after: Some(5), ..Self::detail(StatusCode::SERVICE_UNAVAILABLE, text) }
            }
            _ => Self::fault(error),
        }
    }
}
impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::fields(&errors)
    }
}
impl From<object::Mismatch> for Problem {
    fn from(error: object::Mismatch) -> Self {
        Self::fault(error)
    }
}
impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::fault(fault)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

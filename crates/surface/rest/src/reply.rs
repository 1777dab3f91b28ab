//! Answers.

use axum::response::{IntoResponse, Response};
use feature::{Problem, Reply};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value as Json;

pub fn json(status: StatusCode, body: &Json) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

pub fn empty(status: StatusCode) -> Response {
    status.into_response()
}

/// The answer of an operation that is no object.
pub fn of(reply: Reply) -> Response {
    match reply {
        Reply::Object(status, _) => empty(status),
        Reply::Json(status, body) => json(status, &body),
        Reply::Empty(status) => empty(status),
        Reply::Response(response) => *response,
        Reply::Bytes { status, content_type, filename, bytes } => {
            let mut response = (status, [(header::CONTENT_TYPE, content_type)], bytes).into_response();
            if let Some(name) = filename {
                // A name comes from an object: nothing in it may end the header or leave its quotes.
                let safe: String =
                    name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\/".contains(c) { c } else { '_' }).collect();
                if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\"")) {
                    response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
                }
            }
            response
        }
    }
}

/// A refusal; a fault carries the id under which the log has the cause.
pub fn problem(mut problem: Problem, request_id: &str) -> Response {
    if problem.status.is_server_error()
        && let Json::Object(body) = &mut problem.body
        && !request_id.is_empty()
    {
        body.insert("request_id".to_owned(), request_id.into());
    }
    problem.into_response()
}

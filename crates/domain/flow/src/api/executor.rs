//! The executor over HTTP: challenges as JSON, and a redirect to itself after every stage that is passed.

use axum::response::{IntoResponse, Response};
use feature::{Body, BoxFuture, Call, Problem, Reply};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value as Json;

use crate::answer::Answer;
use crate::executor::{Mode, Step, step};
use crate::next;
use crate::visit::{Circumstances, RequestLine};

pub fn get(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(run(call, None, "GET"))
}

pub fn solve(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let fields = match &call.body {
            Body::Json(Json::Object(map)) => map.clone(),
            Body::Empty => serde_json::Map::new(),
            _ => return Err(Problem::invalid("Invalid data. Expected a dictionary.")),
        };
        run(call, Some(Answer::json(fields)), "POST").await
    })
}

async fn run(call: &Call, answer: Option<Answer>, method: &str) -> Result<Reply, Problem> {
    let slug = call.segment("flow_slug");
    let path = format!("/api/v3/flows/executor/{slug}/");
    let own = call.query.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    let address = next::with_query(&path, own);
    let line = RequestLine { method, path: &path, query: address.split_once('?').map_or("", |(_, q)| q) };
    let query = call.parameter("query").unwrap_or_default();
    let at = Circumstances::of_request(&call.app, &call.extensions, &call.headers, line, query).await?;
    match step(at, slug, answer, Mode::Api).await? {
        Step::Show(shown) => Ok(Reply::ok(shown.json)),
        Step::Again => Ok(Reply::Response(Box::new(again(&address)?))),
    }
}

fn again(address: &str) -> Result<Response, Problem> {
    let mut response = StatusCode::FOUND.into_response();
    let location = HeaderValue::from_str(address).map_err(Problem::fault)?;
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok(response)
}

//! `/if/flow/{slug}/`: a step of a flow as a page.
//!
//! Reading shows the present step; posting answers it and leads back by a redirect, so that the back button and a reload
//! never answer twice. A step that only leads on is a redirect, never a page.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use feature::{App, Problem};
use flow::{Answer, Circumstances, Mode, RequestLine, Step};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};

use crate::challenge::Challenge;
use crate::notice::{WRONG, reference};
use crate::page::{Branding, Page, message};
use crate::stage::{Link, Surroundings, render};

pub async fn show(State(app): State<App>, Path(slug): Path<String>, parts: Parts) -> Response {
    respond(&app, &slug, &parts, None).await
}

pub async fn answer(State(app): State<App>, Path(slug): Path<String>, parts: Parts, body: Bytes) -> Response {
    let pairs = form_urlencoded::parse(&body).map(|(k, v)| (k.into_owned(), v.into_owned()));
    respond(&app, &slug, &parts, Some(Answer::form(pairs))).await
}

/// The request's extensions, as an extractor.
pub struct Extensions(pub http::Extensions);

impl<S: Sync> axum::extract::FromRequestParts<S> for Extensions {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.clone()))
    }
}

async fn respond(app: &App, slug: &str, parts: &Parts, answer: Option<Answer>) -> Response {
    let Parts { uri, headers, extensions, .. } = parts;
    let query = uri.query().unwrap_or_default();
    let method = if answer.is_some() { Method::POST } else { Method::GET };
    let line = RequestLine { method: method.as_str(), path: uri.path(), query };
    let at = match Circumstances::of_request(app, extensions, headers, line, query).await {
        Ok(at) => at,
        // Dressed as a page on its way out.
        Err(problem) => return problem.into_response(),
    };
    let brand = Branding::of_request(app, &at.origin, extensions, headers).await;
    let own = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    match flow::step(at, slug, answer, Mode::Page).await {
        Ok(Step::Again) => see_other(&own),
        Ok(Step::Show(shown)) => match shown.redirect_to() {
            Some(to) => see_other(to),
            None => page(&brand, &own, &shown, &reference(extensions)),
        },
        Err(problem) => refused(&brand, &problem, &reference(extensions)),
    }
}

fn page(brand: &Branding, own: &str, shown: &flow::Shown, reference: &str) -> Response {
    let challenge = Challenge::read(&shown.json);
    let around = Surroundings {
        action: own,
        csrf: &shown.form_token,
        notice: shown.notice.unwrap_or_default(),
        given: &shown.given,
        brand: &brand.title,
        reference,
        t: brand.language,
    };
    let rendered = render(&challenge, &around);
    let status = if challenge.component == "ak-stage-access-denied" { StatusCode::FORBIDDEN } else { StatusCode::OK };
    Page {
        status,
        title: &rendered.title,
        brand,
        body: &rendered.body,
        wide: false,
        posts_away: challenge.component == "ak-stage-autosubmit",
        frames: &rendered.frames,
    }
    .respond()
}

fn refused(brand: &Branding, problem: &Problem, reference: &str) -> Response {
    if problem.status == StatusCode::NOT_FOUND {
        let text = "There is no flow at this address. The link may be old, or the flow was removed.";
        let link = Link::new("/", "Go to the start");
        return message(brand, StatusCode::NOT_FOUND, "Not found", &[brand.language.say(text)], &[link], reference);
    }
    let text = problem.body["detail"].as_str().unwrap_or("This step could not be carried out.");
    message(
        brand,
        problem.status,
        WRONG,
        &[brand.language.say(text)],
        &[Link::new("/flows/-/cancel/", "Start again")],
        reference,
    )
}

/// A redirect that is always followed by GET, also after a post (RFC 9110 §15.4.4).
fn see_other(to: &str) -> Response {
    redirect(StatusCode::SEE_OTHER, to)
}

/// A redirect from one page to another.
pub fn found(to: &str) -> Response {
    redirect(StatusCode::FOUND, to)
}

fn redirect(status: StatusCode, to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(location) => {
            let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            (status, headers).into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

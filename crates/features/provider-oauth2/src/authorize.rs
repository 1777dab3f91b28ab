//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2) as an ordered list of checks.
//!
//! ```text
//! client ─► redirect_uri ─► what is asked for ─► who is there ─► may they ─► is that enough ─► flow ─► respond
//!  page        page             redirect           login           page        login / redirect
//! ```
//! Until the redirect URI is known to be the client's, problems are shown on a page; afterwards the client is told.

mod client;
mod consent;
mod login;
mod request;
pub mod respond;
mod stage;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use feature::{App, Problem};
use http::{HeaderValue, StatusCode, header};
use oauth2_wire::{
    AuthorizationRequest, AuthorizeError, CheckedRedirectUri, CodeChallenge, Error, PageError, Params, Prompt,
    PromptSet, ResponseMode, ResponseType, ScopeSet, respond_error, url_encode,
};
use serde::{Deserialize, Serialize};

use crate::client::{Client, Clients};
use crate::endpoints::{not_found, page, post_on};
use crate::metrics;
use crate::request::{Asked, Form};

pub use consent::{begin_with, will_ask};
pub use login::{LoggedIn, hint_of, of_browser};
use respond::Answer;
pub use stage::{CONSENT, FULFILLMENT, FulfillmentStage};

/// RFC 9207: whether answers say whose they are. One place, so that the decision can be read off and changed.
const TELLS_ISSUER: bool = true;

/// What was asked for, checked; kept in the plan while the person goes through the flow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Authorization {
    pub client_id: String,
    pub redirect_uri: String,
    pub response_type: ResponseType,
    pub response_mode: ResponseMode,
    pub scope: ScopeSet,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub prompt: PromptSet,
    pub max_age: Option<u64>,
    pub pkce: Option<CodeChallenge>,
    pub claims: Option<String>,
    /// The person who was asked; nobody else's session may finish it.
    #[serde(default)]
    pub user: i64,
}

/// How a request ends before there is an answer.
pub enum Refusal {
    /// For the person, on a page.
    Page(StatusCode, &'static str, String),
    /// Who asks may not: why, and the application.
    Denied {
        text: String,
        application: Option<String>,
    },
    /// For the client.
    Redirect(Box<ToClient>),
    NotFound,
    /// Somewhere else first: to a login, through a flow.
    Leave(String),
    Fault(Problem),
}

/// An error that is told to the client (RFC 6749 §4.1.2.1).
pub struct ToClient {
    pub redirect_uri: CheckedRedirectUri,
    pub mode: ResponseMode,
    pub state: Option<String>,
    pub error: Error,
    pub issuer: String,
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        Self::Page(StatusCode::BAD_REQUEST, error.code(), error.description().to_owned())
    }
}
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Fault(problem)
    }
}
impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl ToClient {
    /// How the error travels.
    pub fn answer(&self) -> Answer {
        let state = self.state.as_deref().map(|state| ("state", state));
        let issuer = TELLS_ISSUER.then_some(("iss", self.issuer.as_str()));
        let more: Vec<(&str, &str)> = state.into_iter().chain(issuer).collect();
        respond_error(&self.redirect_uri, self.mode, &self.error, &more)
    }
}

/// A request whose client and redirect URI are known: from here on, the client can be told what is wrong.
pub struct Answerable<'a> {
    pub client: &'a Arc<Client>,
    pub redirect_uri: CheckedRedirectUri,
    pub request: AuthorizationRequest,
    pub base: &'a str,
}

impl Answerable<'_> {
    pub fn refuse(&self, error: impl Into<Error>) -> Refusal {
        Refusal::Redirect(Box::new(ToClient {
            redirect_uri: self.redirect_uri.clone(),
            mode: self.request.error_mode(),
            state: self.request.state.clone(),
            error: error.into(),
            issuer: self.client.issuer(self.base),
        }))
    }
}

/// `GET /application/o/authorize/`
pub async fn get(State(app): State<App>, asked: Asked) -> Response {
    if asked.query.is_empty() {
        return not_found();
    }
    match asked.parameters() {
        Ok(params) => answer(&app, &asked, &params, false).await,
        Err(error) => page(StatusCode::BAD_REQUEST, "Invalid request", &error.to_string()),
    }
}

/// `GET /login/oauth/authorize`, for clients that know GitHub only.
pub async fn github(State(app): State<App>, asked: Asked) -> Response {
    match asked.parameters() {
        Ok(params) => answer(&app, &asked, &params, true).await,
        Err(error) => page(StatusCode::BAD_REQUEST, "Invalid request", &error.to_string()),
    }
}

/// OpenID Connect Core §3.1.2.1: POST must be taken too. Browsers send no session along with a form of another site, so
/// the parameters become an address, with which the browser comes back as it is.
pub async fn post(form: Form) -> Response {
    let Ok(fields) = &form.fields else {
        return page(StatusCode::BAD_REQUEST, "Invalid request", "Too many parameters.");
    };
    // Each as often as it came: what is sent twice is for the checks to refuse.
    let all = |name: &'static str| fields.all(name).map(move |value| (name, value));
    let pairs: Vec<(&str, &str)> = PARAMETERS.into_iter().flat_map(all).collect();
    see(StatusCode::SEE_OTHER, &format!("{}?{}", form.asked.http.path, url_encode(&pairs)))
}

/// The parameters of an authorization request that mean something here.
const PARAMETERS: [&str; 18] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "ui_locales",
    "id_token_hint",
    "acr_values",
    "claims",
    "request",
    "request_uri",
    "code_challenge",
    "code_challenge_method",
];

const DENIED: &str = "Permission denied";

async fn answer(app: &App, asked: &Asked, params: &Params, is_github: bool) -> Response {
    let refusal = match authorize(app, asked, params, is_github).await {
        Ok(response) => return response,
        Err(refusal) => refusal,
    };
    match refusal {
        Refusal::Page(status, title, text) => page(status, title, &text),
        // COMPAT: shown with status 200.
        Refusal::Denied { text, application } => {
            let mut response = page(StatusCode::OK, DENIED, &text);
            response.extensions_mut().insert(brand::Notice { title: DENIED.to_owned(), text, application });
            response
        }
        Refusal::Redirect(error) => {
            metrics::authorization(app, false);
            tracing::info!(client = ?params.get("client_id"), "Authorization refused: {}", error.error);
            match error.answer() {
                Answer::Redirect(to) => see(StatusCode::FOUND, &to),
                Answer::FormPost { url, fields } => post_on(&url, &fields),
            }
        }
        Refusal::NotFound => not_found(),
        Refusal::Leave(to) => see(StatusCode::FOUND, &to),
        Refusal::Fault(problem) => problem.into_response(),
    }
}

/// The checks, in their order.
async fn authorize(app: &App, asked: &Asked, params: &Params, is_github: bool) -> Result<Response, Refusal> {
    let clients = Clients::of(app);
    let client = client::known(&clients, params)?;
    let redirect_uri = client::redirect_uri(client, params)?;
    client::is_linked(client)?;
    let request = AuthorizationRequest::parse(params);
    let known = Answerable { client, redirect_uri, request, base: &asked.base };
    request::is_single(&known, params)?;
    let response_type = request::response_type(&known)?;
    let response_mode = request::response_mode(&known, response_type)?;
    let scope = request::scope(&known, response_type, is_github)?;
    request::no_request_object(&known)?;
    request::nonce(&known, response_type)?;
    let pkce = request::pkce(&known)?;
    let max_age = request::max_age(&known)?;
    request::claims(&known)?;
    let authorization = Authorization {
        client_id: client.client_id().to_owned(),
        redirect_uri: known.redirect_uri.as_str().to_owned(),
        response_type,
        response_mode,
        scope,
        state: known.request.state.clone(),
        nonce: known.request.nonce.clone(),
        prompt: known.request.prompt,
        max_age,
        pkce,
        claims: known.request.claims.clone(),
        user: 0,
    };
    let at = asked.circumstances(app).await?;
    let session = login::is_logged_in(&known, &authorization, &at).await?;
    login::may_enter(&known, &authorization, &session, &at).await?;
    login::is_recent(&known, &authorization, &session, &at).await?;
    login::is_hinted(&known, &session, &at)?;
    let authorization = Authorization { user: session.user.key().unwrap_or_default(), ..authorization };
    consent::flow(&known, authorization, &session, &at).await
}

/// A redirect that nobody keeps.
pub fn see(status: StatusCode, to: &str) -> Response {
    let Ok(to) = HeaderValue::try_from(to) else {
        return page(
            StatusCode::BAD_REQUEST,
            "Invalid request",
            "The address to go to has characters that no address has.",
        );
    };
    let headers = [(header::LOCATION, to), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, headers).into_response()
}

/// Whether the request says that nothing may be shown.
pub fn is_silent(authorization: &Authorization) -> bool {
    authorization.prompt.contains(Prompt::None)
}

/// `login_required`, `consent_required` and their kin.
pub fn interaction(error: AuthorizeError) -> Error {
    error.into()
}

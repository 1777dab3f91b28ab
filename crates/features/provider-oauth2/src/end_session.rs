//! Logout that a client asks for (OpenID Connect RP-Initiated Logout 1.0).

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use feature::{App, Problem};
use flow::{
    Answer, Challenge, Circumstances, Context, Designation, Flow, Next, NotPlanned, StageKind, Visit, context, next,
};
use http::StatusCode;
use oauth2_wire::{Params, find_redirect_uri, url_encode};
use object::Id;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::authorize::{hint_of, see};
use crate::client::{Client, Clients};
use crate::endpoints::page;
use crate::request::{Asked, Form};

/// The name under which the stage is registered.
pub const SESSION_END: &str = "provider_oauth2/session_end";

const PARAMETERS: [&str; 6] =
    ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

/// `GET /application/o/{slug}/end-session/`
pub async fn get(State(app): State<App>, Path(slug): Path<String>, asked: Asked) -> Response {
    match end(&app, &slug, &asked).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

/// §2: POST must be taken too. As with authorization requests, the form becomes an address, so that the browser sends its
/// session along.
pub async fn post(form: Form) -> Response {
    let Ok(fields) = &form.fields else {
        return page(StatusCode::BAD_REQUEST, "Invalid request", "Too many parameters.");
    };
    let pairs: Vec<(&str, &str)> = PARAMETERS.iter().filter_map(|name| Some((*name, fields.get(name)?))).collect();
    see(StatusCode::SEE_OTHER, &next::with_query(&form.asked.http.path, pairs))
}

async fn end(app: &App, slug: &str, asked: &Asked) -> Result<Response, Problem> {
    let clients = Clients::of(app);
    let Some(client) = clients.by_slug(slug) else {
        // COMPAT: shown with status 200.
        return Ok(page(StatusCode::OK, "Not Found", "There is no such application here."));
    };
    let params = match asked.parameters() {
        Ok(params) => params,
        Err(error) => return Ok(page(StatusCode::BAD_REQUEST, "Invalid request", &error.to_string())),
    };
    let back = match way_back(app, client, &params) {
        Ok(back) => back,
        Err(text) => return Ok(page(StatusCode::BAD_REQUEST, "Invalid request", text)),
    };
    let at = asked.circumstances(app).await?;
    if at.user().is_none() {
        return match back {
            // Already logged out: nothing is left to do.
            Some(to) => Ok(see(StatusCode::FOUND, &to)),
            None => to_login(&at, asked).await,
        };
    }
    through_flow(&at, client, back).await
}

/// §3 and §4: where the person goes afterwards. SECURITY: only to an address that the client registered, and only with an ID
/// token of the client, by which nobody else can send people there.
fn way_back(app: &App, client: &Client, params: &Params) -> Result<Option<String>, &'static str> {
    if params.get("client_id").is_some_and(|id| id != client.client_id()) {
        return Err("client_id is not that of this application.");
    }
    let Some(given) = params.get("post_logout_redirect_uri") else { return Ok(None) };
    let Ok(uri) = find_redirect_uri(Some(given), client.redirect_uris()) else {
        return Err("post_logout_redirect_uri is not among the redirect URIs of this application.");
    };
    let uri = uri.as_str();
    if params.get("id_token_hint").and_then(|hint| hint_of(app, client, hint)).is_none() {
        // Keys change and tokens get lost; whoever wants to log out is let out all the same.
        tracing::info!(client = client.client_id(), "A logout leads nowhere: its id_token_hint is none of this client");
        return Ok(None);
    }
    Ok(Some(match params.get("state") {
        Some(state) => {
            let join = if uri.contains('?') { '&' } else { '?' };
            format!("{uri}{join}{}", url_encode(&[("state", state)]))
        }
        None => uri.to_owned(),
    }))
}

/// COMPAT: whoever is not logged in is asked to log in first.
async fn to_login(at: &Circumstances, asked: &Asked) -> Result<Response, Problem> {
    let Some(flow) = flow::default_flow(at, Designation::Authentication).await? else {
        return Ok(page(StatusCode::NOT_FOUND, "Not Found", "There is no flow to log in with."));
    };
    let own =
        if asked.query.is_empty() { asked.http.path.clone() } else { format!("{}?{}", asked.http.path, asked.query) };
    let mut query: Vec<(&str, &str)> = at.query.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    query.retain(|(name, _)| *name != next::NEXT);
    query.push((next::NEXT, own.as_str()));
    Ok(see(StatusCode::FOUND, &next::with_query(&format!("/if/flow/{}/", flow.slug), query)))
}

/// Through the provider's invalidation flow. Whether it ends the whole session is for its stages to say.
async fn through_flow(at: &Circumstances, client: &Client, back: Option<String>) -> Result<Response, Problem> {
    let snapshot = at.app.store().snapshot();
    let own = client.provider.base.invalidation_flow.and_then(|pk| snapshot.get::<Flow>(Id(pk)));
    let flow = match own {
        Some(flow) => Some(flow),
        None => flow::default_flow(at, Designation::Invalidation).await?,
    };
    let Some(flow) = flow else {
        return Ok(page(StatusCode::NOT_FOUND, "Not Found", "There is no flow to log out with."));
    };
    let mut context = Context::default();
    if let Some(application) = &client.application {
        context.set_application(application.base.pk.0);
    }
    let mut plan = match flow::plan(at, &flow, context, true).await {
        Ok(plan) => plan,
        Err(NotPlanned::Fault(problem)) => return Err(problem),
        Err(refusal) => return Ok(page(StatusCode::OK, "Permission denied", &refusal.message())),
    };
    plan.append_in_memory(SESSION_END, json!(SessionEnd { client_id: client.client_id().to_owned(), back }));
    Ok(see(StatusCode::FOUND, &flow::begin(at, &flow, &plan)))
}

/// What the last stage knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionEnd {
    client_id: String,
    back: Option<String>,
}

/// Says what ended, or sends the person back to the client when everything did.
pub struct SessionEndStage;

impl StageKind for SessionEndStage {
    type Config = SessionEnd;
    const COMPONENT: &'static str = "ak-stage-session-end";

    async fn enter(&self, visit: &mut Visit, end: &SessionEnd) -> Result<Next, Problem> {
        if visit.at.browser.user().is_some() {
            return Ok(Next::Ask);
        }
        if let Some(back) = &end.back {
            visit.plan.context.set(context::REDIRECT, back.as_str());
        }
        Ok(Next::Pass)
    }

    async fn challenge(&self, visit: &mut Visit, end: &SessionEnd) -> Result<Challenge, Problem> {
        let app = visit.app().clone();
        let clients = Clients::of(&app);
        let client = clients.by_client_id(&end.client_id);
        let application = client.and_then(|client| client.application.as_ref());
        let snapshot = app.store().snapshot();
        let brand = brand::of_host(&snapshot, visit.at.origin.domain());
        let mut challenge = Challenge::with_user(Self::COMPONENT).set("brand_name", brand.branding_title.as_str());
        if let Some(application) = application {
            let url = application.launch_url(&app, &snapshot, None);
            challenge = challenge
                .set("application_name", application.name.as_str())
                .set("application_launch_url", url.map_or(Json::Null, Json::from));
        }
        if let Some(flow) = brand.flow_invalidation.and_then(|pk| snapshot.get::<Flow>(Id(pk))) {
            challenge = challenge.set("invalidation_flow_url", format!("/if/flow/{}/", flow.slug));
        }
        Ok(challenge)
    }

    async fn answer(&self, _: &mut Visit, _: &SessionEnd, _: &Answer) -> Result<Next, Problem> {
        Ok(Next::Pass)
    }
}

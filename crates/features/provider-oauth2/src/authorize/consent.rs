//! Through the provider's authorization flow, which asks for consent where it is set up to, and then to the answer.

use apps::UserConsent;
use axum::response::Response;
use feature::Problem;
use flow::{Circumstances, Context, Flow, NotPlanned, Plan, What, context};
use http::StatusCode;
use oauth2_wire::{AuthorizeError, Prompt, ResponseMode, ScopeSet, names};
use object::{Id, Object};
use serde_json::{Value as Json, json};
use store::Filter;

use super::login::{LoggedIn, denied};
use super::{Answerable, Authorization, CONSENT, FULFILLMENT, Refusal, interaction, is_silent, respond, see};
use crate::client::Client;

/// Kind of the stages that ask for consent; they are another feature's.
const CONSENT_MODEL: &str = "authentik_stages_consent.consentstage";

pub async fn flow(
    known: &Answerable<'_>,
    authorization: Authorization,
    session: &LoggedIn,
    at: &Circumstances,
) -> Result<Response, Refusal> {
    let client = known.client;
    // OpenID Connect Core §3.1.2.1: `none` and `consent` exclude each other.
    if is_silent(&authorization) && authorization.prompt.contains(Prompt::Consent) {
        return Err(known.refuse(interaction(AuthorizeError::ConsentRequired)));
    }
    let snapshot = at.app.store().snapshot();
    let flow = client.provider.base.authorization_flow.and_then(|pk| snapshot.get::<Flow>(Id(pk)));
    let flow = flow.ok_or(Refusal::NotFound)?;
    let mut plan = match flow::plan(at, &flow, begin_with(client, &authorization.scope), true).await {
        Ok(plan) => plan,
        Err(NotPlanned::Fault(problem)) => return Err(problem.into()),
        Err(refusal) => return Err(denied(client, Some(refusal.message()))),
    };
    if authorization.prompt.contains(Prompt::Consent) && !plan.stops.iter().any(|stop| is_consent(at, &stop.what)) {
        plan.append_in_memory(CONSENT, json!({}));
    }
    if is_silent(&authorization) {
        is_passed_silently(known, &authorization, session, at, &plan).await?;
    }
    // With nothing to show, the answer is given at once; a form can only be posted from a page.
    if plan.stops.is_empty() && authorization.response_mode != ResponseMode::FormPost {
        let to = respond::respond(at, client, &authorization, session, flow.base.pk.0).await;
        return match to {
            Ok(respond::Answer::Redirect(to)) => Ok(see(StatusCode::FOUND, &to)),
            // Not reachable: a form is only made for `form_post`.
            Ok(respond::Answer::FormPost { .. }) => Err(Refusal::NotFound),
            Err(refusal) => Err(refusal),
        };
    }
    let data = serde_json::to_value(&authorization).unwrap_or(Json::Null);
    plan.append_in_memory(FULFILLMENT, data);
    // Where the flow would lead otherwise is not asked: its last stage answers the client.
    Ok(see(StatusCode::FOUND, &flow::begin(at, &flow, &plan)))
}

/// What the flow's stages and policies know from the start.
pub fn begin_with(client: &Client, scope: &ScopeSet) -> Context {
    let mut context = Context::default();
    context.set(context::IS_SSO, true);
    if let Some(application) = &client.application {
        context.set_application(application.base.pk.0);
        context.set(context::CONSENT_HEADER, format!("You're about to sign into {}.", application.name));
    }
    context.set(context::CONSENT_PERMISSIONS, permissions(client, scope));
    context
}

/// The granted scopes with what people are told about them.
pub fn permissions(client: &Client, scope: &ScopeSet) -> Json {
    const GITHUB: [(&str, &str); 4] = [
        ("user", "GitHub Compatibility: Access your User Information"),
        ("read:user", "GitHub Compatibility: Access your User Information"),
        ("user:email", "GitHub Compatibility: Access you Email addresses"),
        ("read:org", "GitHub Compatibility: Access your Groups"),
    ];
    let granted = client.mappings.iter().filter(|mapping| scope.contains(&mapping.scope_name));
    let mut permissions: Vec<Json> =
        granted.map(|mapping| json!({ "id": mapping.scope_name, "name": mapping.description })).collect();
    let more = GITHUB.iter().filter(|(name, _)| names::SCOPES_GITHUB.contains(name) && scope.contains(name));
    permissions.extend(more.map(|(id, name)| json!({ "id": id, "name": name })));
    Json::Array(permissions)
}

fn is_consent(at: &Circumstances, what: &What) -> bool {
    match what {
        What::InMemory { name, .. } => name == CONSENT,
        What::Binding(pk) => stage_of(at, *pk).is_some_and(|row| row.model.is_a(CONSENT_MODEL)),
    }
}

fn stage_of(at: &Circumstances, binding: object::Uuid) -> Option<store::Row> {
    let snapshot = at.app.store().snapshot();
    let binding = snapshot.get::<flow::FlowStageBinding>(Id(binding))?;
    snapshot.concrete(flow::Stage::MODEL, binding.stage.key()).cloned()
}

/// Whether a stage of the plan asks the person for consent, whatever they agreed to before.
pub async fn will_ask(at: &Circumstances, client: &Client, session: &LoggedIn, plan: &Plan) -> Result<bool, Problem> {
    let mut asks_anew = false;
    for stop in plan.stops.iter().filter(|stop| is_consent(at, &stop.what)) {
        if asks_always(at, &stop.what) {
            return Ok(true);
        }
        asks_anew = true;
    }
    let (Some(application), Some(user)) = (&client.application, session.user.key()) else { return Ok(asks_anew) };
    let given = Filter::eq("user", user).and(Filter::eq("application", application.base.pk));
    Ok(asks_anew && !at.app.store().exists(UserConsent::model(), given).await?)
}

/// Whether a consent stage asks every time.
fn asks_always(at: &Circumstances, what: &What) -> bool {
    match what {
        What::InMemory { .. } => true,
        What::Binding(pk) => stage_of(at, *pk).is_none_or(|row| row.text("mode") == "always_require"),
    }
}

/// `prompt=none`: stages that would show something are an error, consent that was given before is not shown.
async fn is_passed_silently(
    known: &Answerable<'_>,
    authorization: &Authorization,
    session: &LoggedIn,
    at: &Circumstances,
    plan: &Plan,
) -> Result<(), Refusal> {
    for stop in &plan.stops {
        if !is_consent(at, &stop.what) {
            return Err(known.refuse(interaction(AuthorizeError::InteractionRequired)));
        }
        let application = known.client.application.as_ref().map(|a| a.base.pk.0);
        let (Some(application), Some(user), false) = (application, session.user.key(), asks_always(at, &stop.what))
        else {
            return Err(known.refuse(interaction(AuthorizeError::ConsentRequired)));
        };
        let listed = permissions(known.client, &authorization.scope);
        let ids = listed.as_array().into_iter().flatten().filter_map(|p| p.get("id").and_then(Json::as_str));
        let wanted = ids.collect::<Vec<_>>().join(" ");
        let given = UserConsent::find(at.app.store(), at.now(), user, application, &wanted).await?;
        if given.is_none() {
            return Err(known.refuse(interaction(AuthorizeError::ConsentRequired)));
        }
    }
    Ok(())
}

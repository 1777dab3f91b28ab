//! The stages that this feature puts into flows: consent that the client demands, and the answer at the end.

use std::future::Future;

use feature::Problem;
use flow::{Answer, Challenge, Errors, Next, StageKind, Visit, context};
use oauth2_wire::PageError;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::login::{self, of_browser};
use super::{Authorization, Refusal, respond};
use crate::client::Clients;

/// Names under which the stages are registered.
pub const CONSENT: &str = "provider_oauth2/consent";
pub const FULFILLMENT: &str = "provider_oauth2/fulfillment";

/// Answers the client, once everything before is passed.
pub struct FulfillmentStage;

impl StageKind for FulfillmentStage {
    type Config = Authorization;
    const COMPONENT: &'static str = "ak-stage-autosubmit";

    async fn enter(&self, visit: &mut Visit, authorization: &Authorization) -> Result<Next, Problem> {
        let at = visit.at.clone();
        let clients = Clients::of(&at.app);
        let Some(client) = clients.by_client_id(&authorization.client_id) else {
            return Ok(Next::Deny(Some(PageError::ClientId.description().to_owned())));
        };
        // SECURITY: the plan lies in the session, and the session may have changed hands since it was made.
        let session = of_browser(&at.app, &at.browser).await?.filter(|s| s.user.key() == Some(authorization.user));
        let Some(session) = session else { return Ok(Next::Deny(Some("Another user is logged in now.".to_owned()))) };
        if !login::is_allowed(client, authorization, &session.user, &at).await? {
            return Ok(Next::Deny(Some("Request has been denied.".to_owned())));
        }
        Ok(match respond::respond(&at, client, authorization, &session, visit.flow.base.pk.0).await {
            Ok(respond::Answer::Redirect(to)) => Next::Leave(to),
            Ok(respond::Answer::FormPost { url, fields }) => {
                let fields: Map<String, Json> = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
                let name = client.application.as_ref().map_or("", |a| a.name.as_str());
                let challenge = Challenge::autosubmit(&format!("Redirecting to {name}..."), &url, fields);
                Next::Finish(Challenge { with_flow: false, ..challenge })
            }
            Err(Refusal::Redirect(error)) => Next::Leave(error.url()),
            Err(Refusal::Fault(problem)) => return Err(problem),
            Err(Refusal::Page(_, _, text)) => Next::Deny(Some(text)),
            Err(Refusal::Leave(_) | Refusal::NotFound) => Next::Deny(None),
        })
    }

    fn challenge(&self, _: &mut Visit, _: &Authorization) -> impl Future<Output = Result<Challenge, Problem>> + Send {
        // Never shown: entering it ends the flow.
        async { Ok(Challenge::denied(None)) }
    }

    fn answer(&self, _: &mut Visit, _: &Authorization, _: &Answer) -> impl Future<Output = Result<Next, Problem>> + Send {
        async { Ok(Next::Ask) }
    }
}

/// Asks for consent because the client wants it (`prompt=consent`), whatever was agreed before.
pub struct ConsentStage;

/// Consent needs no configuration.
#[derive(Debug, Clone, Deserialize)]
pub struct Demanded {}

impl StageKind for ConsentStage {
    type Config = Demanded;
    const COMPONENT: &'static str = "ak-stage-consent";

    async fn challenge(&self, visit: &mut Visit, _: &Demanded) -> Result<Challenge, Problem> {
        let token = match visit.plan.notes.get("token").and_then(Json::as_str) {
            Some(token) => token.to_owned(),
            None => visit.app().random().uuid_v4().to_string(),
        };
        visit.plan.notes = json!({ "token": token });
        let context = &visit.plan.context;
        let permissions = context.get(context::CONSENT_PERMISSIONS).cloned().unwrap_or_else(|| json!([]));
        let header = context.text(context::CONSENT_HEADER).unwrap_or_default().to_owned();
        Ok(Challenge::with_user(Self::COMPONENT)
            .set("header_text", header)
            .set("permissions", permissions)
            .set("additional_permissions", json!([]))
            .set("token", token))
    }

    async fn answer(&self, visit: &mut Visit, _: &Demanded, answer: &Answer) -> Result<Next, Problem> {
        let mut errors = Errors::default();
        let token = answer.text("token", &mut errors);
        // SECURITY: the token ties the consent to what was shown; it cannot be given from elsewhere.
        let shown = visit.plan.notes.get("token").and_then(Json::as_str).unwrap_or_default();
        if errors.is_empty() && (shown.is_empty() || !secret::ct_eq(&token, shown)) {
            errors.add("token", "Invalid consent token, re-showing prompt", "invalid");
        }
        Ok(if errors.is_empty() { Next::Pass } else { Next::Wrong(errors) })
    }
}

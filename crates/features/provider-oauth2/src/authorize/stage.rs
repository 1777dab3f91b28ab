//! The stage at the end of an authorization flow: the answer to the client.

use feature::Problem;
use flow::{Answer, Challenge, Next, StageKind, Visit};
use oauth2_wire::PageError;
use serde_json::{Map, Value as Json};

use super::login::{self, of_browser};
use super::{Authorization, Refusal, respond};
use crate::client::Clients;

/// The stage that asks for consent once, whatever was agreed to before. The name is that of the feature of the stages.
pub const CONSENT: &str = "consent";
/// The name under which the stage is registered.
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
        let answer = match respond::respond(&at, client, authorization, &session, visit.flow.base.pk.0).await {
            Ok(answer) => answer,
            Err(Refusal::Redirect(error)) => error.answer(),
            Err(Refusal::Fault(problem)) => return Err(problem),
            Err(Refusal::Page(_, _, text) | Refusal::Denied { text, .. }) => return Ok(Next::Deny(Some(text))),
            Err(Refusal::Leave(_) | Refusal::NotFound) => return Ok(Next::Deny(None)),
        };
        Ok(match answer {
            respond::Answer::Redirect(to) => Next::Leave(to),
            respond::Answer::FormPost { url, fields } => {
                let fields: Map<String, Json> = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
                let name = client.application.as_ref().map_or("", |a| a.name.as_str());
                let challenge = Challenge::autosubmit(&format!("Redirecting to {name}..."), &url, fields);
                Next::Finish(Challenge { with_flow: false, ..challenge })
            }
        })
    }

    async fn challenge(&self, _: &mut Visit, _: &Authorization) -> Result<Challenge, Problem> {
        // Never shown: entering it ends the flow.
        Ok(Challenge::denied(None))
    }

    async fn answer(&self, _: &mut Visit, _: &Authorization, _: &Answer) -> Result<Next, Problem> {
        Ok(Next::Ask)
    }
}

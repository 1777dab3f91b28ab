//! Links that begin a flow for one person: getting back into an account.
//!
//! A link is good once and for one flow. Looking at its page does not use it up (mail scanners look); the first answer
//! does, or the first stage that acts without one. From then on the plan lives in the browser that gave the answer.

use clock::Timestamp;
use directory::{Intent, RecoveryLinks, Token, User};
use feature::{App, BoxFuture, Call, Problem};
use jiff::SignedDuration;
use net::Origin;
use object::{Choices, Id};
use serde_json::{Value as Json, json};
use store::Filter;

use crate::context::{Context, IS_RESTORED, PendingUser};
use crate::flow::{Designation, Flow};
use crate::plan::Plan;
use crate::planner;
use crate::visit::{Circumstances, Visit};

/// The parameter of the page that carries the link's secret.
const PARAMETER: &str = "flow_token";
/// How long a link is good.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// What is said of a link that was used, has run out or belongs to another flow.
pub const INVALID: &str = "This link is not valid any more. Please ask for a new one.";

/// What the address says of a link.
pub enum Link {
    /// It has none, or it is the one that the plan under way began with.
    None,
    /// Begin with this.
    Begin(Context),
    Invalid,
}

/// Looks at the link in the address, if there is one.
pub async fn find(at: &Circumstances, flow: &Flow, under_way: Option<&Plan>) -> Result<Link, Problem> {
    let Some(key) = at.parameter(PARAMETER).filter(|k| !k.is_empty()) else { return Ok(Link::None) };
    let mark = at.app.root_key().signer("flow link").sign(key.as_bytes());
    let known =
        under_way.and_then(|plan| plan.context.get(IS_RESTORED)).and_then(|r| r.get("mark")).and_then(Json::as_str);
    if known == Some(mark.as_str()) {
        return Ok(Link::None);
    }
    let filter = Filter::eq("key", key).and(Filter::eq("intent", Intent::Verification.as_str()));
    let token = at.app.store().first::<Token>(filter).await?;
    let token = token.filter(|t| t.identifier.starts_with(&prefix(flow)) && is_good(t, at.now()));
    let Some(token) = token else { return Ok(Link::Invalid) };
    let mut context = Context::default();
    context.set_pending_user(&PendingUser::Known(token.user.0));
    context.set(IS_RESTORED, json!({ "mark": mark, "token": token.pk, "open": true }));
    Ok(Link::Begin(context))
}

/// Uses the link up that the plan began with, if that has not happened. False when somebody else was faster.
pub async fn redeem(visit: &mut Visit) -> Result<bool, Problem> {
    let Some(restored) = visit.plan.context.get(IS_RESTORED) else { return Ok(true) };
    if restored.get("open").and_then(Json::as_bool) != Some(true) {
        return Ok(true);
    }
    let mut used = restored.clone();
    let key = used.get("token").and_then(Json::as_str).and_then(|t| t.parse().ok());
    let Some(key) = key else { return Ok(false) };
    let token = visit.app().store().take::<Token>(Filter::eq("pk", Id::<Token>(key))).await?;
    if !token.is_some_and(|t| is_good(&t, visit.at.now())) {
        return Ok(false);
    }
    used["open"] = false.into();
    visit.plan.context.set(IS_RESTORED, used);
    Ok(true)
}

fn prefix(flow: &Flow) -> String {
    format!("ak-flow-{}-", flow.base.pk.0.simple())
}

// SECURITY: expiry counts by itself; the job that removes rows may be late.
fn is_good(token: &Token, now: Timestamp) -> bool {
    !token.expiring || token.expires.is_none_or(|e| e > now)
}

/// Makes a link that begins `flow` for a user.
pub async fn create(app: &App, flow: &Flow, user: &User, origin: &Origin) -> Result<String, Problem> {
    let key = app.random().token(60);
    let token = Token {
        pk: Id::unsaved(),
        managed: None,
        identifier: format!("{}{}-{}", prefix(flow), user.pk, app.random().token(12)),
        intent: Intent::Verification,
        user: user.pk,
        description: format!("Link to the flow {}", flow.slug),
        expires: Some(app.clock().after(LIFETIME)),
        expiring: true,
        key: key.clone(),
    };
    app.store().insert(&token).await?;
    Ok(format!("{origin}/if/flow/{}/?{PARAMETER}={key}", flow.slug))
}

/// What the crate of the users asks for.
pub struct Recovery;

impl RecoveryLinks for Recovery {
    fn link<'a>(&'a self, call: &'a Call, user: &'a User) -> BoxFuture<'a, Result<Option<String>, Problem>> {
        Box::pin(async move {
            match planner::brand_flow_of(&call.app, &call.origin, Designation::Recovery) {
                Some(flow) => create(&call.app, &flow, user, &call.origin).await.map(Some),
                None => Ok(None),
            }
        })
    }
    /// There is no stage that sends mail yet.
    fn mail<'a>(&'a self, _: &'a Call, _: &'a User, _: Option<&'a str>) -> BoxFuture<'a, Result<bool, Problem>> {
        Box::pin(async move { Ok(false) })
    }
}

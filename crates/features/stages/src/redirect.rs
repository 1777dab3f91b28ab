//! Redirect stage: sends the browser to a fixed address or into another flow.

use feature::{BoxFuture, Change, Problem};
use flow::context::IS_REDIRECTED;
use flow::{Answer, Challenge, Context, Flow, Next, NotPlanned, Stage, StageKind, Visit};
use object::{Choices, Id, Object};

/// Where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "RedirectStageModeEnum")]
pub enum RedirectMode {
    /// A fixed address.
    Static,
    /// Another flow.
    Flow,
}

/// Send the browser to a fixed address or into another flow.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_redirect.redirectstage",
    table = "authentik_stages_redirect_redirectstage",
    path = "stages/redirect",
    verbose = "Redirect Stage",
    plural = "Redirect Stages",
    component = "ak-stage-redirect-form",
    api_name = "RedirectStage",
    filters = ["name"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct RedirectStage {
    pub base: Stage,
    /// Keep what is known so far when another flow goes on.
    #[field(default_bool = true, shown_if = "mode == flow")]
    pub keep_context: bool,
    /// Where to.
    pub mode: RedirectMode,
    /// The address.
    #[field(blank, shown_if = "mode == static")]
    pub target_static: String,
    /// The flow.
    #[field(shown_if = "mode == flow")]
    pub target_flow: Option<Id<Flow>>,
}

/// Where a policy wants to send the person instead: an address, or `ak-flow://slug` for another flow.
const TARGET: &str = "redirect_stage_target";
const FLOW_SCHEME: &str = "ak-flow://";

/// SECURITY: such an address does not lead away, it runs in the page that follows it. Browsers skip space and control
/// characters in front of a scheme and within it.
fn runs_code(address: &str) -> bool {
    let clean: String = address.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    let scheme = clean.split(':').next().unwrap_or_default();
    ["javascript", "data", "vbscript"].iter().any(|forbidden| scheme.eq_ignore_ascii_case(forbidden))
}

/// Each mode needs its target, and one that can be gone to.
pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let record = &change.record;
        match record.text("mode") {
            "static" if record.text("target_static").is_empty() => {
                Err(Problem::invalid("Target URL should be present when mode is Static."))
            }
            "static" if runs_code(record.text("target_static")) => Err(Problem::field(
                "target_static",
                "This address would run code in the page. Give one that starts with https://.",
            )),
            "flow" if record.get("target_flow").is_null() => {
                Err(Problem::invalid("Target Flow should be present when mode is Flow."))
            }
            _ => Ok(()),
        }
    })
}

/// Sends the person on.
pub struct Redirect;

impl StageKind for Redirect {
    type Config = RedirectStage;
    const COMPONENT: &'static str = "xak-flow-redirect";

    async fn enter(&self, visit: &mut Visit, stage: &RedirectStage) -> Result<Next, Problem> {
        // Only policies and features can put a target there, so it may lead anywhere.
        if let Some(target) = visit.plan.context.text(TARGET).map(str::to_owned) {
            let slug = target.strip_prefix(FLOW_SCHEME).map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
            return match slug {
                Some(slug) => into_flow(visit, flow::by_slug(&visit.snapshot, slug), stage.keep_context).await,
                None => Ok(leave(&target)),
            };
        }
        match stage.mode {
            RedirectMode::Static => Ok(leave(&stage.target_static)),
            RedirectMode::Flow => {
                let target = stage.target_flow.and_then(|id| visit.snapshot.get(id));
                into_flow(visit, target, stage.keep_context).await
            }
        }
    }
    async fn challenge(&self, _: &mut Visit, stage: &RedirectStage) -> Result<Challenge, Problem> {
        Ok(Challenge::new(Self::COMPONENT).set("to", stage.target_static.as_str()))
    }
    async fn answer(&self, visit: &mut Visit, stage: &RedirectStage, _: &Answer) -> Result<Next, Problem> {
        self.enter(visit, stage).await
    }
}

fn leave(to: &str) -> Next {
    Next::Finish(Challenge::new(Redirect::COMPONENT).set("to", to))
}

async fn into_flow(visit: &mut Visit, target: Option<std::sync::Arc<Flow>>, keep: bool) -> Result<Next, Problem> {
    let Some(target) = target else { return Ok(Next::Deny(None)) };
    let mut context = if keep { visit.plan.context.clone() } else { Context::default() };
    context.remove(TARGET);
    context.set(IS_REDIRECTED, visit.flow.slug.as_str());
    let to = match flow::plan(&visit.at, &target, context, false).await {
        Ok(plan) => flow::begin(&visit.at, &target, &plan),
        // Over before it began: its page says so.
        Err(NotPlanned::Empty) => visit.flow_address(target.id()).unwrap_or_default(),
        Err(refusal) => return Ok(Next::Deny(Some(refusal.message()))),
    };
    Ok(leave(&to))
}

//! The ends of a flow: where to, or why not.

use std::sync::Arc;

use feature::Problem;
use http::StatusCode;

use super::{Run, Shown, Step, goes_on};
use crate::challenge::Challenge;
use crate::context::{Context, REDIRECT};
use crate::flow::{DeniedAction, Flow};
use crate::next;
use crate::plan::Plan;
use crate::planner::NotPlanned;
use crate::visit::{Circumstances, Visit};

/// Where people go who said nothing else.
const HOME: &str = "/";

impl Run {
    /// To show something where nothing is under way.
    fn without_plan(at: &Circumstances, flow: Arc<Flow>) -> Self {
        let plan = Plan::new(flow.base.pk.0, String::new(), Context::default());
        let visit = Visit::new(at.clone(), flow, plan);
        Self { visit, mode: super::Mode::Api, notice: None, ended: true, given: serde_json::Map::new() }
    }

    /// All stages are passed.
    pub(super) async fn done(&mut self) -> Result<Step, Problem> {
        self.ended = true;
        let challenge = match target(&self.visit) {
            Ok(to) => Challenge::redirect(&to),
            Err(message) => Challenge::denied(Some(message)),
        };
        self.show(challenge, None).await
    }

    /// Something failed. The plan stays, so that trying again makes sense.
    pub(super) fn fault(&self, problem: &Problem) -> Step {
        let caller = self.visit.caller();
        tracing::warn!(flow = self.visit.flow.slug, request = caller.request_id, "A stage failed: {}", problem.body);
        let challenge = Challenge::fault(&caller.request_id);
        let mut json = challenge.data;
        json.insert("component".to_owned(), challenge.component.into());
        Step::Show(Shown {
            json: json.into(),
            component: challenge.component,
            form_token: self.visit.plan.form_token(),
            notice: None,
            given: serde_json::Map::new(),
        })
    }
}

fn target(visit: &Visit) -> Result<String, &'static str> {
    // Only policies and features can put an address there, so it may lead anywhere.
    if let Some(to) = visit.plan.context.text(REDIRECT) {
        return Ok(to.to_owned());
    }
    match visit.at.target().or(visit.plan.next.as_deref()) {
        None => Ok(HOME.to_owned()),
        Some(target) => next::own_path(target, &visit.at.origin).ok_or("Invalid next URL"),
    }
}

/// The flow does not begin, for a reason of its own.
pub(super) async fn refused(at: &Circumstances, flow: Arc<Flow>, message: &str) -> Result<Step, Problem> {
    Run::without_plan(at, flow).show(Challenge::denied(Some(message)), None).await
}

/// There is no plan: the flow is not for this person, or it has no stages.
pub(super) async fn not_planned(at: &Circumstances, flow: Arc<Flow>, refusal: NotPlanned) -> Result<Step, Problem> {
    let is_continue = flow.denied_action == DeniedAction::Continue && goes_on(&flow);
    let mut run = Run::without_plan(at, flow);
    match refusal {
        // COMPAT: a flow without stages is over at once rather than an error.
        NotPlanned::Empty => run.done().await,
        NotPlanned::Fault(problem) if problem.status == StatusCode::SERVICE_UNAVAILABLE => Err(problem),
        NotPlanned::Fault(problem) => Ok(run.fault(&problem)),
        // COMPAT: upstream looks for the target where the executor's own parameters are, never finds it, and sends people
        // home; `message_continue` therefore shows its message.
        NotPlanned::NotApplicable(_) if is_continue => run.show(Challenge::redirect(HOME), None).await,
        other @ NotPlanned::NotApplicable(_) => run.show(Challenge::denied(Some(&other.message())), None).await,
    }
}

//! The executor: one step of a flow, for the API and for the page alike.
//!
//! ```text
//! plan from the session, or a new one ─► leave out what policies refuse ─► stage
//!   no answer ─► enter ─┐                                   answer ─► is it for this stage? ─► stage
//!                       ├─► Ask ─► challenge          Pass ─► next stage, or the end ─► target
//!                       │         Wrong ─► challenge with errors, or start anew
//!                       └────────  Deny ─► refusal, or start anew
//! ```
//! A step changes the session once, at its end.

mod end;
mod show;

use std::sync::Arc;

use feature::Problem;
use http::StatusCode;
use serde_json::{Map, Value as Json};

use crate::answer::{Answer, Errors};
use crate::binding::{FlowStageBinding, InvalidResponseAction};
use crate::challenge::Challenge;
use crate::context::Context;
use crate::flow::{DeniedAction, Flow};
use crate::kind::{AnyStage, Next, stage_registry};
use crate::links::{self, Link};
use crate::plan::What;
use crate::planner;
use crate::rules;
use crate::sessions;
use crate::visit::{Circumstances, Visit};

pub use show::background_url;

/// Who carries out the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A program: every stage that is passed is a redirect to the executor.
    Api,
    /// Our own page: stages that need no answer are passed at once.
    Page,
}

/// What comes out of a step.
#[derive(Debug, Clone)]
pub enum Step {
    /// The same address again (a redirect after an answer that was accepted).
    Again,
    /// This is to be shown.
    Show(Shown),
}

/// What is to be shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The challenge as the API sends it.
    pub json: Json,
    pub component: &'static str,
    /// The hidden field `csrf` of a form.
    pub form_token: String,
    /// Why an answer was not looked at (an old form, a session that ended).
    pub notice: Option<&'static str>,
    /// What a form held that was not accepted, but for passwords: the page fills it in again.
    pub given: Map<String, Json>,
}

impl Shown {
    /// The address, when this is a redirect.
    pub fn redirect_to(&self) -> Option<&str> {
        (self.component == crate::challenge::REDIRECT).then(|| self.json.get("to")).flatten().and_then(Json::as_str)
    }
}

/// What is said when a form does not fit the present stage.
const STALE: &str = "This page was out of date. Please go on here.";
/// A flow that starts anew so often without anybody answering would do so for ever.
const RESTARTS: u32 = 8;
/// A plan has no more stages than this that need no answer.
const SILENT: usize = 64;

/// One step of a flow.
///
/// # Errors
/// There is no such flow, or the session cannot be kept. What goes wrong inside a stage is shown as a challenge.
pub async fn step(at: Circumstances, slug: &str, answer: Option<Answer>, mode: Mode) -> Result<Step, Problem> {
    let snapshot = at.app.store().snapshot();
    let flow = planner::by_slug(&snapshot, slug).ok_or_else(|| Problem::no_such("Flow"))?;
    let kept = sessions::load(&at, &flow);
    let (kept, context) = match links::find(&at, &flow, kept.as_ref()).await? {
        Link::None => (kept, Context::default()),
        Link::Begin(context) => (None, context),
        Link::Invalid => return end::refused(&at, flow, links::INVALID).await,
    };
    let is_stale = answer.as_ref().is_some_and(|a| {
        a.is_form && kept.as_ref().is_none_or(|plan| a.form_token.as_deref() != Some(plan.form_token().as_str()))
    });
    // SECURITY: a form that was not made for this plan is not looked at. That is also what keeps other sites from logging
    // somebody in under a name of their choice.
    let answer = answer.filter(|_| !is_stale);
    let before = kept.clone();
    let plan = match kept {
        Some(plan) => plan,
        None => match planner::plan(&at, &flow, context, false).await {
            Ok(plan) => plan,
            Err(refusal) => return end::not_planned(&at, flow, refusal).await,
        },
    };
    let visit = Visit::new(at, flow, plan);
    let given = answer.as_ref().map(Answer::to_fill_in).unwrap_or_default();
    let mut run = Run { visit, mode, notice: is_stale.then_some(STALE), ended: false, given };
    let step = run.go(answer).await?;
    if run.ended {
        sessions::remove(&run.visit.at, &run.visit.flow);
    } else if before.as_ref() != Some(&run.visit.plan) {
        sessions::keep(&run.visit.at, &run.visit.flow, &run.visit.plan);
    }
    // Written before the answer goes out: what was accepted is not lost.
    run.visit.at.browser.save().await?;
    Ok(step)
}

/// A step under way.
struct Run {
    visit: Visit,
    mode: Mode,
    notice: Option<&'static str>,
    /// Whether the plan is over.
    ended: bool,
    /// What the form holds that is looked at.
    given: Map<String, Json>,
}

/// What the loop does next.
enum Turn {
    Out(Step),
    /// The present stage was passed without an answer.
    On,
}

impl Run {
    /// # Errors
    /// The database is away: nothing of the step counts, and the same answer may be given again.
    async fn go(&mut self, answer: Option<Answer>) -> Result<Step, Problem> {
        let mut answer = answer;
        for _ in 0..SILENT {
            match self.turn(answer.take()).await {
                Ok(Turn::Out(step)) => return Ok(step),
                Ok(Turn::On) => {}
                Err(problem) if problem.status == StatusCode::SERVICE_UNAVAILABLE => return Err(problem),
                Err(problem) => return Ok(self.fault(&problem)),
            }
        }
        Ok(self.fault(&Problem::fault("a flow passes too many stages without an answer")))
    }

    async fn turn(&mut self, answer: Option<Answer>) -> Result<Turn, Problem> {
        let stage = match self.present().await? {
            Present::Stage(stage) => stage,
            Present::End => return Ok(Turn::Out(self.done().await?)),
            Present::Denied(message) => return self.deny(message.as_deref()).await,
            Present::Gone => {
                // The configuration changed under way: begin anew.
                self.ended = true;
                return Ok(Turn::Out(Step::Again));
            }
        };
        let is_answer = answer.is_some();
        if (is_answer || stage.is_silent()) && !links::redeem(&mut self.visit).await? {
            return self.deny(Some(links::INVALID)).await;
        }
        let next = match answer {
            Some(answer) => self.answer(&*stage, &answer).await?,
            None => stage.enter(&mut self.visit).await?,
        };
        self.carry_out(&*stage, next, is_answer).await
    }

    /// The stage to deal with; those that policies refuse are left out.
    async fn present(&mut self) -> Result<Present, Problem> {
        let registry = stage_registry(self.visit.app());
        loop {
            self.visit.binding = None;
            let Some(stop) = self.visit.plan.current().cloned() else { return Ok(Present::End) };
            let snapshot = Arc::clone(&self.visit.snapshot);
            let (name, key, data) = match &stop.what {
                What::InMemory { name, data } => (name.clone(), None, data.clone()),
                What::Binding(pk) => {
                    let Some(binding) = snapshot.get::<FlowStageBinding>(object::Id(*pk)) else {
                        return Ok(Present::Gone);
                    };
                    let Some(row) = snapshot.concrete("authentik_flows.stage", binding.stage.key()) else {
                        return Ok(Present::Gone);
                    };
                    let (name, key) = (row.model.name().to_owned(), row.key());
                    self.visit.binding = Some(binding);
                    (name, key, Json::Null)
                }
            };
            if stop.re_evaluate
                && let Some(binding) = self.visit.binding.clone()
            {
                let result = self.visit.passes(binding.base.pk.0, binding.base.policy_engine_mode).await?;
                if !result.passing {
                    // SECURITY: a policy that failed must not take a stage out of the way.
                    if rules::has_failed(&result) {
                        return Ok(Present::Denied(Some(result.messages.join(", "))));
                    }
                    self.visit.plan.advance(false);
                    continue;
                }
            }
            let loaded = registry.load(&name, &snapshot, key, &data).map(Present::Stage);
            return Ok(loaded.unwrap_or_else(|| {
                tracing::error!(stage = name, "Nothing carries out stages of this kind");
                Present::Denied(None)
            }));
        }
    }

    /// The checks that no stage can forget.
    async fn answer(&mut self, stage: &dyn AnyStage, answer: &Answer) -> Result<Next, Problem> {
        let is_other = answer.component().is_some_and(|c| c != stage.component());
        // SECURITY: an answer to another stage, and nothing at all, is never an answer to this one.
        if is_other || answer.fields.is_empty() {
            let mut errors = stage.missing(&mut self.visit).await?;
            if errors.is_empty() {
                errors = Errors::one("component", "This field is required.", "required");
            }
            return Ok(Next::Wrong(errors));
        }
        stage.answer(&mut self.visit, answer).await
    }

    async fn carry_out(&mut self, stage: &dyn AnyStage, next: Next, is_answer: bool) -> Result<Turn, Problem> {
        Ok(match next {
            Next::Ask => {
                let challenge = stage.challenge(&mut self.visit).await?;
                Turn::Out(self.show(challenge, None).await?)
            }
            Next::Pass => {
                self.visit.plan.advance(true);
                if self.visit.plan.stops.is_empty() {
                    Turn::Out(self.done().await?)
                } else if self.mode == Mode::Api || is_answer {
                    Turn::Out(Step::Again)
                } else {
                    Turn::On
                }
            }
            Next::Wrong(errors) => match stage.refused(&mut self.visit) {
                Some(Next::Deny(message)) => self.deny(message.as_deref()).await?,
                _ => match self.action() {
                    InvalidResponseAction::Retry => {
                        let challenge = stage.challenge(&mut self.visit).await?;
                        Turn::Out(self.show(challenge, Some(&errors)).await?)
                    }
                    action => self.restart(action).await?,
                },
            },
            Next::Deny(message) => self.deny(message.as_deref()).await?,
            Next::Show(challenge) => Turn::Out(self.show(challenge, None).await?),
            Next::Leave(to) => {
                self.ended = true;
                Turn::Out(self.show(Challenge::redirect(&to), None).await?)
            }
            Next::Finish(challenge) => {
                self.ended = true;
                Turn::Out(self.show(challenge, None).await?)
            }
        })
    }

    fn action(&self) -> InvalidResponseAction {
        self.visit.binding.as_ref().map_or(InvalidResponseAction::Retry, |b| b.invalid_response_action)
    }

    /// Ends the flow with a refusal, or starts it anew where the binding says so.
    async fn deny(&mut self, message: Option<&str>) -> Result<Turn, Problem> {
        let action = self.action();
        if action != InvalidResponseAction::Retry && self.visit.plan.restarts < RESTARTS {
            return self.restart(action).await;
        }
        self.ended = true;
        Ok(Turn::Out(self.show(Challenge::denied(message), None).await?))
    }

    async fn restart(&mut self, action: InvalidResponseAction) -> Result<Turn, Problem> {
        let context = match action {
            InvalidResponseAction::RestartWithContext => self.visit.plan.context.clone(),
            _ => Context::default(),
        };
        let (restarts, next) = (self.visit.plan.restarts + 1, self.visit.plan.next.clone());
        match planner::plan(&self.visit.at, &self.visit.flow, context, false).await {
            Ok(mut plan) => {
                plan.restarts = restarts;
                plan.next = plan.next.or(next);
                self.visit.plan = plan;
                Ok(Turn::Out(Step::Again))
            }
            Err(refusal) => {
                self.ended = true;
                end::not_planned(&self.visit.at, Arc::clone(&self.visit.flow), refusal).await.map(Turn::Out)
            }
        }
    }
}

/// What there is to deal with.
enum Present {
    Stage(Box<dyn AnyStage>),
    End,
    Denied(Option<String>),
    /// Somebody deleted it meanwhile.
    Gone,
}

/// Whether the flow's setting says that a refused person goes on.
fn goes_on(flow: &Flow) -> bool {
    matches!(flow.denied_action, DeniedAction::Continue | DeniedAction::MessageContinue)
}

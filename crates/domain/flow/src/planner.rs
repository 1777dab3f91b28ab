//! Planning: may this person start the flow, and which stages will they see.

use std::sync::Arc;

use feature::Problem;
use object::Id;
use store::Snapshot;

use crate::binding::FlowStageBinding;
use crate::context::{Context, IS_REDIRECTED, OUTPOST};
use crate::flow::{Authentication, Designation, Flow};
use crate::plan::{Plan, Stop, What};
use crate::rules;
use crate::visit::{Circumstances, Visit};

/// Why there is no plan.
#[derive(Debug)]
pub enum NotPlanned {
    /// The flow is not for this person; what the policies say of it.
    NotApplicable(Vec<String>),
    /// No stage is left.
    Empty,
    Fault(Problem),
}

impl From<Problem> for NotPlanned {
    fn from(problem: Problem) -> Self {
        Self::Fault(problem)
    }
}

impl NotPlanned {
    /// What the person is told.
    pub fn message(&self) -> String {
        match self {
            Self::NotApplicable(messages) if !messages.is_empty() => messages.join(", "),
            Self::NotApplicable(_) => "Flow does not apply to current user.".to_owned(),
            Self::Empty => "Flow is empty.".to_owned(),
            Self::Fault(_) => "Unknown error".to_owned(),
        }
    }
}

/// The flow in which the first administrator chooses a password.
///
/// SECURITY: closed for ever once it was finished, whatever becomes of its policies or of the account.
pub const INITIAL_SETUP: &str = "initial-setup";

/// Flows by slug and their bindings in order, computed once a snapshot.
struct Index {
    by_slug: std::collections::HashMap<String, Arc<Flow>>,
    bindings: std::collections::HashMap<Id<Flow>, Vec<Arc<FlowStageBinding>>>,
}

fn index(snapshot: &Snapshot) -> Arc<Index> {
    snapshot.derive(|snapshot| {
        let by_slug = snapshot.all::<Flow>().iter().map(|f| (f.slug.clone(), Arc::clone(f))).collect();
        let mut bindings: std::collections::HashMap<Id<Flow>, Vec<Arc<FlowStageBinding>>> =
            std::collections::HashMap::new();
        for binding in snapshot.all::<FlowStageBinding>().iter() {
            bindings.entry(binding.target).or_default().push(Arc::clone(binding));
        }
        for list in bindings.values_mut() {
            list.sort_by_key(|b| (b.order, b.base.pk));
        }
        Index { by_slug, bindings }
    })
}

/// The flow of a slug.
pub fn by_slug(snapshot: &Snapshot, slug: &str) -> Option<Arc<Flow>> {
    index(snapshot).by_slug.get(slug).cloned()
}

/// A flow's bindings in their order.
pub fn bindings(snapshot: &Snapshot, flow: Id<Flow>) -> Vec<Arc<FlowStageBinding>> {
    index(snapshot).bindings.get(&flow).cloned().unwrap_or_default()
}

/// Plans a flow for whoever asks. `context` is what is known from the start. A flow without stages gives a plan without
/// stops only when `allow_empty`, for features that add their own.
pub async fn plan(
    at: &Circumstances,
    flow: &Arc<Flow>,
    context: Context,
    allow_empty: bool,
) -> Result<Plan, NotPlanned> {
    if !may_start(at, flow, &context) || flow.slug == INITIAL_SETUP && directory::setup::is_done(&at.app).await? {
        return Err(NotPlanned::NotApplicable(Vec::new()));
    }
    let mut plan = Plan::new(flow.base.pk.0, at.app.random().token(32), context);
    plan.next = at.target().map(str::to_owned);
    let mut visit = Visit::new(at.clone(), Arc::clone(flow), plan);
    let result = visit.passes(flow.base.pk.0, flow.base.policy_engine_mode).await?;
    if !result.passing {
        return Err(NotPlanned::NotApplicable(result.messages));
    }
    for binding in bindings(&visit.snapshot, flow.id()) {
        if binding.evaluate_on_plan {
            let result = visit.passes(binding.base.pk.0, binding.base.policy_engine_mode).await?;
            // SECURITY: a policy that failed says nothing about the stage; leaving the stage out would let in whoever can
            // make a policy fail.
            if rules::has_failed(&result) && !result.passing {
                return Err(NotPlanned::NotApplicable(result.messages));
            }
            if !result.passing {
                continue;
            }
        }
        visit.plan.append(Stop { what: What::Binding(binding.base.pk.0), re_evaluate: binding.re_evaluate_policies });
    }
    if visit.plan.stops.is_empty() && !allow_empty {
        return Err(NotPlanned::Empty);
    }
    Ok(visit.plan)
}

/// Whether the flow's requirement holds.
fn may_start(at: &Circumstances, flow: &Flow, context: &Context) -> bool {
    let is_logged_in = at.user().is_some();
    match flow.authentication {
        Authentication::None => true,
        Authentication::RequireAuthenticated => is_logged_in,
        Authentication::RequireUnauthenticated => !is_logged_in,
        Authentication::RequireSuperuser => at.is_superuser(),
        Authentication::RequireRedirect => context.has(IS_REDIRECTED),
        Authentication::RequireOutpost => context.has(OUTPOST),
    }
}

/// The flow that the brand of the host names for a designation.
pub fn brand_flow(at: &Circumstances, designation: Designation) -> Option<Arc<Flow>> {
    brand_flow_of(&at.app, &at.origin, designation)
}

pub(crate) fn brand_flow_of(app: &feature::App, origin: &net::Origin, designation: Designation) -> Option<Arc<Flow>> {
    let lookup = app.service::<BrandFlows>()?;
    let flow = (lookup.0)(app, origin, designation)?;
    app.store().snapshot().get(flow)
}

/// The flow of a designation that people are sent to: the first by slug whose policies let them pass.
pub async fn default_flow(at: &Circumstances, designation: Designation) -> Result<Option<Arc<Flow>>, Problem> {
    let snapshot = at.app.store().snapshot();
    if let Some(flow) = brand_flow(at, designation) {
        return Ok(Some(flow));
    }
    let mut flows: Vec<_> = snapshot.all::<Flow>().iter().filter(|f| f.designation == designation).cloned().collect();
    flows.sort_by(|a, b| a.slug.cmp(&b.slug));
    for flow in flows {
        let plan = Plan::new(flow.base.pk.0, String::new(), Context::default());
        let mut visit = Visit::new(at.clone(), Arc::clone(&flow), plan);
        if visit.passes(flow.base.pk.0, flow.base.policy_engine_mode).await?.passing {
            return Ok(Some(flow));
        }
    }
    Ok(None)
}

/// The flow that the brand of a host names for a designation. Handed in by the crate of the brands.
pub struct BrandFlows(pub fn(&feature::App, &net::Origin, Designation) -> Option<Id<Flow>>);
/// The picture behind flows that have none of their own, for a host. Handed in by the crate of the brands.
pub struct BrandBackground(pub fn(&feature::App, &net::Origin) -> String);

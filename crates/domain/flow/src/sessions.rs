//! Plans in the browser's session: one for each flow, so that two tabs in two flows do not disturb each other.
//!
//! They are sealed with a key of ours: a plan holds what people typed in, passwords included, until the last stage wrote
//! it, and whoever reads the database must not.

use secret::Sealer;

use crate::flow::Flow;
use crate::plan::Plan;
use crate::visit::Circumstances;

const PREFIX: &str = "flow/";
/// Plans kept for one browser; the oldest goes first.
const MOST: usize = 8;

fn name(flow: &Flow) -> String {
    format!("{PREFIX}{}", flow.slug)
}

fn sealer(at: &Circumstances) -> Sealer {
    at.app.root_key().sealer("flow plans", at.app.random().clone())
}

/// The plan of a flow that is under way in this browser.
pub fn load(at: &Circumstances, flow: &Flow) -> Option<Plan> {
    let kept = at.browser.get(&name(flow))?;
    let opened = sealer(at).open_text(flow.slug.as_bytes(), kept.as_str()?).ok()?;
    let plan: Plan = serde_json::from_slice(opened.expose()).ok()?;
    (plan.flow == flow.base.pk.0).then_some(plan)
}

/// Keeps a plan in the session. The session itself is written when the request is over.
pub fn keep(at: &Circumstances, flow: &Flow, plan: &Plan) {
    let Ok(text) = serde_json::to_vec(plan) else { return };
    let name = name(flow);
    let mut others: Vec<String> = at.browser.names();
    others.retain(|n| n.starts_with(PREFIX) && *n != name);
    for oldest in others.iter().take((others.len() + 1).saturating_sub(MOST)) {
        at.browser.remove(oldest);
    }
    at.browser.set(&name, sealer(at).seal_text(flow.slug.as_bytes(), &text));
}

/// Forgets the plan of a flow.
pub fn remove(at: &Circumstances, flow: &Flow) {
    at.browser.remove(&name(flow));
}

/// Forgets all plans.
pub fn forget(at: &Circumstances) {
    for name in at.browser.names() {
        if name.starts_with(PREFIX) {
            at.browser.remove(&name);
        }
    }
}

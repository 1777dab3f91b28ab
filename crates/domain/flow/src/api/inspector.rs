//! The inspector: a plan under way, for those who build flows.

use std::sync::Arc;

use feature::{BoxFuture, Call, Problem, Reply};
use object::Uuid;
use serde_json::{Value as Json, json};
use store::Snapshot;

use crate::binding::FlowStageBinding;
use crate::plan::{Passed, Plan};
use crate::planner;
use crate::sessions;
use crate::shown::binding_json;
use crate::visit::{Circumstances, RequestLine};

pub fn get(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let slug = call.segment("flow_slug");
        let snapshot = call.app.store().snapshot();
        let flow = planner::by_slug(&snapshot, slug).ok_or_else(|| Problem::no_such("Flow"))?;
        let may =
            call.caller.is_authenticated() && call.caller.may_on("authentik_flows.inspect_flow", flow.base.pk.key());
        if !may {
            return Err(Problem::not_found());
        }
        let line = RequestLine { method: "GET", path: "", query: "" };
        let at = Circumstances::of_request(&call.app, &call.extensions, &call.headers, line, "").await?;
        let Some(plan) = sessions::load(&at, &flow) else {
            return Err(Problem::detail(http::StatusCode::BAD_REQUEST, "The flow is not under way in this session."));
        };
        let session = at.browser.id().map_or_else(String::new, |id| {
            let tag = call.app.root_key().signer("inspector session").sign(id.to_string().as_bytes());
            data_encoding::HEXLOWER.encode(tag.as_bytes())
        });
        let plans: Vec<Json> = plan.passed.iter().map(|p| passed(&snapshot, p, &session)).collect();
        Ok(Reply::ok(json!({
            "plans": plans,
            "current_plan": present(&snapshot, &plan, &session),
            "is_completed": plan.stops.is_empty(),
        })))
    })
}

fn present(snapshot: &Arc<Snapshot>, plan: &Plan, session: &str) -> Json {
    let binding = |i: usize| plan.stops.get(i).and_then(crate::plan::Stop::binding);
    json!({
        "current_stage": shown(snapshot, binding(0)),
        "next_planned_stage": shown(snapshot, binding(1)),
        "plan_context": plan.context.cleansed(),
        "session_id": session,
    })
}

fn passed(snapshot: &Arc<Snapshot>, passed: &Passed, session: &str) -> Json {
    json!({
        "current_stage": shown(snapshot, passed.binding),
        "next_planned_stage": shown(snapshot, passed.next),
        "plan_context": passed.context,
        "session_id": session,
    })
}

fn shown(snapshot: &Arc<Snapshot>, binding: Option<Uuid>) -> Json {
    let found = binding.and_then(|pk| snapshot.get::<FlowStageBinding>(object::Id(pk)));
    found.map_or(Json::Null, |b| binding_json(snapshot, &b))
}

//! A flow as a Mermaid diagram: stages in a row, the policies in front of them, and where refusals lead.

use std::sync::Arc;

use feature::{BoxFuture, Call, Problem, Reply};
use object::Id;
use serde_json::json;
use store::Snapshot;

use crate::binding::FlowStageBinding;
use crate::flow::Flow;
use crate::planner;

pub fn get(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let snapshot = call.app.store().snapshot();
        let id = call.target()?.key().and_then(Id::from_key).ok_or_else(Problem::not_found)?;
        let flow: Arc<Flow> = snapshot.get(id).ok_or_else(Problem::not_found)?;
        Ok(Reply::ok(json!({ "diagram": draw(&snapshot, &flow) })))
    })
}

/// SECURITY: names come from people and are read as HTML by the drawing library.
fn clean(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '<' | '>' | '&' | '`' | '#' => format!("#{};", u32::from(c)),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

fn draw(snapshot: &Snapshot, flow: &Flow) -> String {
    let mut lines = vec!["graph TD".to_owned(), format!("flow_start[[\"Flow\n{}\"]]", clean(&flow.title))];
    let own = policies(snapshot, flow.base.pk.0);
    for (i, policy) in own.iter().enumerate() {
        let from = if i == 0 { "flow_start".to_owned() } else { format!("flow_policy_{}", i - 1) };
        let link = if i == 0 { "-->" } else { "--Policy passed-->" };
        lines.push(format!("{from} {link} flow_policy_{i}{{{{\"{policy}\"}}}}"));
        lines.push(format!("flow_policy_{i} --Policy denied--> denied[[\"Access denied\"]]"));
    }
    let mut before = match own.len() {
        0 => "flow_start -->".to_owned(),
        n => format!("flow_policy_{} --Policy passed-->", n - 1),
    };
    let bindings = planner::bindings(snapshot, flow.id());
    for (i, binding) in bindings.iter().enumerate() {
        let end = if i + 1 == bindings.len() { "done".to_owned() } else { format!("stage_{}", i + 1) };
        for (j, policy) in policies(snapshot, binding.base.pk.0).iter().enumerate() {
            lines.push(format!("{before} stage_{i}_policy_{j}{{{{\"{policy}\"}}}}"));
            lines.push(format!("stage_{i}_policy_{j} --Policy denied--> {end}"));
            before = format!("stage_{i}_policy_{j} --Policy passed-->");
        }
        lines.push(format!("{before} stage_{i}([\"{}\"])", stage(snapshot, binding)));
        before = format!("stage_{i} -->");
    }
    lines.push(format!("{before} done[[\"End of the flow\"]]"));
    lines.join("\n")
}

fn stage(snapshot: &Snapshot, binding: &FlowStageBinding) -> String {
    match snapshot.concrete("authentik_flows.stage", binding.stage.key()) {
        Some(row) => format!("Stage ({})\n{}", row.model.schema.verbose_name, clean(row.text("name"))),
        None => "Stage".to_owned(),
    }
}

fn policies(snapshot: &Snapshot, target: object::Uuid) -> Vec<String> {
    let name = |binding: &Arc<policy::PolicyBinding>| {
        let policy = binding.policy.and_then(|p| snapshot.concrete("authentik_policies.policy", p.key()));
        let what = match (policy, binding.group, binding.user) {
            (Some(row), ..) => format!("Policy ({})\n{}", row.model.schema.verbose_name, clean(row.text("name"))),
            (None, Some(group), _) => {
                let row = snapshot.row("authentik_core.group", object::Key::Uuid(group));
                format!("Group\n{}", row.map(|r| clean(r.text("name"))).unwrap_or_default())
            }
            (None, None, user) => format!("User\n{}", user.unwrap_or_default()),
        };
        if binding.negate { format!("not {what}") } else { what }
    };
    policy::engine::bindings(snapshot, target).iter().map(name).collect()
}

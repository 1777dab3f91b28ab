//! What the API shows of flows, stages and bindings beside their own fields.

use std::collections::HashMap;
use std::sync::Arc;

use feature::{BoxFuture, Computed, Problem, Rendering};
use object::{Key, Record, Value};
use serde_json::{Value as Json, json};
use store::Snapshot;

use crate::binding::FlowStageBinding;
use crate::executor::background_url;
use crate::flow::Flow;
use crate::planner;

/// What people call a flow.
pub fn flow_name(flow: &Record) -> String {
    format!("Flow {} ({})", flow.text("name"), flow.text("slug"))
}

/// What people call a stage of any kind.
pub fn stage_name(stage: &Record) -> String {
    format!("Stage {}", stage.text("name"))
}

/// What people call a binding.
pub fn binding_name(binding: &Record) -> String {
    let flow = binding.get("target").as_key().map(|key| key.to_string()).unwrap_or_default();
    format!("Flow-stage binding #{} to {flow}", binding.get("order").as_int().unwrap_or_default())
}

type Shown<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

const STRING: &str = r#"{"type": "string", "readOnly": true}"#;
const UUID: &str = r#"{"type": "string", "format": "uuid", "readOnly": true}"#;
const UUIDS: &str = r#"{"type": "array", "items": {"type": "string", "format": "uuid"}, "readOnly": true}"#;

pub const FLOW: &[Computed] = &[
    Computed { name: "policybindingmodel_ptr_id", schema: UUID, required: true, render: own_key },
    Computed { name: "background_url", schema: STRING, required: true, render: background },
    Computed {
        name: "background_themed_urls",
        schema: r##"{"allOf": [{"$ref": "#/components/schemas/ThemedUrls"}], "nullable": true, "readOnly": true}"##,
        required: true,
        render: themed_backgrounds,
    },
    Computed { name: "stages", schema: UUIDS, required: true, render: stages },
    Computed { name: "policies", schema: UUIDS, required: true, render: policies },
    Computed { name: "cache_count", schema: r#"{"type": "integer", "readOnly": true}"#, required: true, render: zero },
    Computed { name: "export_url", schema: STRING, required: true, render: export },
];

pub const STAGE: &[Computed] = &[Computed {
    name: "flow_set",
    schema: r##"{"type": "array", "items": {"$ref": "#/components/schemas/FlowSet"}, "readOnly": true}"##,
    required: true,
    render: flow_set,
}];

pub const BINDING: &[Computed] = &[
    Computed { name: "policybindingmodel_ptr_id", schema: UUID, required: true, render: own_key },
    Computed {
        name: "stage_obj",
        schema: r##"{"allOf": [{"$ref": "#/components/schemas/Stage"}], "readOnly": true}"##,
        required: true,
        render: stage_object,
    },
];

fn each<'a>(records: &'a [Record], one: impl Fn(&Record) -> Json + Send + 'a) -> Shown<'a> {
    Box::pin(async move { Ok(records.iter().map(one).collect()) })
}

fn own_key<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Shown<'a> {
    each(records, |r| r.key().map_or(Json::Null, |k| json!(k)))
}

/// Plans are made anew each time, which costs less than keeping them would.
fn zero<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Shown<'a> {
    each(records, |_| json!(0))
}

fn background<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Shown<'a> {
    each(records, |r| background_url(r.text("background")).into())
}

fn themed_backgrounds<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Shown<'a> {
    const THEME: &str = "%(theme)s";
    each(records, |r| {
        let file = r.text("background");
        let of = |theme| background_url(&file.replace(THEME, theme));
        if file.contains(THEME) { json!({"light": of("light"), "dark": of("dark")}) } else { Json::Null }
    })
}

fn export<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Shown<'a> {
    each(records, |r| export_url(r.text("slug")).into())
}

fn export_url(slug: &str) -> String {
    format!("/api/v3/flows/instances/{slug}/export/")
}

fn stages<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Shown<'a> {
    let snapshot = rendering.store.snapshot();
    each(records, move |r| {
        let id = r.key().and_then(object::Id::from_key);
        let all = id.map(|id| planner::bindings(&snapshot, id)).unwrap_or_default();
        all.iter().map(|b| json!(b.stage)).collect()
    })
}

fn policies<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Shown<'a> {
    let snapshot = rendering.store.snapshot();
    each(records, move |r| match r.key() {
        Some(Key::Uuid(key)) => {
            policy::engine::bindings(&snapshot, key).iter().filter_map(|b| b.policy).map(|p| json!(p)).collect()
        }
        _ => json!([]),
    })
}

/// The flows of each stage, computed once a snapshot.
struct FlowsOf(HashMap<Key, Vec<Arc<Flow>>>);

fn flows_of(snapshot: &Snapshot) -> Arc<FlowsOf> {
    snapshot.derive(|snapshot| {
        let mut all: HashMap<Key, Vec<Arc<Flow>>> = HashMap::new();
        for binding in snapshot.all::<FlowStageBinding>().iter() {
            let Some(flow) = snapshot.get(binding.target) else { continue };
            let flows = all.entry(binding.stage.key()).or_default();
            if !flows.iter().any(|f| f.base.pk == flow.base.pk) {
                flows.push(flow);
            }
        }
        FlowsOf(all)
    })
}

fn flow_set<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Shown<'a> {
    let snapshot = rendering.store.snapshot();
    each(records, move |r| {
        let flows = flows_of(&snapshot);
        let flows = r.key().and_then(|k| flows.0.get(&k)).map(Vec::as_slice).unwrap_or_default();
        flows.iter().map(|f| short(f)).collect()
    })
}

fn short(flow: &Flow) -> Json {
    use object::Choices as _;
    json!({
        "pk": flow.base.pk,
        "policybindingmodel_ptr_id": flow.base.pk,
        "name": flow.name,
        "slug": flow.slug,
        "title": flow.title,
        "designation": flow.designation.as_str(),
        "background_url": background_url(&flow.background),
        "policy_engine_mode": flow.base.policy_engine_mode.as_str(),
        "compatibility_mode": flow.compatibility_mode,
        "export_url": export_url(&flow.slug),
        "layout": flow.layout.as_str(),
        "denied_action": flow.denied_action.as_str(),
    })
}

fn stage_object<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Shown<'a> {
    let snapshot = rendering.store.snapshot();
    each(records, move |r| match r.get("stage") {
        Value::Uuid(stage) => stage_json(&snapshot, Key::Uuid(*stage)),
        _ => Json::Null,
    })
}

/// A stage as others show it.
pub fn stage_json(snapshot: &Snapshot, key: Key) -> Json {
    let Some(row) = snapshot.concrete("authentik_flows.stage", key) else { return Json::Null };
    let schema = row.model.schema;
    let flows = flows_of(snapshot);
    let flows = flows.0.get(&key).map(Vec::as_slice).unwrap_or_default();
    json!({
        "pk": key,
        "name": row.text("name"),
        "component": schema.component,
        "verbose_name": schema.verbose_name,
        "verbose_name_plural": schema.verbose_name_plural,
        "meta_model_name": schema.model,
        "flow_set": flows.iter().map(|f| short(f)).collect::<Json>(),
    })
}

/// A binding as the API shows it.
pub fn binding_json(snapshot: &Snapshot, binding: &FlowStageBinding) -> Json {
    use object::Choices as _;
    json!({
        "pk": binding.base.pk,
        "policybindingmodel_ptr_id": binding.base.pk,
        "target": binding.target,
        "stage": binding.stage,
        "stage_obj": stage_json(snapshot, binding.stage.key()),
        "evaluate_on_plan": binding.evaluate_on_plan,
        "re_evaluate_policies": binding.re_evaluate_policies,
        "order": binding.order,
        "policy_engine_mode": binding.base.policy_engine_mode.as_str(),
        "invalid_response_action": binding.invalid_response_action.as_str(),
    })
}

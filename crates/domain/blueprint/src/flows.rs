//! Single flows as files: what the buttons "export" and "import" of a flow do.
//!
//! Separate from the flows, which stand below blueprints and know no files. An exported flow refers to its own parts by
//! the ids of their entries, so it can be applied where the keys are others.

use std::collections::HashMap;

use blueprint_yaml::{Blueprint, Entry, Find, Metadata, Node, Span, Tag};
use feature::{Body, BoxFuture, Call, Method, Operation, Permission, Problem, Reply};
use http::StatusCode;
use object::{Access, Catalogue, Key, Kind, Record, Value, render_value};
use serde_json::{Map, Value as Json, json};
use store::Snapshot;

use crate::apply::{Origin, apply_in};
use crate::report::Report;

pub const EXPORT: Operation = Operation {
    id: "flows_instances_export_retrieve",
    method: Method::Get,
    path: "flows/instances/{slug}/export/",
    permission: Permission::Target("authentik_flows.export_flow"),
    summary: "The flow with its stages and policies as a blueprint.",
    request: "",
    response: r#"{"type": "string", "format": "binary"}"#,
    status: 200,
    parameters: &[],
    run: export,
};

pub const IMPORT: Operation = Operation {
    id: "flows_instances_import_create",
    method: Method::Post,
    path: "flows/instances/import/",
    // SECURITY: a blueprint can make anything.
    permission: Permission::Superuser,
    summary: "Apply a blueprint with a flow, wholly or not at all.",
    request: r##"{"$ref": "#/components/schemas/FlowUploadRequest"}"##,
    response: r##"{"$ref": "#/components/schemas/FlowImportResult"}"##,
    status: 204,
    parameters: &[],
    run: import,
};

/// Parts of the OpenAPI document that belong to the import.
pub const COMPONENTS: &[(&str, &str)] = &[
    (
        "FlowUploadRequest",
        r#"{"type": "object", "properties": {"file": {"type": "string", "format": "binary"}, "clear": {"type": "boolean", "default": false}}}"#,
    ),
    (
        "FlowImportResult",
        r##"{"type": "object", "required": ["logs", "success"], "properties": {
"logs": {"type": "array", "items": {"$ref": "#/components/schemas/LogEvent"}, "readOnly": true},
"success": {"type": "boolean", "readOnly": true}}}"##,
    ),
];

fn export(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let flow = call.target()?;
        let snapshot = call.app.store().snapshot();
        let parts = parts(&snapshot, flow);
        let others = Others { snapshot: &snapshot, catalogue: call.app.registry().catalogue };
        let ids: HashMap<Key, String> =
            parts.iter().filter_map(|r| Some((r.key()?, format!("object-{}", r.key()?)))).collect();
        let blueprint = Blueprint {
            version: 1,
            metadata: Some(Metadata { name: format!("Keywright export of {}", flow.text("slug")), labels: Vec::new() }),
            context: Node::mapping([]),
            entries: parts.iter().enumerate().map(|(i, record)| entry(record, i, &ids, &others)).collect(),
        };
        Ok(Reply::Bytes {
            status: StatusCode::OK,
            content_type: "text/yaml; charset=utf-8",
            filename: Some(format!("{}.yaml", flow.text("slug"))),
            bytes: blueprint_yaml::write::blueprint(&blueprint).into_bytes(),
        })
    })
}

/// The flow and everything that is only there for it, each after what it refers to.
fn parts(snapshot: &Snapshot, flow: &Record) -> Vec<Record> {
    let of = |label: &str, field: &str, targets: &[Key]| -> Vec<Record> {
        let held = |row: &&store::Row| row.get(field).as_key().is_some_and(|k| targets.contains(&k));
        let mut rows: Vec<Record> = snapshot.rows(label).iter().filter(held).map(|r| Record::clone(r)).collect();
        rows.sort_by_key(|r| r.get("order").as_int());
        rows
    };
    let flows: Vec<Key> = flow.key().into_iter().collect();
    let bindings = of("authentik_flows.flowstagebinding", "target", &flows);
    let mut targets = flows;
    targets.extend(bindings.iter().filter_map(Record::key));
    let rules = of("authentik_policies.policybinding", "target", &targets);
    let mut all = vec![flow.clone()];
    let add = |all: &mut Vec<Record>, found: Option<&store::Row>| {
        if let Some(row) = found
            && !all.iter().any(|r| r.key() == row.key())
        {
            all.push(Record::clone(row));
        }
    };
    let stage = |key: Key| snapshot.concrete("authentik_flows.stage", key);
    let policy = |key: Key| snapshot.concrete("authentik_policies.policy", key);
    let stages: Vec<Key> = bindings.iter().filter_map(|b| b.get("stage").as_key()).collect();
    for row in stages.iter().filter_map(|key| stage(*key)) {
        // What the stage itself needs comes before it.
        for field in row.get("fields").as_keys() {
            add(&mut all, snapshot.row("authentik_stages_prompt.prompt", *field));
        }
        for one in row.get("validation_policies").as_keys() {
            add(&mut all, policy(*one));
        }
        add(&mut all, row.get("password_stage").as_key().and_then(stage));
        add(&mut all, Some(row));
    }
    for rule in &rules {
        add(&mut all, rule.get("policy").as_key().and_then(policy));
    }
    all.extend(bindings);
    all.extend(rules);
    all
}

fn entry(record: &Record, position: usize, ids: &HashMap<Key, String>, others: &Others<'_>) -> Entry {
    let model = record.model;
    let key_of = |key: Key| ids.get(&key).map(|id| Node::from(Tag::KeyOf { id: id.clone() }));
    let (mut identifiers, mut attrs) = (Vec::new(), Vec::new());
    let mut natural = false;
    for (field, value) in model.fields.iter().zip(&record.values).skip(1) {
        let settable = matches!(field.access, Access::ReadWrite | Access::WriteOnly | Access::CreateOnly);
        if !settable || value.is_null() || matches!(field.kind, Kind::Reverse { .. }) {
            continue;
        }
        let node = match (field.kind, value) {
            (Kind::Ref { target, .. }, value) => {
                let part = value.as_key().and_then(key_of);
                part.or_else(|| others.find(target, value.as_key()?)).unwrap_or_else(|| Node::from(render_value(value)))
            }
            (Kind::Many { .. }, Value::Keys(keys)) => {
                let one = |k: &Key| key_of(*k).unwrap_or_else(|| Node::from(render_value(&Value::from(*k))));
                Node { span: Span::default(), kind: blueprint_yaml::Kind::Sequence(keys.iter().map(one).collect()) }
            }
            (_, value) => Node::from(render_value(value)),
        };
        // Where an object hangs and in which place tells it from all others, as does a name that is unique.
        let place = !natural
            && matches!(field.wire, "target" | "stage" | "policy" | "group" | "user" | "order")
            && is_between(record);
        if field.unique || place {
            natural |= field.unique;
            identifiers.push((field.wire.to_owned(), node));
        } else {
            attrs.push((field.wire.to_owned(), node));
        }
    }
    if identifiers.is_empty() {
        let key = record.key().map(|k| json!(k)).unwrap_or_default();
        identifiers.push(("pk".to_owned(), Node::from(key)));
    }
    Entry {
        span: Span::default(),
        path: format!("entries[{position}]"),
        model: Node::string(model.name()),
        id: record.key().and_then(|k| ids.get(&k).cloned()),
        state: Node::null(Span::default()),
        conditions: Vec::new(),
        identifiers: Node::mapping(identifiers),
        attrs: Node::mapping(attrs),
        permissions: Vec::new(),
    }
}

/// Objects that the file does not hold: they are looked up by name where it is applied.
struct Others<'a> {
    snapshot: &'a Snapshot,
    catalogue: &'static Catalogue,
}

impl Others<'_> {
    fn find(&self, target: &str, key: Key) -> Option<Node> {
        let model = self.catalogue.model(target)?;
        let row =
            if model.schema.family { self.snapshot.concrete(target, key) } else { self.snapshot.row(target, key) }?;
        let named = |f: &&&object::Field| f.unique && matches!(f.kind, Kind::Text { .. } | Kind::Slug { .. });
        let field = row.model.fields.iter().find(named).filter(|f| !row.get(f.name).is_null())?;
        let value = Node::from(render_value(row.get(field.name)));
        let conditions = vec![(Node::string(field.wire), value)];
        Some(Node::from(Tag::Find(Find { model: Node::string(row.model.name()), conditions })))
    }
}

/// Whether the object stands between two others and has no name of its own.
fn is_between(record: &Record) -> bool {
    matches!(record.model.name(), "authentik_flows.flowstagebinding" | "authentik_policies.policybinding")
}

fn import(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let Body::Raw { content_type, bytes } = &call.body else { return Err(no_file()) };
        let parts = feature::form_parts(content_type, bytes);
        let file = parts.iter().find(|p| p.name == "file").map(|p| p.content).ok_or_else(no_file)?;
        let text = std::str::from_utf8(file).map_err(|_| Problem::field("file", "The file is not UTF-8 text."))?;
        let tx = call.app.store().begin().await?;
        match apply_in(&call.app, &call.caller, &tx, Origin::Api, "import", text, &Map::new()).await {
            Ok(report) => {
                tx.commit().await?;
                Ok(Reply::ok(result(call, true, &said(&report))))
            }
            Err(failure) => {
                tx.rollback().await?;
                Ok(Reply::Json(StatusCode::BAD_REQUEST, result(call, false, &failure.messages())))
            }
        }
    })
}

fn no_file() -> Problem {
    Problem::field("file", "No file was submitted.")
}

fn said(report: &Report) -> Vec<String> {
    report.lines.iter().map(|line| format!("{} {}: {}", line.model, line.name, line.differences.join(", "))).collect()
}

fn result(call: &Call, success: bool, lines: &[String]) -> Json {
    let now = call.app.clock().now().to_string();
    let level = if success { "info" } else { "error" };
    let log = |line: &String| json!({"timestamp": now, "log_level": level, "logger": "blueprint", "event": line, "attributes": {}});
    json!({ "logs": lines.iter().map(log).collect::<Json>(), "success": success })
}

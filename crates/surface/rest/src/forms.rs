//! The admin forms as data: every field that a person may set, with its label, help, widget and condition.

use feature::{Kind, Registry};
use object::{Access, Default as FieldDefault, Field, Kind as FieldKind};
use serde_json::{Value as Json, json};

/// All forms, by component.
pub fn forms(registry: &'static Registry) -> Json {
    let kinds = registry.kinds().filter(|k| (k.model)().schema.path.is_some() && !(k.model)().schema.family);
    kinds.map(|kind| (key_of(kind), form(registry, kind))).collect::<serde_json::Map<_, _>>().into()
}

fn key_of(kind: &Kind) -> String {
    let schema = (kind.model)().schema;
    if schema.component.is_empty() { schema.model.to_owned() } else { schema.component.to_owned() }
}

fn form(registry: &'static Registry, kind: &Kind) -> Json {
    let model = (kind.model)();
    let settable = |f: &&&'static Field| !matches!(f.access, Access::ReadOnly | Access::Internal);
    let open = |f: &&&'static Field| settable(f) && !registry.is_derived(model, f.name);
    let fields: Vec<Json> = model.fields.iter().filter(open).map(|f| field(f)).collect();
    json!({
        "model": model.name(),
        "path": model.schema.path,
        "verbose_name": model.schema.verbose_name,
        "verbose_name_plural": model.schema.verbose_name_plural,
        "help": model.schema.help,
        "fields": fields,
    })
}

fn field(field: &Field) -> Json {
    let label = if field.label.is_empty() { field.wire.replace('_', " ") } else { field.label.to_owned() };
    let mut form = json!({
        "name": field.wire,
        "label": label,
        "help": field.help,
        "widget": widget(field),
        "required": matches!(field.default, FieldDefault::Required),
    });
    if let Some(map) = form.as_object_mut() {
        if let Some(target) = field.target() {
            map.insert("ref".into(), target.into());
        }
        if !field.shown_if.is_empty() {
            map.insert("show_if".into(), field.shown_if.into());
        }
        if let FieldKind::Choice(choices) = choices_of(&field.kind) {
            let all = choices.iter().map(|c| json!({ "value": c.value, "label": c.label }));
            map.insert("choices".into(), all.collect());
        }
    }
    form
}

fn choices_of(kind: &FieldKind) -> &FieldKind {
    match kind {
        FieldKind::List(item) => item,
        other => other,
    }
}

fn widget(field: &Field) -> &'static str {
    if field.secret {
        return "secret";
    }
    match field.kind {
        FieldKind::Bool => "checkbox",
        FieldKind::Int { .. } | FieldKind::Float => "number",
        FieldKind::Text { .. } | FieldKind::Uuid => "text",
        FieldKind::Slug { .. } => "slug",
        FieldKind::Email => "email",
        FieldKind::Url => "url",
        FieldKind::Duration => "duration",
        FieldKind::Code => "code",
        FieldKind::Time => "time",
        FieldKind::Choice(_) => "select",
        FieldKind::List(_) => "list",
        FieldKind::Json(_) => "json",
        FieldKind::Ref { .. } => "reference",
        FieldKind::Many { .. } | FieldKind::Reverse { .. } => "references",
    }
}

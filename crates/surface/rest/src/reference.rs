//! The reference of all objects as Markdown, for people who write blueprints and calls of the API.

use std::fmt::Write as _;

use feature::{Kind, Permission, Registry};
use object::{Access, Default as FieldDefault, Field, Kind as FieldKind, Model};

/// One page about every object, by label.
pub fn reference(registry: &'static Registry) -> String {
    let mut page = String::from(
        "# Objects\n\nGenerated from the declarations by `make gen`; do not edit.\n\nEach heading is the object's name in \
         blueprints (`model:`). Fields marked *r* are read-only, *w* are never shown again, *c* can only be set when the object \
         is made. A field without a default has to be given.\n",
    );
    let mut kinds: Vec<&Kind> = registry.kinds().filter(|k| is_public((k.model)())).collect();
    kinds.sort_by_key(|k| (k.model)().name());
    for kind in kinds {
        // Writing to a string cannot fail.
        let _ = object(&mut page, registry, kind);
    }
    page
}

fn is_public(model: &Model) -> bool {
    model.schema.path.is_some() || model.schema.blueprint
}

fn object(page: &mut String, registry: &'static Registry, kind: &Kind) -> std::fmt::Result {
    let model = (kind.model)();
    let schema = model.schema;
    writeln!(page, "\n## `{}`\n\n{}: {}\n", model.name(), schema.verbose_name, one_line(schema.help))?;
    if let Some(path) = schema.path {
        writeln!(page, "- `/api/v3/{path}/`: {}", schema.verbs.join(", ").replace('_', " "))?;
    }
    for (label, names) in [("filters", schema.filters), ("search", schema.search), ("ordering", schema.ordering)] {
        if !names.is_empty() {
            writeln!(page, "- {label}: {}", codes(names.iter().copied()))?;
        }
    }
    if !schema.blueprint {
        writeln!(page, "- not in blueprints")?;
    }
    writeln!(page, "- permissions: {}", permissions(model))?;
    let fields: Vec<&Field> = model
        .fields
        .iter()
        .copied()
        .filter(|f| {
            f.access != Access::Internal && !kind.hidden.contains(&f.wire) && !registry.is_derived(model, f.name)
        })
        .collect();
    if !fields.is_empty() {
        writeln!(page, "\n| field | holds | default | |\n|---|---|---|---|")?;
    }
    for field in fields {
        let (mark, holds, default) = (mark(field), holds(field), default(field));
        writeln!(page, "| `{}`{mark} | {holds} | {default} | {} |", field.wire, cell(field.help))?;
    }
    if !kind.operations.is_empty() {
        writeln!(page, "\nOperations:\n")?;
    }
    for operation in kind.operations {
        let (method, path) = (operation.method.as_str(), operation.path);
        let summary = one_line(operation.summary);
        writeln!(page, "- `{method} /api/v3/{path}` {summary} ({})", needed(operation.permission))?;
    }
    Ok(())
}

fn permissions(model: &Model) -> String {
    let app = model.name().split('.').next().unwrap_or_default();
    let name = model.name().rsplit('.').next().unwrap_or_default();
    let own = ["add", "change", "delete", "view"].map(|verb| format!("{app}.{verb}_{name}"));
    let more = model.chain.iter().flat_map(|s| s.permissions).map(|(code, _)| format!("{app}.{code}"));
    codes(own.into_iter().chain(more))
}

fn codes(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    names.map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

fn mark(field: &Field) -> &'static str {
    match field.access {
        Access::ReadOnly => " *r*",
        Access::WriteOnly => " *w*",
        Access::CreateOnly => " *c*",
        Access::ReadWrite | Access::Internal => "",
    }
}

fn holds(field: &Field) -> String {
    let mut text = kind(&field.kind);
    if field.null && field.wire_null {
        text.push_str(" or null");
    }
    if field.unique {
        text.push_str(", unique");
    }
    text
}

fn kind(kind: &FieldKind) -> String {
    match kind {
        FieldKind::Bool => "true or false".into(),
        FieldKind::Int { min, max } => match (*min > i64::from(i32::MIN), *max < i64::from(i32::MAX)) {
            (true, true) => format!("number, {min} to {max}"),
            (true, false) => format!("number from {min}"),
            (false, true) => format!("number up to {max}"),
            (false, false) => "number".into(),
        },
        FieldKind::Float => "number with a fraction".into(),
        FieldKind::Text { max: Some(max) } => format!("text, up to {max}"),
        FieldKind::Text { max: None } => "text".into(),
        FieldKind::Slug { .. } => "slug (letters, digits, `-`, `_`)".into(),
        FieldKind::Email => "e-mail address".into(),
        FieldKind::Url => "URL".into(),
        FieldKind::Duration => "span (`hours=1;minutes=30`)".into(),
        FieldKind::Code => "expression".into(),
        FieldKind::Uuid => "UUID".into(),
        FieldKind::Time => "time".into(),
        FieldKind::Choice(choices) => codes(choices.iter().map(|c| c.value)),
        FieldKind::List(item) => format!("list of {}", self::kind(item)),
        FieldKind::Json(_) => "JSON".into(),
        FieldKind::Ref { target, .. } => format!("one `{target}`"),
        FieldKind::Many { target } | FieldKind::Reverse { target, .. } => format!("several `{target}`"),
    }
}

fn default(field: &Field) -> String {
    match field.default {
        FieldDefault::Required => String::new(),
        FieldDefault::Null => "null".into(),
        FieldDefault::Bool(value) => format!("`{value}`"),
        FieldDefault::Int(value) => format!("`{value}`"),
        FieldDefault::Float(value) => format!("`{value}`"),
        FieldDefault::Text("") => "empty".into(),
        FieldDefault::Text(value) => format!("`{}`", cell(value)),
        FieldDefault::Json(value) => format!("`{}`", cell(value)),
        FieldDefault::Empty => "none".into(),
        FieldDefault::Generated(_) => "made".into(),
    }
}

fn needed(permission: Permission) -> String {
    match permission {
        Permission::Anonymous => "everybody".into(),
        Permission::Authenticated => "whoever is logged in".into(),
        Permission::Global(name) | Permission::Target(name) => format!("`{name}`"),
        Permission::Visible => "whoever may view it".into(),
        Permission::Superuser => "superusers".into(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text inside a table.
fn cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}

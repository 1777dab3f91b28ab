//! Reference, JSON schema and the table of `config check`, all read off the declarations.

use serde_json::{Map, Value as Json, json};

use crate::{Item, Loaded, Settings, ignored::IGNORED};

/// The reference of all settings in Markdown.
pub fn reference() -> String {
    let mut out = String::from(INTRODUCTION);
    for section in Settings::SECTIONS {
        out.push_str(&format!("\n## {}\n\n{}\n", section.name, paragraphs(section.doc)));
        for item in section.items {
            out.push_str(&format!("\n### `{}`\n\n{}\n\n", item.key, paragraphs(item.doc)));
            out.push_str(&format!("- Variable: `{}`\n", item.variable()));
            if !item.aliases.is_empty() {
                out.push_str(&format!("- Also: `{}`\n", item.aliases.join("`, `")));
            }
            out.push_str(&format!("- Allowed: {}\n", (item.allowed)()));
            if let Some(default) = item.default {
                out.push_str(&format!("- Default: `{default}`\n"));
            }
        }
    }
    out.push_str("\n## Accepted without effect\n\nThese keys of authentik are accepted and reported at the start.\n\n");
    for (key, reason) in IGNORED {
        out.push_str(&format!("- `{key}`: {reason}\n"));
    }
    out
}

const INTRODUCTION: &str = "\
<!-- Generated from crates/base/settings; do not edit. -->

# Settings

A setting is a key in a YAML file or an environment variable: `listen.http` is `KEYWRIGHT_LISTEN__HTTP`.
`AUTHENTIK_` works as prefix too; `KEYWRIGHT_` wins over it, and variables win over files. The file is the one
named by `--config` or `KEYWRIGHT_CONFIG`, otherwise `/etc/keywright/config.yml` and then `./config.yml` are
read when they exist.

Any value may be `file:///path` or `env://NAME`, optionally followed by `?` and a default; a variable with
`_FILE` added to its name holds the path of a file with the value. `KEYWRIGHT_SECRETS_DIR` names a folder, such as
a mounted Secret or systemd's credentials, in which each file is a setting: its name is the variable's or the key
(`AUTHENTIK_SECRET_KEY`, `secret_key`, `postgresql__password`), its content the value. It is stronger than YAML files and
weaker than variables.
";

/// Joins doc lines; an empty line separates paragraphs.
fn paragraphs(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join("\n")
}

/// JSON schema of the YAML file.
pub fn json_schema() -> Json {
    let mut root = object();
    for (key, reason) in IGNORED {
        place(&mut root, key, json!({"description": format!("Accepted without effect: {reason}.")}));
    }
    for item in Settings::items() {
        let mut schema = (item.schema)();
        if let Json::Object(fields) = &mut schema {
            fields.insert("description".to_owned(), paragraphs(item.doc).into());
            if let Some(default) = item.default.filter(|_| !item.is_secret) {
                fields.insert("default".to_owned(), default.into());
            }
        }
        for key in item.keys() {
            place(&mut root, key, schema.clone());
        }
    }
    if let Json::Object(fields) = &mut root {
        fields.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        fields.insert("title".to_owned(), "Keywright settings".into());
    }
    root
}

fn object() -> Json {
    json!({"type": "object", "properties": {}, "additionalProperties": false})
}

/// Puts `schema` at a dotted key, making the objects on the way.
fn place(node: &mut Json, key: &str, schema: Json) {
    let Some(properties) = node.get_mut("properties").and_then(Json::as_object_mut) else {
        return;
    };
    match key.split_once('.') {
        None => {
            properties.insert(key.to_owned(), schema);
        }
        Some((first, rest)) => place(child(properties, first), rest, schema),
    }
}

fn child<'a>(properties: &'a mut Map<String, Json>, name: &str) -> &'a mut Json {
    let child = properties.entry(name).or_insert_with(object);
    // An ignored section may hold a setting: make room, keep accepting the rest.
    if child.get("properties").is_none() {
        *child = json!({"type": "object", "properties": {}});
    }
    child
}

/// What `config check` prints: key, value (secrets hidden) and origin.
pub fn table(loaded: &Loaded) -> String {
    let key_width = Settings::items().map(|Item { key, .. }| key.len()).max().unwrap_or(0);
    let value_width = loaded.rows.iter().map(|row| row.shown.chars().count()).max().unwrap_or(0).min(48);
    let mut out = String::new();
    for row in &loaded.rows {
        let shown = if row.shown.is_empty() { "-" } else { &row.shown };
        out.push_str(&format!("{:key_width$}  {shown:value_width$}  {}\n", row.key, row.origin));
    }
    for notice in &loaded.notices {
        out.push_str(&format!("notice: {notice}\n"));
    }
    out
}

#[cfg(test)]
mod tests;

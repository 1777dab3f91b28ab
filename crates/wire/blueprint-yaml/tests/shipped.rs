//! The blueprints that are shipped, and the examples in their documentation, hold.

use std::path::{Path, PathBuf};

use blueprint_yaml::{
    Blueprint, Context, Kind, Lookup, Node, Refusal, Resolver, Tag, parse_tree, read, render_all, resolve_now, write,
};
use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

fn shipped() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in ["default", "system"] {
        let folder = root().join("blueprints").join(folder);
        for file in std::fs::read_dir(&folder).expect("the folder") {
            let path = file.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("a text");
            files.push((path.display().to_string(), text));
        }
    }
    assert!(files.len() >= 15);
    files
}

fn clean(name: &str, text: &str) -> Blueprint {
    let read = read(text);
    assert!(read.problems.is_empty(), "{}", render_all(&read.problems, name, text));
    read.blueprint.expect("a blueprint")
}

/// The ids that a node refers to.
fn references(node: &Node) -> Vec<String> {
    match &node.kind {
        Kind::Scalar(_) => Vec::new(),
        Kind::Sequence(items) => items.iter().flat_map(references).collect(),
        Kind::Mapping(fields) => fields.iter().flat_map(|(_, node)| references(node)).collect(),
        Kind::Tagged(tag) => match &**tag {
            Tag::KeyOf { id } => vec![id.clone()],
            tag => tag.arguments().into_iter().flat_map(references).collect(),
        },
    }
}

#[test]
fn shipped_blueprints_are_clean_and_survive_writing() {
    for (name, text) in shipped() {
        let blueprint = clean(&name, &text);
        assert!(blueprint.metadata.is_some(), "{name} has no name");
        let written = write::blueprint(&blueprint);
        assert_eq!(clean("written", &written).entries.len(), blueprint.entries.len());
        assert_eq!(parse_tree(&written).root, Some(reordered(&written)), "{name}");
    }
}

/// Writing what was written changes nothing any more.
fn reordered(written: &str) -> Node {
    let blueprint = clean("written", written);
    parse_tree(&write::blueprint(&blueprint)).root.expect("a root")
}

#[test]
fn shipped_entries_refer_to_earlier_entries_only() {
    for (name, text) in shipped() {
        let mut ids = Vec::new();
        for entry in clean(&name, &text).entries {
            for id in references(&entry.identifiers).iter().chain(&references(&entry.attrs)) {
                assert!(ids.contains(id), "{name}: {} refers to {id}", entry.path);
            }
            ids.extend(entry.id);
        }
    }
}

#[test]
fn examples_in_the_documentation_hold() {
    let mut examples = 0;
    for file in ["blueprints/README.md", "docs/guides/blueprints.md"] {
        let text = std::fs::read_to_string(root().join(file)).expect("the document");
        for block in text.split("```yaml\n").skip(1) {
            let (block, _) = block.split_once("```").expect("the end of the example");
            clean(file, block);
            examples += 1;
        }
        for row in text.lines().filter(|line| line.starts_with("| `!")) {
            let example = row.rsplit('`').nth(1).expect("an example");
            let tree = parse_tree(example);
            assert!(tree.problems.is_empty(), "{example}: {:?}", tree.problems);
            examples += 1;
        }
    }
    assert!(examples >= 14);
}

struct Nothing;

impl Resolver for Nothing {
    fn look_up(&mut self, _: &Lookup) -> Result<Value, Refusal> {
        Ok(Value::Null)
    }
}

fn attrs(name: &str, model: &str, defaults: Value) -> Value {
    let (name, text) = shipped().into_iter().find(|(path, _)| path.ends_with(name)).expect("the file");
    let blueprint = clean(&name, &text);
    let defaults: Map<String, Value> = defaults.as_object().cloned().unwrap_or_default();
    let context = Context::layered(&defaults, &blueprint, &Map::new());
    let entry = blueprint.entries.iter().find(|entry| entry.model.as_str() == Some(model));
    resolve_now(&entry.expect("the entry").attrs, "", &context, &mut Nothing).expect("attrs")
}

#[test]
fn the_read_only_role_may_view_every_model() {
    let models = json!({"goauthentik.io/rbac/models": {"user": "authentik_core", "flow": "authentik_flows"}});
    assert_eq!(
        attrs("rbac-role-read-only.yaml", "authentik_rbac.role", models),
        json!({"permissions": ["authentik_core.view_user", "authentik_flows.view_flow"]})
    );
}

#[test]
fn the_first_administrator_has_an_address_without_any_setting() {
    let user = attrs("bootstrap.yaml", "authentik_core.user", json!({}));
    assert_eq!(user["email"], "root@example.com");
    assert_eq!(user["password"], Value::Null);
}

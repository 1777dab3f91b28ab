//! Tests of the blueprint's shape and of how its problems are shown.

use super::*;
use crate::render_all;

fn problems(text: &str) -> Vec<String> {
    read(text).problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_blueprint_is_read() {
    let text = "version: 1\nmetadata:\n  name: Test\n  labels: {a: \"true\"}\ncontext: {x: 1}\n\
                entries:\n- model: authentik_core.group\n  id: g\n  state: created\n  \
                conditions: [true]\n  identifiers: {name: x}\n  attrs:\n  permissions:\n  \
                - {permission: view_group, role: !KeyOf g}\n";
    let (blueprint, warnings) = read(text).into_result().expect("a blueprint");
    assert!(warnings.is_empty());
    assert_eq!(blueprint.version, 1);
    let metadata = blueprint.metadata.expect("metadata");
    assert_eq!(metadata.labels, [("a".to_owned(), "true".to_owned())]);
    let entry = &blueprint.entries[0];
    assert_eq!(entry.id.as_deref(), Some("g"));
    assert_eq!(entry.path, "entries[0]");
    assert_eq!(entry.permissions.len(), 1);
    assert!(entry.attrs.fields().is_empty());
    let problem = entry.problem(&["name"], "taken");
    assert_eq!(problem.to_string(), "line 11, column 23: entries[0].identifiers.name: taken");
}

#[test]
fn entries_may_be_grouped() {
    let text = "version: 1\nentries:\n  users:\n  - model: a.b\n  - model: a.c\n  groups:\n  \
                - model: a.d\n";
    let blueprint = read(text).blueprint.expect("a blueprint");
    let paths: Vec<&str> = blueprint.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["entries.users[0]", "entries.users[1]", "entries.groups[0]"]);
}

#[test]
fn all_mistakes_are_named_at_once() {
    let text = "version: 1\nentrys: []\nentries:\n- model: authentik_core.group\n  \
                identifers: {name: x}\n  state: presnt\n- identifiers: []\n- text\n";
    assert_eq!(
        problems(text),
        [
            "line 2, column 1: entrys: a blueprint has no key \"entrys\" (did you mean entries?)",
            "line 5, column 3: entries[0].identifers: an entry has no key \"identifers\" \
             (did you mean identifiers?)",
            "line 6, column 10: entries[0].state: the state must be one of present, created, \
             must_created, absent, found the text \"presnt\" (did you mean present?)",
            "line 7, column 3: entries[1]: the entry has no model (write it like `model: \
             authentik_core.group`)",
            "line 7, column 16: entries[1].identifiers: entries[1].identifiers must be a mapping, \
             found a sequence of 0 items (write `key: value` pairs, indented below it)",
            "line 8, column 3: entries[2]: an entry is a mapping, found the text \"text\" (write \
             `model`, `identifiers` and `attrs` below each other)",
        ]
    );
    assert!(read(text).blueprint.is_none());
}

#[test]
fn a_malformed_tag_is_named_once() {
    let text = "version: 1\nentries:\n- model: !Formt [a]\n  state: !If [a, b]\n";
    assert_eq!(problems(text).len(), 2, "{:?}", problems(text));
}

#[test]
fn wrong_roots_and_versions() {
    assert!(problems("")[0].contains("the file is empty"));
    assert!(problems("hello")[0].contains("found the text \"hello\""));
    assert!(problems("- a\n- b\n")[0].contains("a sequence of 2 items"));
    assert!(problems("version: 2\nentries: []")[0].contains("version 2 is unknown"));
    assert_eq!(problems("entries: []"), Vec::<String>::new());
    let bytes = read_bytes(b"a: 1\nb: \xff\n");
    assert_eq!(
        bytes.problems[0].to_string(),
        "line 2, column 4: the file is not UTF-8 text (save the file with the encoding UTF-8)"
    );
}

#[test]
fn references_are_checked() {
    let text = "version: 1\nentries:\n- model: a.b\n  id: flow\n- model: a.c\n  identifiers:\n    \
                target: !KeyOf flwo\n";
    let (_, warnings) = read(text).into_result().expect("warnings do not stop a blueprint");
    assert_eq!(
        warnings[0].to_string(),
        "line 7, column 13: entries[1].identifiers: !KeyOf names the id \"flwo\", which no entry \
         has (did you mean flow?)"
    );
}

#[test]
fn problems_are_shown_with_the_line_and_a_caret() {
    let text = "version: 1\nentries:\n- model: authentik_core.group\n  stat: present\n";
    let rendered = render_all(&read(text).problems, "mine.yaml", text);
    assert_eq!(
        rendered,
        "error: an entry has no key \"stat\"\n \
         --> mine.yaml:4:3\n  \
         |\n\
         4 |   stat: present\n  \
         |   ^^^^\n  \
         = at: entries[0].stat\n  \
         = help: did you mean state?\n"
    );
}

//! What has to hold for any text: shared by the tests and the fuzz target, which differ in where the text comes from.

use blueprint_yaml::{Answers, Context, Evaluation, parse_tree, read, render_all, write};
use serde_json::Map;

/// Reads a blueprint, evaluates it, writes it and reads it again.
pub fn exercise(text: &str) {
    let read = read(text);
    let _ = render_all(&read.problems, "file", text);
    if let Some(blueprint) = &read.blueprint {
        let context = Context::layered(&Map::new(), blueprint, &Map::new());
        let answers = Answers::new();
        let evaluation = Evaluation { context: &context, answers: &answers };
        for entry in &blueprint.entries {
            let _ = evaluation.attrs(entry);
            let _ = evaluation.conditions(entry);
        }
        let _ = write::blueprint(blueprint);
    }
    let tree = parse_tree(text);
    if let Some(root) = tree.root.filter(|_| tree.problems.is_empty()) {
        let written = write::node(&root);
        let again = parse_tree(&written);
        assert_eq!(again.root.as_ref(), Some(&root), "written as:\n{written}");
        let (context, answers) = (Context::default(), Answers::new());
        let _ = Evaluation { context: &context, answers: &answers }.resolve(&root, "x");
    }
}

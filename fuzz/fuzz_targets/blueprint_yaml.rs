//! Blueprints of strangers: read, evaluated, written and read again.
#![no_main]

use blueprint_yaml::{Answers, Context, Evaluation, parse_tree, read, read_bytes, render_all, write};
use libfuzzer_sys::fuzz_target;
use serde_json::Map;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_bytes(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let found = read(text);
    let _ = render_all(&found.problems, "file", text);
    if let Some(blueprint) = &found.blueprint {
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
        assert_eq!(parse_tree(&write::node(&root)).root, Some(root));
    }
});

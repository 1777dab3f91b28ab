//! No input makes the reader, the evaluator or the writer panic.

#[path = "fuzz/exercise.rs"]
mod exercise;

use blueprint_yaml::{Node, parse_tree, read_bytes, write};
use exercise::exercise;
use proptest::prelude::*;
use serde_json::Value;

/// Pieces that, thrown together, often make YAML that nearly holds.
const PIECES: &[&str] = &[
    "version: 1\n",
    "entries:\n",
    "- model: a.b\n",
    "  attrs:\n",
    "    a: ",
    "  ",
    "- ",
    "!KeyOf x",
    "!Find [a.b, [c, d]]",
    "!Context ",
    "!If [",
    "!Condition [AND, ",
    "!Enumerate [[1, 2], MAP, [",
    "!Index 0",
    "!Value 0",
    "!Format [\"%s %d %",
    "!AtIndex [",
    "!ParseJSON '",
    "]",
    "}",
    "{",
    "[",
    ",",
    ":",
    "\n",
    "\t",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "<<: ",
    "---\n",
    "...\n",
    "# c",
    "%TAG ! tag:x\n",
    "!!int ",
    "! ",
    "? ",
    "010",
    "1:30",
    ".inf",
    "2026-13-01",
    "~",
    "é",
    "\u{0}",
    "\u{feff}",
    "\r\n",
    "state: absent\n",
    "context:\n",
    "  x: !Context x\n",
];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |it| it.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ a-z:#\\n\\-]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((".{0,8}", inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_bytes(&bytes);
    }

    #[test]
    fn any_text(text in ".{0,200}") {
        exercise(&text);
    }

    #[test]
    fn nearly_blueprints(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        exercise(&pieces.concat());
    }

    #[test]
    fn any_json_is_written_and_read_back(value in json()) {
        let node = Node::from(value);
        let written = write::node(&node);
        let tree = parse_tree(&written);
        prop_assert!(tree.problems.is_empty(), "{}\n{:?}", written, tree.problems);
        prop_assert_eq!(tree.root, Some(node), "{}", written);
    }
}

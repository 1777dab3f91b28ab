//! Tests of the writer: what it writes is read back as the same.

use serde_json::json;

use super::*;
use crate::{Metadata, parse_tree, read};

fn assert_round_trip(node: &Node) {
    let text = super::node(node);
    let tree = parse_tree(&text);
    assert!(tree.problems.is_empty(), "{text}\n{:?}", tree.problems);
    assert_eq!(tree.root.as_ref(), Some(node), "{text}");
}

#[test]
fn texts_that_look_like_something_else_are_quoted() {
    for text in [
        "yes",
        "null",
        "010",
        "1:30",
        "2026-01-31",
        "<<",
        "=",
        "",
        " a",
        "a ",
        "a: b",
        "a #b",
        "!x",
        "&a",
        "*a",
        "- a",
        "{a",
        "[a",
        "|",
        ">",
        "%a",
        "@a",
        "`a",
        "a\tb",
        "a\nb",
        "a\n",
        "\n",
        "a\n\nb\n",
        "a\n\n",
        "  a\nb",
        "a \nb",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "é😀",
        "1e3",
        "key:",
        "'",
        "\"",
        "\\",
        "---",
        "...",
        "a\r\nb",
        "? a",
        ":a",
        "a,b",
    ] {
        assert_round_trip(&Node::string(text));
        assert_round_trip(&Node::from(json!({ text: [text, { "k": text }] })));
    }
    assert_round_trip(&Node::from(json!({ "k".repeat(1500): { "k".repeat(1500): 1 } })));
}

#[test]
fn numbers_survive() {
    for number in [json!(1e100), json!(1.5e-7), json!(-0.25), json!(u64::MAX), json!(i64::MIN)] {
        assert_round_trip(&Node::from(number));
    }
}

#[test]
fn tags_survive() {
    let text = "a: !KeyOf 12\nb: !Find [a.b, [c, !Context d]]\nc: !Format [\"%s\", \"a\\nb\"]\n\
                d: !If [!Env X, {a: [1, yes]}, !File [/x, null]]\ne: !Enumerate [[1], MAP, \
                [!Index 0, !Value 1]]\nf: !AtIndex [!FindObject [a.b, [c, d]], 0, x]\n\
                g: !Condition [XOR, 1, 2]\nh: !ParseJSON '{\"a\": \"b\"}'\ni: !If [1]\n";
    let node = parse_tree(text).root.expect("a root");
    assert_round_trip(&node);
}

#[test]
fn a_blueprint_is_written_in_reading_order() {
    let entry = Entry {
        span: crate::Span::default(),
        path: String::new(),
        model: Node::string("authentik_policies_expression.expressionpolicy"),
        id: Some("p".to_owned()),
        state: Node::null(crate::Span::default()),
        conditions: Vec::new(),
        identifiers: Node::from(json!({"name": "a: b"})),
        attrs: Node::mapping([
            ("expression".to_owned(), Node::string("x = 1\nreturn x == 1")),
            ("flow".to_owned(), Node::from(Tag::KeyOf { id: "flow".to_owned() })),
            ("list".to_owned(), Node::from(json!(["yes", 1, [], {}]))),
        ]),
        permissions: Vec::new(),
    };
    let written = super::blueprint(&Blueprint {
        version: 1,
        metadata: Some(Metadata { name: "Mine".to_owned(), labels: Vec::new() }),
        context: Node::mapping([]),
        entries: vec![entry],
    });
    let expected = "version: 1\nmetadata:\n  name: Mine\nentries:\n  - model: \
                    authentik_policies_expression.expressionpolicy\n    id: p\n    identifiers:\n      \
                    name: \"a: b\"\n    attrs:\n      expression: |-\n        x = 1\n        return \
                    x == 1\n      flow: !KeyOf flow\n      list:\n        - \"yes\"\n        - 1\n        \
                    - []\n        - {}\n";
    assert_eq!(written, expected);
    assert!(read(&written).blueprint.is_some());
}

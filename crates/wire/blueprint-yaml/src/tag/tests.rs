//! Tests of the tags' own syntax.

use crate::parse_tree;

fn problem(text: &str) -> String {
    let tree = parse_tree(text);
    tree.problems.first().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn well_formed_tags_are_accepted() {
    for text in [
        "!KeyOf flow",
        "!KeyOf 12",
        "!Find [authentik_flows.flow, [slug, x], [name, y]]",
        "!Find [!Format [\"%s\", a.b]]",
        "!FindObject [authentik_flows.flow, [slug, !Context x]]",
        "!Context x",
        "!Context [x, null]",
        "!Env [X, {a: b}]",
        "!File '/a b'",
        "!Format [\"%s\", a]",
        "!If [true]",
        "!If [!Context a, [1], {b: !Context c}]",
        "!Condition [xnor, 1]",
        "!Enumerate [[a], seq, !Value 0]",
        "!AtIndex [[a], 0]",
        "!AtIndex [{a: b}, a, null]",
        "!ParseJSON '{\"a\": [1]}'",
    ] {
        assert_eq!(problem(text), "", "{text}");
    }
}

#[test]
fn malformed_tags_are_explained() {
    assert_eq!(
        problem("entries:\n- attrs:\n    flow: !KeyOf [a]\n"),
        "line 3, column 11: entries[0].attrs.flow: the tag !KeyOf is malformed: found a sequence \
         of 1 item, expected the `id` of another entry (write it like `!KeyOf my-flow`)"
    );
    assert_eq!(
        problem("a: !Find [authentik_flows.flow, slug]"),
        "line 1, column 33: a: the tag !Find is malformed: found the text \"slug\" as a condition, \
         expected a sequence of a model and pairs of field and value (write it like \
         `!Find [authentik_flows.flow, [slug, my-flow]]`)"
    );
    for text in [
        "!Find x",
        "!Find []",
        "!Find [flow, [a, b]]",
        "!Find [a.b, [a, b, c]]",
        "!Context [a]",
        "!Context {a: b}",
        "!Env",
        "!Format [1]",
        "!If [a, b]",
        "!Condition [AND]",
        "!Condition [MAYBE, 1]",
        "!Enumerate [[a], LIST, b]",
        "!Enumerate [!Value 0, SEQ, b]",
        "!Index -1",
        "!Value x",
        "!AtIndex [[a]]",
        "!ParseJSON '{a'",
    ] {
        assert!(problem(text).contains("is malformed: found"), "{text}: {}", problem(text));
    }
}

#[test]
fn unknown_tags_are_guessed() {
    assert!(problem("a: !Fnd [b]").contains("did you mean !Find?"));
    assert!(problem("a: !Whatever b").contains("the known tags are !KeyOf"));
    assert!(problem("a: !!binary aGk=").contains("!!binary is not supported"));
}

//! Tests of the evaluation of tags.

use serde_json::{Map, Value, json};

use super::*;
use crate::{Blueprint, parse_tree, read};

/// Knows one entry, one flow, one variable and one file.
struct World;

impl Resolver for World {
    fn look_up(&mut self, lookup: &Lookup) -> Result<Value, Refusal> {
        match lookup {
            Lookup::KeyOf { id, .. } if id == "policy" => Ok(json!("policy-pk")),
            Lookup::KeyOf { id, .. } => Err(Refusal::new(format!("no entry {id}"), "add it")),
            Lookup::Find { model, conditions, .. } => {
                Ok(if model == "authentik_flows.flow" && conditions[0] == ("slug".into(), json!("s")) {
                    json!("flow-pk")
                } else {
                    Value::Null
                })
            }
            Lookup::FindObject { .. } => Ok(json!({"pk": 1, "managed": "m"})),
            Lookup::Env { name, .. } => Ok(if name == "SET" { json!("env") } else { json!("") }),
            Lookup::File { path, .. } => Ok(if path == "/there" { json!(" text\n") } else { Value::Null }),
        }
    }
}

const CONTEXT: &str = "version: 1\ncontext:\n  foo: bar\n  sequence: [foo, bar]\n  mapping: {key1: \
                       value, key2: 2}\n  context1: nested\n  context2: !Context context1\n  \
                       looped: !Context looped\n  deep: [!Env SET]\n";

fn context() -> Context {
    let blueprint: Blueprint = read(CONTEXT).blueprint.expect("a blueprint");
    Context::layered(&Map::new(), &blueprint, &Map::new())
}

fn eval(text: &str) -> Result<Value, String> {
    let tree = parse_tree(text);
    assert!(tree.problems.is_empty(), "{:?}", tree.problems);
    let node = tree.root.expect("a root");
    resolve_now(&node, "x", &context(), &mut World).map_err(|problem| problem.to_string())
}

fn value(text: &str) -> Value {
    eval(text).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

#[test]
fn lookups() {
    assert_eq!(value("!KeyOf policy"), json!("policy-pk"));
    assert_eq!(value("!Find [authentik_flows.Flow, [slug, s]]"), json!("flow-pk"));
    assert_eq!(value("!Find [authentik_flows.flow, [slug, t]]"), json!(null));
    assert_eq!(value("!AtIndex [!FindObject [a.b, [c, d]], managed]"), json!("m"));
    assert_eq!(value("[!Env SET, !Env UNSET, !Env [UNSET, d]]"), json!(["env", null, "d"]));
    assert_eq!(value("[!File /there, !File /no, !File [/no, d]]"), json!(["text", null, "d"]));
    assert_eq!(eval("a: [!KeyOf nope]"), Err("line 1, column 5: x.a[0]: no entry nope (add it)".to_owned()));
}

#[test]
fn context_values() {
    assert_eq!(value("!Context foo"), json!("bar"));
    assert_eq!(value("!Context context2"), json!("nested"));
    assert_eq!(value("!Context missing"), json!(null));
    assert_eq!(value("!Context [missing, !Context foo]"), json!("bar"));
    assert_eq!(value("!Context deep"), json!(["env"]));
    assert!(eval("!Context looped").unwrap_err().contains("refers to itself"));
}

#[test]
fn conditions_and_branches() {
    let cases = [
        ("!Condition [AND, !Context foo, !Format [\"%s\", a], 1]", true),
        ("!Condition [NAND, !Context foo, 1]", false),
        ("!Condition [OR, null, 0]", false),
        ("!Condition [NOR, !Context foo, null]", false),
        ("!Condition [XOR, 1, 1, 1]", true),
        ("!Condition [XNOR, 1, 1, 1]", false),
        ("!Condition [XOR, null]", false),
        (
            "!Condition [XNOR, !Condition [AND, !Context no], !Condition [NOR, a], \
          !Condition [XOR, null]]",
            true,
        ),
        ("!If [!Context foo]", true),
        ("!If [[]]", false),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), json!(expected), "{text}");
    }
    assert_eq!(value("!If [null, false, 2]"), json!(2));
    assert_eq!(value("!If [true, {a: [!Context foo]}, null]"), json!({"a": ["bar"]}));
    assert_eq!(value("!If [true, 1, !KeyOf nope]"), json!(1), "the other branch is not touched");
}

#[test]
fn enumerations() {
    assert_eq!(
        value("!Enumerate [!Context mapping, MAP, [!Format [\"p-%s\", !Index 0], !Value 0]]"),
        json!({"p-key1": "value", "p-key2": 2})
    );
    assert_eq!(
        value("!Enumerate [!Context mapping, SEQ, !Format [\"%s-%s\", !Index 0, !Value 0]]"),
        json!(["key1-value", "key2-2"])
    );
    assert_eq!(
        value("!Enumerate [!Context sequence, MAP, [!Format [\"index: %d\", !Index 0], !Value 0]]"),
        json!({"index: 0": "foo", "index: 1": "bar"})
    );
    assert_eq!(
        value("!Enumerate [[a, b], MAP, {all: [!Value 0]}]"),
        json!({"all": ["a", "b"]}),
        "mappings are merged deeply"
    );
    assert_eq!(
        value(
            "!Enumerate [!Context sequence, MAP, [!Index 0, !Enumerate [!Context mapping, MAP, \
             [!Format [\"%s\", !Index 0], [!Enumerate [!Value 2, SEQ, !Format [\"prefixed-%s\", \
             !Value 0]], {ov: !Value 1, oi: !Index 1, mv: !Value 0, mi: !Index 0}]]]]]"
        )["0"]["key1"],
        json!([
            ["prefixed-f", "prefixed-o", "prefixed-o"],
            {"ov": "foo", "oi": 0, "mv": "value", "mi": "key1"}
        ])
    );
    let cases = [
        ("!Enumerate [1, SEQ, a]", "goes through a sequence or mapping"),
        ("!Enumerate [[a], MAP, text]", "must be a pair"),
        ("!Value 0", "only be used inside"),
        ("!Enumerate [[a], SEQ, !Index 1]", "the largest here is 0"),
        ("!Enumerate [[!Index 0], SEQ, a]", "has no item yet"),
    ];
    for (text, message) in cases {
        assert!(eval(text).unwrap_err().contains(message), "{text}: {:?}", eval(text));
    }
}

#[test]
fn items_by_index() {
    assert_eq!(value("!AtIndex [!Context sequence, -1]"), json!("bar"));
    assert_eq!(value("!AtIndex [!Context sequence, 100, none]"), json!("none"));
    assert_eq!(value("!AtIndex [!Context mapping, key2]"), json!(2));
    assert_eq!(value("!AtIndex [!Context mapping, no, null]"), json!(null));
    assert!(eval("!AtIndex [!Context sequence, 2]").unwrap_err().contains("out of range"));
    assert!(eval("!AtIndex [!Context mapping, key]").unwrap_err().contains("did you mean key1?"));
    assert!(eval("!AtIndex [null, 0, d]").unwrap_err().contains("found null"));
    assert!(eval("!AtIndex [[a], b]").unwrap_err().contains("has no index"));
}

#[test]
fn needs_of_siblings_come_together() {
    let node = parse_tree("{a: !Env A, b: [!Env B, !Env A], c: !If [!Env C, !Env D, 1]}").root;
    let node = node.expect("a root");
    let (context, answers) = (Context::default(), Answers::new());
    let evaluation = Evaluation { context: &context, answers: &answers };
    let Ok(Outcome::Need(needs)) = evaluation.resolve(&node, "") else {
        panic!("nothing needed");
    };
    let names: Vec<String> = needs.iter().map(|need| format!("{need:?}")).collect();
    assert_eq!(needs.len(), 3, "{names:?}");
}

#[test]
fn layers_of_context_are_merged() {
    let text = "version: 1\ncontext: {a: {x: 1}, l: [1], s: !Env SET}\n";
    let blueprint = read(text).blueprint.expect("a blueprint");
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    let defaults = object(json!({"a": {"w": 0}, "d": 1}));
    let instance = object(json!({"a": {"x": 2}, "l": [2], "s": "given"}));
    let context = Context::layered(&defaults, &blueprint, &instance);
    let node = parse_tree("[!Context a, !Context l, !Context s, !Context d]").root.expect("a root");
    let value = resolve_now(&node, "", &context, &mut World).expect("a value");
    assert_eq!(value, json!([{"w": 0, "x": 2}, [1, 2], "given", 1]));
}

#[test]
fn work_is_bounded() {
    let mut text = String::from("version: 1\ncontext:\n  c0: [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let tag = format!("!Context c{}", level - 1);
        text.push_str(&format!("  c{level}: [{}]\n", vec![tag; 10].join(", ")));
    }
    let blueprint = read(&text).blueprint.expect("a blueprint");
    let context = Context::layered(&Map::new(), &blueprint, &Map::new());
    let node = parse_tree("!Context c11").root.expect("a root");
    let problem = resolve_now(&node, "", &context, &mut World).expect_err("too much");
    assert!(problem.message.contains("too much work"), "{problem}");
}

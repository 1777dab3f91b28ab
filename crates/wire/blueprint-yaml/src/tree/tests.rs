//! Tests of the tree: positions, merge keys, duplicates, limits.

use serde_json::{Value, json};

use super::*;
use crate::{Answers, Context, Evaluation, Outcome};

fn value(text: &str) -> Value {
    let tree = parse_tree(text);
    let errors: Vec<_> = tree.problems.iter().filter(|it| it.severity == crate::Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let root = tree.root.expect("a root");
    let (context, answers) = (Context::default(), Answers::new());
    match (Evaluation { context: &context, answers: &answers }).resolve(&root, "") {
        Ok(Outcome::Done(value)) => value,
        other => panic!("{other:?}"),
    }
}

fn first_problem(text: &str) -> String {
    parse_tree(text).problems.first().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn nodes_know_their_place() {
    let tree = parse_tree("a: 1\nb:\n  - x\n  - !KeyOf flow\n");
    let root = tree.root.expect("a root");
    let item = root.locate(&["b", "1"]).expect("an item");
    assert_eq!((item.span.line, item.span.column), (4, 5));
    let (key, _) = &root.fields()[1];
    assert_eq!((key.span.line, key.span.column, key.span.end_column), (2, 1, 2));
}

#[test]
fn merge_keys_give_way_to_own_keys_and_to_earlier_mappings() {
    let text = "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\n\
                one:\n  <<: *base\n  b: own\ntwo:\n  <<: [*base, *other]\n";
    let value = value(text);
    assert_eq!(value["one"], json!({"a": 1, "b": "own"}));
    assert_eq!(value["two"], json!({"b": 2, "c": 4, "a": 1}));
}

#[test]
fn quoted_scalars_are_texts() {
    let value = value("a: 'yes'\nb: \"010\"\nc: !!str 12\nd: ! 12\ne: !!int '12'\nf: |\n  on\n");
    assert_eq!(value, json!({"a": "yes", "b": "010", "c": "12", "d": "12", "e": 12, "f": "on\n"}));
}

#[test]
fn a_block_at_the_end_has_the_line_breaks_of_the_file() {
    assert_eq!(value("a: |\n  x\n  y"), json!({"a": "x\ny"}));
    assert_eq!(value("a: |\n  x\n"), json!({"a": "x\n"}));
    assert_eq!(value("a: |\n  x\n  "), json!({"a": "x\n"}));
    assert_eq!(value("a: |\n  x\n# c"), json!({"a": "x\n"}));
    assert_eq!(value("a: |-\n  x"), json!({"a": "x"}));
    assert_eq!(value("- |\n  x\n- é: |\n   y"), json!(["x\n", {"é": "y"}]));
}

#[test]
fn of_a_key_given_twice_the_later_wins_with_a_warning() {
    let text = "a: 1\nb: 2\na: 3\n";
    assert_eq!(value(text), json!({"a": 3, "b": 2}));
    assert_eq!(
        first_problem(text),
        "line 3, column 1: a: the key \"a\" was already given in line 1; the later value wins \
         (remove one of the two)"
    );
}

#[test]
fn keys_that_are_no_texts_become_texts() {
    assert_eq!(value("1: a\nyes: b\n~: c\n"), json!({"1": "a", "true": "b", "null": "c"}));
}

#[test]
fn limits_hold() {
    assert!(first_problem(&"[".repeat(200)).contains("nested more than 64 deep"));
    assert!(first_problem(&"- ".repeat(5000)).contains("nested more than 64 deep"));
    assert!(first_problem(&"x".repeat(MAX_BYTES + 1)).contains("bytes"));
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", ")));
    }
    assert!(first_problem(&bomb).contains("aliases expanded"));
    assert!(first_problem("a: &a [*a]\n").contains("inside the very node"));
}

#[test]
fn syntax_errors_have_a_place_and_a_remedy() {
    let tree = parse_tree("version: 1\nentries: [\n");
    let problem = &tree.problems[0];
    assert_eq!(problem.kind, ProblemKind::Syntax);
    assert!(problem.line() >= 2, "{problem}");
    assert!(!problem.remedy.is_empty());
    assert!(first_problem("a: 1\n---\nb: 2\n").contains("more than one YAML document"));
    assert!(first_problem("a:\n\tb: 1\n").contains("spaces"));
}

//! What to write instead: remedies for values that a field refuses, and a word on values that are accepted but empty.
//!
//! Separate from applying: this reads only the schema and the file's own words, after it is known how it went.

use blueprint_yaml::{Entry, Find, Kind as Shape, Node, Problem, ProblemKind, Tag};
use object::{Kind, Model};
use serde_json::Value as Json;

/// The remedy for what a field's check said about the value at `path`.
pub fn remedy(model: &'static Model, entry: &Entry, path: &[String], message: &str) -> String {
    if message == "This field is required." {
        return format!("add `{}: …` to attrs", path.join("."));
    }
    let segments: Vec<&str> = path.iter().map(String::as_str).collect();
    let node = entry.locate(&segments).map(|(_, node)| node);
    if message == "This field may not be null." {
        return node.and_then(why_null).unwrap_or_else(|| "give it a value, or leave the line out".to_owned());
    }
    let field = path.first().and_then(|name| model.fields.iter().find(|field| field.wire == *name));
    let Some(field) = field.filter(|_| path.iter().skip(1).all(|part| part.parse::<usize>().is_ok())) else {
        return String::new();
    };
    match field.kind {
        Kind::Bool if message.contains("boolean") => "write true or false, without quotes".to_owned(),
        Kind::Choice(choices) if message.contains("valid choice") => {
            let words: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
            format!("write one of {}", words.join(", "))
        }
        Kind::Ref { target, .. } | Kind::Many { target } | Kind::Reverse { target, .. }
            if message.contains("UUID") || message.contains("pk") =>
        {
            reference(target, node)
        }
        Kind::Duration => "write a span of time like hours=1 or days=7;minutes=30".to_owned(),
        _ => String::new(),
    }
}

/// A name was given where an object is meant.
fn reference(target: &str, node: Option<&Node>) -> String {
    let given = match node.map(|node| &node.kind) {
        Some(Shape::Sequence(items)) => items.iter().find_map(text),
        _ => node.and_then(text),
    };
    let name = given.unwrap_or_else(|| "…".to_owned());
    format!("name the object by `!Find [{target}, [name, {name}]]`, or by `!KeyOf` and the id of an entry above")
}

fn text(node: &Node) -> Option<String> {
    match &node.kind {
        Shape::Scalar(scalar) => scalar.to_json().as_str().map(str::to_owned),
        _ => None,
    }
}

/// Why a tag gave null, and what to do. Nothing for other nodes and for tags with a default.
fn why_null(node: &Node) -> Option<String> {
    let Shape::Tagged(tag) = &node.kind else { return None };
    Some(match &**tag {
        Tag::Find(find) | Tag::FindObject(find) => {
            format!("no {} fits: check the conditions, or put the entry that makes it above this one", wanted(find))
        }
        Tag::Env { name, default: None } => {
            format!(
                "the environment variable {name} is not set for this process: set it, or give a default, `!Env [{name}, …]`"
            )
        }
        Tag::Context { name, default: None } => {
            format!("nobody gives {name}: put it under `context`, or give a default, `!Context [{name}, …]`")
        }
        Tag::File { path, default: None } => {
            format!(
                "the file {path} cannot be read: check the path and who may read it, or give a default, `!File [{path}, …]`"
            )
        }
        _ => return None,
    })
}

fn wanted(find: &Find) -> String {
    text(&find.model).unwrap_or_else(|| "object".to_owned())
}

/// The tags below `node` that found nothing, where the result is accepted all the same. As upstream they give null; a person
/// who wrote one mostly meant something.
pub fn empty(entry: &Entry, group: &str, node: &Node, value: &Json) -> Vec<Problem> {
    let mut found = Vec::new();
    search(&format!("{}.{group}", entry.path), node, value, &mut found);
    found
}

fn search(path: &str, node: &Node, value: &Json, found: &mut Vec<Problem>) {
    match (&node.kind, value) {
        (Shape::Mapping(fields), Json::Object(values)) => {
            for (key, field) in fields {
                if let Some(value) = values.get(&key.text) {
                    search(&format!("{path}.{}", key.text), field, value, found);
                }
            }
        }
        (Shape::Sequence(items), Json::Array(values)) => {
            for (index, (item, value)) in items.iter().zip(values).enumerate() {
                search(&format!("{path}[{index}]"), item, value, found);
            }
        }
        (Shape::Tagged(_), Json::Null) => {
            if let Some(why) = why_null(node) {
                let problem = Problem::warning(ProblemKind::Evaluation, node.span, "the value is null");
                found.push(problem.at(path).remedy(why));
            }
        }
        _ => {}
    }
}

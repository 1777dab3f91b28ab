//! Our OpenAPI document beside that of authentik 2025.12.4, for the paths and components we have.
//!
//! `openapi-2025.12.4.json` holds the facts of upstream's document: ids of operations, parameters, bodies, answers, fields
//! with their types, enumerations. What differs stands in `differences.toml`, which only ever gets shorter: a difference that
//! is not in it fails the test, one that is gone is taken out of it (and the shorter file is to be committed).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value as Json};

#[test]
fn differences_from_upstream_only_get_fewer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../upstream");
    let facts = std::fs::read_to_string(folder.join("openapi-2025.12.4.json")).unwrap();
    let facts: Json = serde_json::from_str(&facts).unwrap();
    let ours = rest::openapi::document(contract::registry());
    let found = differences(&facts, &ours);
    let file = folder.join("differences.toml");
    let accepted = std::fs::read_to_string(&file).ok().map(|text| read(&text));
    let kept: BTreeMap<String, String> = match &accepted {
        None => found.clone(),
        Some(accepted) => {
            found.iter().filter(|(k, _)| accepted.contains(*k)).map(|(k, v)| (k.clone(), v.clone())).collect()
        }
    };
    if accepted.as_ref().is_none_or(|a| a.len() != kept.len()) {
        std::fs::write(&file, write(&kept)).unwrap();
    }
    let new: Vec<String> =
        found.iter().filter(|(k, _)| !kept.contains_key(*k)).map(|(k, v)| format!("{k}: {v}")).collect();
    assert!(new.is_empty(), "{} new differences from upstream:\n{}", new.len(), new.join("\n"));
}

/// Place → what is different there.
type Differences = BTreeMap<String, String>;

fn differences(facts: &Json, ours: &Json) -> Differences {
    let mut out = Differences::new();
    let empty = Map::new();
    let (theirs, mine) = (facts["paths"].as_object().unwrap_or(&empty), ours["paths"].as_object().unwrap_or(&empty));
    for (path, methods) in mine {
        let Some(expected) = theirs.get(path) else {
            out.insert(format!("path {path}"), "not upstream's".to_owned());
            continue;
        };
        for (method, operation) in methods.as_object().unwrap_or(&empty) {
            match expected.get(method) {
                Some(expected) => compare_operation(&format!("{method} {path}"), expected, operation, &mut out),
                None => _ = out.insert(format!("{method} {path}"), "not upstream's".to_owned()),
            }
        }
        for method in expected.as_object().unwrap_or(&empty).keys().filter(|m| methods.get(m.as_str()).is_none()) {
            out.insert(format!("{method} {path}"), "missing".to_owned());
        }
    }
    let schemas = ours["components"]["schemas"].as_object().unwrap_or(&empty);
    for (name, schema) in schemas {
        match facts["schemas"].get(name) {
            Some(expected) => compare_schema(name, expected, schema, &mut out),
            None => _ = out.insert(format!("component {name}"), "not upstream's".to_owned()),
        }
    }
    out
}

fn compare_operation(at: &str, expected: &Json, ours: &Json, out: &mut Differences) {
    if expected["id"] != ours["operationId"] {
        out.insert(format!("{at} id"), format!("{}, upstream {}", ours["operationId"], expected["id"]));
    }
    let mut parameters = Map::new();
    for parameter in ours["parameters"].as_array().into_iter().flatten() {
        let name = format!(
            "{} {}",
            parameter["in"].as_str().unwrap_or_default(),
            parameter["name"].as_str().unwrap_or_default()
        );
        parameters.insert(name, canon(&parameter["schema"]).into());
    }
    compare_maps(&format!("{at} parameter"), &expected["parameters"], &parameters, out);
    let mut request = Map::new();
    for (kind, body) in ours["requestBody"]["content"].as_object().into_iter().flatten() {
        request.insert(kind.clone(), canon(&body["schema"]).into());
    }
    compare_maps(&format!("{at} request"), &expected["request"], &request, out);
    let mut responses = Map::new();
    for (status, response) in ours["responses"].as_object().into_iter().flatten() {
        if status.starts_with('2') {
            let schema = response["content"].get("application/json").map(|c| canon(&c["schema"]));
            responses.insert(status.clone(), schema.unwrap_or_default().into());
        }
    }
    compare_maps(&format!("{at} response"), &expected["responses"], &responses, out);
    let open = ours["security"].as_array().is_some_and(|s| s.iter().any(|o| o.as_object().is_some_and(Map::is_empty)));
    if expected["open"] != open {
        out.insert(format!("{at} open"), format!("{open}, upstream {}", expected["open"]));
    }
}

fn compare_schema(name: &str, expected: &Json, ours: &Json, out: &mut Differences) {
    if let Some(values) = expected.get("enum") {
        let mut mine: Vec<String> = ours["enum"].as_array().into_iter().flatten().map(plain).collect();
        mine.sort();
        if *values != Json::from(mine.clone()) {
            out.insert(format!("enum {name}"), format!("{mine:?}, upstream {values}"));
        }
        return;
    }
    if let Some(one) = expected.get("one") {
        let mine = canon(ours);
        if *one != mine {
            out.insert(format!("component {name}"), format!("{mine}, upstream {one}"));
        }
        return;
    }
    let mut properties = Map::new();
    for (key, value) in ours["properties"].as_object().into_iter().flatten() {
        properties.insert(key.clone(), canon(value).into());
    }
    compare_maps(&format!("component {name}"), &expected["properties"], &properties, out);
    let set = |json: &Json| json.as_array().into_iter().flatten().map(plain).collect::<BTreeSet<String>>();
    let (theirs, mine) = (set(&expected["required"]), set(&ours["required"]));
    for key in theirs.symmetric_difference(&mine) {
        // A field that is missing is told above.
        if properties.contains_key(key) {
            let text = if mine.contains(key) { "required, upstream not" } else { "not required, upstream is" };
            out.insert(format!("component {name} required {key}"), text.to_owned());
        }
    }
}

fn compare_maps(at: &str, expected: &Json, ours: &Map<String, Json>, out: &mut Differences) {
    let empty = Map::new();
    let expected = expected.as_object().unwrap_or(&empty);
    for (key, value) in expected {
        match ours.get(key) {
            None => _ = out.insert(format!("{at} {key}"), format!("missing, upstream {value}")),
            Some(mine) if mine != value => _ = out.insert(format!("{at} {key}"), format!("{mine}, upstream {value}")),
            Some(_) => {}
        }
    }
    for key in ours.keys().filter(|k| !expected.contains_key(*k)) {
        out.insert(format!("{at} {key}"), "not upstream's".to_owned());
    }
}

fn plain(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), ToOwned::to_owned)
}

/// A schema on one line; the same as in the facts.
fn canon(schema: &Json) -> String {
    let text = |key: &str| schema.get(key).map(plain);
    let mut out = if let Some(reference) = text("$ref") {
        reference.rsplit('/').next().unwrap_or_default().to_owned()
    } else if let Some([one]) = schema["allOf"].as_array().map(Vec::as_slice) {
        canon(one)
    } else if let Some(any) = schema["oneOf"].as_array() {
        let mut any: Vec<String> = any.iter().map(canon).collect();
        any.sort();
        format!("one({})", any.join(","))
    } else if schema["type"] == "array" {
        format!("[{}]", canon(&schema["items"]))
    } else if let Some(values) = schema["enum"].as_array() {
        let mut values: Vec<String> = values.iter().map(plain).collect();
        values.sort();
        format!("enum({})", values.join(","))
    } else if let Some(kind) = text("type") {
        let mut out = kind;
        if let Some(format) = text("format") {
            out += &format!(":{format}");
        }
        if let Some(max) = text("maxLength") {
            out += &format!("<={max}");
        }
        if let Some(min) = text("minLength") {
            out += &format!(">={min}");
        }
        if schema.get("minimum").is_some() || schema.get("maximum").is_some() {
            out += &format!("[{},{}]", text("minimum").unwrap_or_default(), text("maximum").unwrap_or_default());
        }
        if schema.get("pattern").is_some() {
            out.push('~');
        }
        out
    } else {
        "any".to_owned()
    };
    if schema["nullable"] == true {
        out.push('?');
    }
    if schema["readOnly"] == true {
        out = format!("ro {out}");
    }
    if schema["writeOnly"] == true {
        out = format!("wo {out}");
    }
    out
}

const HEAD: &str = "# Where our OpenAPI document differs from upstream's. Written by the test `upstream`; entries only ever go away.\n\n";

fn write(differences: &Differences) -> String {
    let lines = differences
        .iter()
        .map(|(place, what)| format!("{} = {}\n", Json::from(place.as_str()), Json::from(what.as_str())));
    HEAD.to_owned() + &lines.collect::<String>()
}

/// The places named in the file.
fn read(text: &str) -> BTreeSet<String> {
    let keys = text.lines().filter(|l| l.starts_with('"')).filter_map(|l| l.split("\" = ").next());
    keys.filter_map(|k| serde_json::from_str(&format!("{k}\"")).ok()).collect()
}

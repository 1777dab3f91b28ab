//! JSON as block-style YAML, without a library: a document of this kind needs no anchors, tags or folding.

use serde_json::Value as Json;

pub fn to_yaml(json: &Json) -> String {
    let mut out = String::new();
    match json {
        Json::Object(_) | Json::Array(_) => block(json, 0, &mut out),
        scalar => {
            inline(scalar, &mut out);
            out.push('\n');
        }
    }
    out
}

fn block(json: &Json, depth: usize, out: &mut String) {
    match json {
        Json::Object(map) => {
            for (key, value) in map {
                indent(depth, out);
                text(key, out);
                out.push(':');
                after(value, depth, out);
            }
        }
        Json::Array(items) => {
            for item in items {
                indent(depth, out);
                out.push('-');
                after(item, depth, out);
            }
        }
        scalar => inline(scalar, out),
    }
}

fn after(value: &Json, depth: usize, out: &mut String) {
    let nested = match value {
        Json::Object(map) => !map.is_empty(),
        Json::Array(items) => !items.is_empty(),
        _ => false,
    };
    if nested {
        out.push('\n');
        block(value, depth + 1, out);
    } else {
        out.push(' ');
        inline(value, out);
        out.push('\n');
    }
}

fn inline(value: &Json, out: &mut String) {
    match value {
        Json::String(s) => text(s, out),
        Json::Object(_) => out.push_str("{}"),
        Json::Array(_) => out.push_str("[]"),
        other => out.push_str(&other.to_string()),
    }
}

/// Plain where nobody could read it as something else, else quoted as in JSON, which YAML understands.
fn text(s: &str, out: &mut String) {
    let first = s.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let plain =
        s.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.{} ".contains(c)) && !s.contains(" {") && !s.ends_with(' ');
    let word =
        matches!(s.to_ascii_lowercase().as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n");
    if first && plain && !word {
        out.push_str(s);
    } else {
        out.push_str(&Json::from(s).to_string());
    }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::to_yaml;
    use serde_json::json;

    #[test]
    fn what_could_be_misread_is_quoted() {
        let document = json!({ "a": ["x", "no", "1", "a: b"], "200": { "e": {} }, "n": null });
        assert_eq!(
            to_yaml(&document),
            "a:\n  - x\n  - \"no\"\n  - \"1\"\n  - \"a: b\"\n\"200\":\n  e: {}\n\"n\": null\n"
        );
    }
}

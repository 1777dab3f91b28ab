//! How claims of several mappings are put together.

use serde_json::json;

use super::*;

fn map(json: Json) -> Map<String, Json> {
    json.as_object().cloned().unwrap_or_default()
}

#[test]
fn lists_are_joined_without_duplicates_and_mappings_member_by_member() {
    let mut claims = map(json!({"groups": ["a", "b"], "address": {"country": "x"}, "name": "n"}));
    merge(&mut claims, map(json!({"groups": ["b", "c"], "address": {"region": "y"}, "name": "m"})));
    assert_eq!(
        Json::Object(claims),
        json!({"groups": ["a", "b", "c"], "address": {"country": "x", "region": "y"}, "name": "m"})
    );
}

//! Whether a kubeconfig says how to reach a cluster. Only its form is looked at.

use serde_json::{Map, Value as Json};

/// COMPAT: what clients know for anything that is no kubeconfig at all.
const INVALID: &str = "Invalid kubeconfig";

/// # Errors
/// What is wrong, for people.
pub fn check(config: &Map<String, Json>) -> Result<(), String> {
    let Some(current) = config.get("current-context").and_then(Json::as_str) else { return Err(INVALID.to_owned()) };
    let context = find(config, "contexts", "context", current)?;
    let named = |name: &str| {
        let value = context.get(name).and_then(Json::as_str);
        value.ok_or_else(|| format!("{INVALID}: the context “{current}” names no {name}."))
    };
    let (cluster, user) = (named("cluster")?, named("user")?);
    let server = find(config, "clusters", "cluster", cluster)?.get("server").and_then(Json::as_str);
    let is_address = |s: &str| url::Url::parse(s).is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
    if !server.is_some_and(is_address) {
        return Err(format!("{INVALID}: the cluster “{cluster}” has no server address like https://host:6443."));
    }
    find(config, "users", "user", user).map(|_| ())
}

/// The entry of a list (`contexts`) by its name.
fn find<'c>(
    config: &'c Map<String, Json>,
    list: &str,
    what: &str,
    name: &str,
) -> Result<&'c Map<String, Json>, String> {
    let items = config.get(list).and_then(Json::as_array).ok_or_else(|| INVALID.to_owned())?;
    let found = items.iter().find(|item| item.get("name").and_then(Json::as_str) == Some(name));
    let entry = found.and_then(|item| item.get(what)).and_then(Json::as_object);
    entry.ok_or_else(|| format!("{INVALID}: there is no {what} “{name}” among its {list}."))
}

//! Where a person may be sent at the end, and query strings.
//!
//! SECURITY: what browsers make of an address differs from what it looks like (`//host`, `/\host`, a tab after the
//! slash). Only what is plainly a path of our own passes, and an absolute address of our own origin becomes its path.

use net::Origin;

/// The name under which the target is carried along.
pub const NEXT: &str = "next";

/// The path to go to, or `None` when the target is not ours.
pub fn own_path(target: &str, origin: &Origin) -> Option<String> {
    let own = origin.to_string();
    let path = match target.get(..own.len()) {
        Some(start) if start.eq_ignore_ascii_case(&own) => match &target[own.len()..] {
            "" => "/",
            rest => rest,
        },
        _ => target,
    };
    let mut chars = path.chars();
    let first_is_slash = chars.next() == Some('/');
    let second_is_slash = matches!(chars.next(), Some('/' | '\\'));
    let clean = !path.chars().any(|c| c.is_control() || c == '\\' || c.is_whitespace());
    // An encoded slash or backslash right behind the first one is decoded by some proxies.
    let lower = path.get(..4).unwrap_or(path).to_ascii_lowercase();
    let encoded = lower.starts_with("/%2f") || lower.starts_with("/%5c") || lower.starts_with("/%09");
    (first_is_slash && !second_is_slash && clean && !encoded && path.len() <= 8192).then(|| path.to_owned())
}

/// The pairs of a query string.
pub fn parse_query(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// The value of a parameter; of several, the last.
pub fn parameter<'q>(query: &'q [(String, String)], name: &str) -> Option<&'q str> {
    query.iter().rev().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
}

/// A path with a query string, if there is anything in it.
pub fn with_query<'q>(path: &str, query: impl IntoIterator<Item = (&'q str, &'q str)>) -> String {
    let mut out = form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        out.append_pair(name, value);
    }
    let query = out.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

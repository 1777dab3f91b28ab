//! What a provider must look like beyond its field types.

use apps::Provider;
use feature::{BoxFuture, Change, Problem};
use oauth2_wire::{MatchingMode, RedirectUri, RedirectUriRefusal};
use object::{FieldErrors, Model, Object, Record, Value};
use serde_json::{Value as Json, json};
use store::Snapshot;

use super::OAuth2Provider;

/// Checks the redirect URIs, keeping only the members that mean something, and that the client can read its tokens.
pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let mut errors = FieldErrors::default();
        if change.differs("redirect_uris") {
            let given = change.record.get("redirect_uris").as_json().cloned().unwrap_or_default();
            match redirect_uris(&given) {
                Ok(read) => {
                    change.record.set("redirect_uris", Value::Json(json!(read)));
                }
                Err(wrong) => errors.set("redirect_uris", wrong),
            }
        }
        if let Some(message) = unreadable(change) {
            errors.set("encryption_key", json!([message]));
        }
        if errors.is_empty() { Ok(()) } else { Err(Problem::fields(&errors)) }
    })
}

/// What a provider is beyond an OAuth provider, if it is more.
pub fn extension(snapshot: &Snapshot, provider: object::Key) -> Option<&'static Model> {
    let kind = snapshot.concrete(Provider::MODEL, provider)?.model;
    (kind.name() != OAuth2Provider::MODEL).then_some(kind)
}

/// What is wrong with a key to encrypt to. Kinds that extend this one have clients of our own, which hold no keys; their
/// forms have no such field, but this side of them is shown as an OAuth provider too.
fn unreadable(change: &Change<'_>) -> Option<String> {
    let is_set = *change.record.get("encryption_key") != Value::Null;
    if !is_set || !change.differs("encryption_key") {
        return None;
    }
    let kind = extension(&change.store.snapshot(), change.before.and_then(Record::key)?)?;
    let name = kind.schema.verbose_name;
    Some(format!("This is part of a {name}: the outpost has no key to decrypt its tokens with. Leave it empty."))
}

/// The list read, or what is wrong: messages by member for each item, as a nested serializer reports them.
fn redirect_uris(given: &Json) -> Result<Vec<RedirectUri>, Json> {
    let items = given.as_array().map(Vec::as_slice).unwrap_or_default();
    let read: Vec<Result<RedirectUri, Json>> = items.iter().map(redirect_uri).collect();
    if read.iter().any(Result::is_err) {
        return Err(read.into_iter().map(|one| one.err().unwrap_or_else(|| json!({}))).collect());
    }
    let read: Vec<RedirectUri> = read.into_iter().flatten().collect();
    for uri in &read {
        // What matches nothing will do: only the pattern is tried out.
        if let Err(RedirectUriRefusal::Pattern { .. }) = uri.matches("https://localhost/") {
            return Err(json!([format!("Invalid Regex Pattern: {}", uri.url)]));
        }
    }
    Ok(read)
}

fn redirect_uri(item: &Json) -> Result<RedirectUri, Json> {
    let Some(item) = item.as_object() else {
        return Err(json!({"non_field_errors": ["Invalid data. Expected a dictionary."]}));
    };
    let mut wrong = serde_json::Map::new();
    let matching_mode = match item.get("matching_mode") {
        None => Err("This field is required.".to_owned()),
        Some(Json::String(mode)) if mode == "strict" => Ok(MatchingMode::Strict),
        Some(Json::String(mode)) if mode == "regex" => Ok(MatchingMode::Regex),
        Some(Json::Null) => Err("This field may not be null.".to_owned()),
        Some(Json::String(other)) => Err(format!("\"{other}\" is not a valid choice.")),
        Some(other) => Err(format!("\"{other}\" is not a valid choice.")),
    };
    let url = match item.get("url") {
        None => Err("This field is required."),
        Some(Json::Null) => Err("This field may not be null."),
        Some(Json::String(url)) if url.trim().is_empty() => Err("This field may not be blank."),
        Some(Json::String(url)) => Ok(url.trim().to_owned()),
        Some(_) => Err("Not a valid string."),
    };
    match (matching_mode, url) {
        (Ok(matching_mode), Ok(url)) => Ok(RedirectUri { matching_mode, url }),
        (matching_mode, url) => {
            if let Err(message) = matching_mode {
                wrong.insert("matching_mode".to_owned(), json!([message]));
            }
            if let Err(message) = url {
                wrong.insert("url".to_owned(), json!([message]));
            }
            Err(Json::Object(wrong))
        }
    }
}

#[cfg(test)]
mod tests;

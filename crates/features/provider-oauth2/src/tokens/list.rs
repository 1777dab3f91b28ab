//! How codes and tokens are shown: with their provider and user, never with a secret.

use feature::{BoxFuture, Caller, Computed, Listing, Problem, Rendering};
use jiff::Timestamp;
use object::{Key, Record};
use serde_json::Value as Json;
use store::{Filter, Query};

use crate::provider::OAuth2Provider;

const PROVIDER: Computed = Computed {
    name: "provider",
    schema: r##"{"$ref": "#/components/schemas/OAuth2Provider"}"##,
    required: true,
    render: providers,
};
const USER: Computed =
    Computed { name: "user", schema: r##"{"$ref": "#/components/schemas/User"}"##, required: true, render: users };
const IS_EXPIRED: Computed = Computed {
    name: "is_expired",
    schema: r#"{"type": "boolean", "readOnly": true}"#,
    required: true,
    render: is_expired,
};
const ID_TOKEN: Computed =
    Computed { name: "id_token", schema: r#"{"type": "string", "readOnly": true}"#, required: true, render: id_tokens };

/// The computed fields of codes.
pub const CODE_FIELDS: &[Computed] = &[PROVIDER, USER, IS_EXPIRED];
/// The computed fields of tokens.
pub const TOKEN_FIELDS: &[Computed] = &[PROVIDER, USER, IS_EXPIRED, ID_TOKEN];

/// Users see what was issued for them.
pub fn own_rows(caller: &Caller) -> Filter {
    caller.user.map_or(Filter::False, |user| Filter::eq("user", user))
}

/// A code that was redeemed is gone for everybody but ourselves.
pub fn unused_codes<'a>(_: &'a Rendering<'_>) -> BoxFuture<'a, Result<Listing, Problem>> {
    Box::pin(async { Ok(Listing { filter: Filter::eq("used", false), open: false }) })
}

fn providers<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(nested::<OAuth2Provider>(rendering, records, "provider"))
}

fn users<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(nested::<directory::User>(rendering, records, "user"))
}

fn is_expired<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    let now = rendering.app.clock().now();
    let past = move |record: &Record| record.get("expires").as_time().is_some_and(|at: Timestamp| at <= now);
    Box::pin(async move { Ok(records.iter().map(|record| past(record).into()).collect()) })
}

fn id_tokens<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move {
        Ok(records.iter().map(|record| Json::String(indented(record.get("id_token").as_json()))).collect())
    })
}

/// The claims with four blanks of indentation, as clients know them.
fn indented(claims: Option<&Json>) -> String {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    match serde::Serialize::serialize(claims.unwrap_or(&Json::Null), &mut serializer) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// The objects that a field of the records refers to, each as its own interface shows it: one query for the page, and what
/// their computed fields need.
async fn nested<T: object::Object>(
    rendering: &Rendering<'_>,
    records: &[Record],
    field: &str,
) -> Result<Vec<Json>, Problem> {
    let model = T::model();
    let mut keys: Vec<Key> = records.iter().filter_map(|record| record.get(field).as_key()).collect();
    keys.sort_unstable();
    keys.dedup();
    let query = Query::filter(Filter::any_of(model.key_field().name, keys));
    let found = rendering.store.records(model, &query).await?;
    let mut shown = rendering.objects(&found).await?;
    for object in shown.iter_mut().filter_map(Json::as_object_mut) {
        // SECURITY: whoever lists tokens has no business with the secrets of the clients.
        object.shift_remove("client_secret");
    }
    let by_key: std::collections::HashMap<Key, &Json> = found.iter().filter_map(Record::key).zip(&shown).collect();
    let of = |record: &Record| record.get(field).as_key().and_then(|key| by_key.get(&key).copied());
    Ok(records.iter().map(|record| of(record).cloned().unwrap_or_default()).collect())
}

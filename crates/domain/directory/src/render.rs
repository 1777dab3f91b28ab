//! Objects inside other objects' answers: the short forms that the API uses.

use feature::App;
use object::{Access, Key, Object, Record, render_value};
use serde_json::{Map, Value as Json, json};

use crate::group::Group;
use crate::role::Role;
use crate::user::{User, uid_of};

/// The fields of a record as the API shows them.
pub fn fields(record: &Record) -> Map<String, Json> {
    let shown = record.model.fields.iter().zip(&record.values);
    let shown = shown.filter(|(f, _)| !matches!(f.access, Access::Internal | Access::WriteOnly));
    shown.map(|(f, v)| (f.wire.to_owned(), render_value(v))).collect()
}

/// A time as the API shows it.
pub fn time(at: Option<jiff::Timestamp>) -> Json {
    at.map_or(Json::Null, |t| render_value(&t.into()))
}

/// A number for systems that know groups by number (LDAP's `gidNumber`).
///
/// COMPAT: the first five digits of the key as a number, for keys that are random throughout, as authentik's are. Ours
/// begin with the time, so that these digits would be the same for all groups of some years: they give five digits
/// out of their random end.
pub fn num_pk(key: Option<Key>) -> Json {
    match key {
        Some(Key::Uuid(uuid)) if uuid.get_version_num() == 7 => {
            let random = uuid.as_u64_pair().1 & (u64::MAX >> 2);
            (10_000 + random % 90_000).into()
        }
        Some(Key::Uuid(uuid)) => {
            let digits = uuid.as_u128().to_string();
            digits.get(..5).unwrap_or(&digits).parse::<i64>().map_or(Json::Null, Json::from)
        }
        _ => Json::Null,
    }
}

pub fn partial_group(group: &Group) -> Json {
    json!({
        "pk": group.pk,
        "num_pk": num_pk(Some(group.key())),
        "name": group.name,
        "is_superuser": group.is_superuser,
        "attributes": group.attributes,
    })
}

pub fn related_group(group: &Group) -> Json {
    json!({
        "pk": group.pk,
        "name": group.name,
        "is_superuser": group.is_superuser,
        "attributes": group.attributes,
        "group_uuid": group.pk,
    })
}

pub fn role(role: &Role) -> Json {
    json!({ "pk": role.pk, "name": role.name })
}

pub fn partial_user(app: &App, user: &User) -> Json {
    json!({
        "pk": user.pk,
        "username": user.username,
        "name": user.name,
        "is_active": user.is_active,
        "last_login": time(user.last_login),
        "email": user.email,
        "attributes": user.attributes,
        "uid": uid_of(app, user.pk.0),
    })
}

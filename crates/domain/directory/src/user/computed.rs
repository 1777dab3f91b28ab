//! What the API shows of a user beside the fields.

use feature::{App, BoxFuture, Computed, Problem, Rendering};
use object::{Id, Key, Record};
use serde_json::{Map, Value as Json, json};
use store::Snapshot;

use super::uid_of;
use crate::avatar::Person;
use crate::group::Group;
use crate::membership::grants_superuser;
use crate::render;
use crate::role::Role;

const GROUPS: &str =
    r##"{"type":"array","nullable":true,"readOnly":true,"items":{"$ref":"#/components/schemas/PartialGroup"}}"##;
const ROLES: &str =
    r##"{"type":"array","nullable":true,"readOnly":true,"items":{"$ref":"#/components/schemas/Role"}}"##;
const TEXT: &str = r#"{"type":"string","readOnly":true}"#;

pub const COMPUTED: &[Computed] = &[
    Computed {
        name: "is_superuser",
        schema: r#"{"type":"boolean","readOnly":true}"#,
        required: true,
        render: is_superuser,
    },
    Computed { name: "groups_obj", schema: GROUPS, required: true, render: groups_obj },
    Computed { name: "roles_obj", schema: ROLES, required: true, render: roles_obj },
    Computed { name: "avatar", schema: TEXT, required: true, render: avatar },
    Computed { name: "uid", schema: TEXT, required: true, render: uid },
];

type Values<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

fn is_superuser<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let snapshot = rendering.app.store().snapshot();
        Ok(records.iter().map(|r| superuser(&snapshot, r).into()).collect())
    })
}

fn groups_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let snapshot = rendering.app.store().snapshot();
        let include = rendering.flag("include_groups", true);
        Ok(records.iter().map(|r| if include { groups(&snapshot, r) } else { Json::Null }).collect())
    })
}

fn roles_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let snapshot = rendering.app.store().snapshot();
        let include = rendering.flag("include_roles", true);
        Ok(records.iter().map(|r| if include { roles(&snapshot, r) } else { Json::Null }).collect())
    })
}

fn avatar<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move { Ok(records.iter().map(|r| picture(rendering.app, r).into()).collect()) })
}

fn uid<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move { Ok(records.iter().map(|r| uid_of(rendering.app, number(r)).into()).collect()) })
}

fn number(record: &Record) -> i64 {
    match record.key() {
        Some(Key::Int(n)) => n,
        _ => 0,
    }
}

fn picture(app: &App, record: &Record) -> String {
    static NONE: std::sync::LazyLock<Map<String, Json>> = std::sync::LazyLock::new(Map::new);
    let [name, username, email] = ["name", "username", "email"].map(|field| record.text(field));
    let attributes = record.get("attributes").as_json().and_then(Json::as_object).unwrap_or(&NONE);
    crate::avatar::of(app, &Person { name, username, email, attributes })
}

fn superuser(snapshot: &Snapshot, record: &Record) -> bool {
    let ids = record.get("groups").as_keys().iter().filter_map(|k| Id::<Group>::from_key(*k));
    ids.into_iter().any(|group| grants_superuser(snapshot, group))
}

fn groups(snapshot: &Snapshot, record: &Record) -> Json {
    let ids = record.get("groups").as_keys().iter().filter_map(|k| Id::<Group>::from_key(*k));
    ids.filter_map(|id| snapshot.get(id)).map(|g| render::partial_group(&g)).collect()
}

fn roles(snapshot: &Snapshot, record: &Record) -> Json {
    let ids = record.get("roles").as_keys().iter().filter_map(|k| Id::<Role>::from_key(*k));
    ids.filter_map(|id| snapshot.get(id)).map(|r| render::role(&r)).collect()
}

/// A user as the API shows one inside another object (`user_obj`, `user`).
pub fn full(app: &App, snapshot: &Snapshot, record: &Record) -> Json {
    let mut map = render::fields(record);
    map.insert("is_superuser".into(), superuser(snapshot, record).into());
    map.insert("groups_obj".into(), groups(snapshot, record));
    map.insert("roles_obj".into(), roles(snapshot, record));
    map.insert("avatar".into(), picture(app, record).into());
    map.insert("uid".into(), uid_of(app, number(record)).into());
    json!(map)
}

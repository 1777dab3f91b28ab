//! What the API shows of a group beside the fields.

use std::collections::HashMap;

use feature::{BoxFuture, Computed, Problem, Rendering};
use object::{Id, Key, Record};
use serde_json::{Value as Json, json};
use store::{Filter, Query};

use super::Group;
use crate::membership::{children, with_ancestors};
use crate::render;
use crate::role::Role;
use crate::user::User;

const RELATED: &str =
    r##"{"type":"array","nullable":true,"readOnly":true,"items":{"$ref":"#/components/schemas/RelatedGroup"}}"##;
const ROLES: &str = r##"{"type":"array","readOnly":true,"items":{"$ref":"#/components/schemas/Role"}}"##;
const INHERITED: &str =
    r##"{"type":"array","nullable":true,"readOnly":true,"items":{"$ref":"#/components/schemas/Role"}}"##;
const USERS: &str =
    r##"{"type":"array","nullable":true,"readOnly":true,"items":{"$ref":"#/components/schemas/PartialUser"}}"##;
const KEYS: &str = r#"{"type":"array","readOnly":true,"items":{"type":"string","format":"uuid"}}"#;
const NUMBERS: &str = r#"{"type":"array","items":{"type":"integer"}}"#;

pub const COMPUTED: &[Computed] = &[
    Computed { name: "num_pk", schema: r#"{"type":"integer","readOnly":true}"#, required: true, render: num_pk },
    Computed { name: "parents_obj", schema: RELATED, required: true, render: parents_obj },
    Computed { name: "users", schema: NUMBERS, required: false, render: users },
    Computed { name: "users_obj", schema: USERS, required: true, render: users_obj },
    Computed { name: "roles_obj", schema: ROLES, required: true, render: roles_obj },
    Computed { name: "inherited_roles_obj", schema: INHERITED, required: true, render: inherited_roles_obj },
    Computed { name: "children", schema: KEYS, required: true, render: children_keys },
    Computed { name: "children_obj", schema: RELATED, required: true, render: children_obj },
];

type Values<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

fn id_of(record: &Record) -> Option<Id<Group>> {
    record.key().and_then(Id::from_key)
}

fn num_pk<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move { Ok(records.iter().map(|r| render::num_pk(r.key())).collect()) })
}

fn parents_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let snapshot = rendering.app.store().snapshot();
        if !rendering.flag("include_parents", false) {
            return Ok(vec![Json::Null; records.len()]);
        }
        let one = |r: &Record| -> Json {
            let ids = r.get("parents").as_keys().iter().filter_map(|k| Id::<Group>::from_key(*k));
            ids.filter_map(|id| snapshot.get(id)).map(|g| render::related_group(&g)).collect()
        };
        Ok(records.iter().map(one).collect())
    })
}

fn children_keys<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let snapshot = rendering.app.store().snapshot();
        let one = |r: &Record| -> Json {
            id_of(r).map_or_else(|| json!([]), |id| children(&snapshot, id).iter().map(|g| json!(g.pk)).collect())
        };
        Ok(records.iter().map(one).collect())
    })
}

fn children_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let snapshot = rendering.app.store().snapshot();
        if !rendering.flag("include_children", false) {
            return Ok(vec![Json::Null; records.len()]);
        }
        let one = |r: &Record| -> Json {
            let found = id_of(r).map(|id| children(&snapshot, id)).unwrap_or_default();
            found.iter().map(|g| render::related_group(g)).collect()
        };
        Ok(records.iter().map(one).collect())
    })
}

fn roles_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let snapshot = rendering.app.store().snapshot();
        let one = |r: &Record| -> Json {
            let ids = r.get("roles").as_keys().iter().filter_map(|k| Id::<Role>::from_key(*k));
            ids.filter_map(|id| snapshot.get(id)).map(|role| render::role(&role)).collect()
        };
        Ok(records.iter().map(one).collect())
    })
}

fn inherited_roles_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let snapshot = rendering.app.store().snapshot();
        if !rendering.flag("include_inherited_roles", false) {
            return Ok(vec![Json::Null; records.len()]);
        }
        let one = |r: &Record| -> Json {
            let own = id_of(r);
            let above = with_ancestors(&snapshot, own.as_slice());
            let mut roles: Vec<Id<Role>> =
                above.iter().filter(|g| Some(g.pk) != own).flat_map(|g| g.roles.iter().copied()).collect();
            roles.sort();
            roles.dedup();
            roles.into_iter().filter_map(|id| snapshot.get(id)).map(|role| render::role(&role)).collect()
        };
        Ok(records.iter().map(one).collect())
    })
}

fn users<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let members = members(rendering, records).await?;
        let one = |r: &Record| -> Json {
            r.key().and_then(|k| members.get(&k)).map_or_else(|| json!([]), |m| m.iter().map(|u| json!(u.pk)).collect())
        };
        Ok(records.iter().map(one).collect())
    })
}

fn users_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        if !rendering.flag("include_users", true) {
            return Ok(vec![Json::Null; records.len()]);
        }
        let members = members(rendering, records).await?;
        let one = |r: &Record| -> Json {
            let found = r.key().and_then(|k| members.get(&k));
            found.map_or_else(|| json!([]), |m| m.iter().map(|u| render::partial_user(rendering.app, u)).collect())
        };
        Ok(records.iter().map(one).collect())
    })
}

/// The direct members of each group.
async fn members(rendering: &Rendering<'_>, records: &[Record]) -> Result<HashMap<Key, Vec<User>>, Problem> {
    let keys: Vec<Key> = records.iter().filter_map(Record::key).collect();
    let query = Query::filter(Filter::any_of("groups", keys.iter().copied())).order(&["pk"]);
    let mut found: HashMap<Key, Vec<User>> = HashMap::new();
    for user in rendering.store.find::<User>(&query).await? {
        for group in user.groups.iter().map(|g| g.key()).filter(|g| keys.contains(g)) {
            found.entry(group).or_default().push(user.clone());
        }
    }
    Ok(found)
}

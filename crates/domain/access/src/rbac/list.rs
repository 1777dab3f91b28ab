//! Reading permissions: which there are, and who has them.

use std::collections::HashMap;

use directory::{Role, RolePermission, User, guard::key_of};
use events::name_of;
use feature::{BoxFuture, Call, Page, Problem, Reply};
use object::Id;
use serde_json::{Value as Json, json};

use super::catalogue::{Entry, app_verbose, permissions as all};

/// Some of the rows, in the form of every list.
fn page(call: &Call, rows: Vec<Json>) -> Result<Reply, Problem> {
    let page = Page::asked(&call.app, |name| call.parameter(name), rows.len() as u64)?;
    Ok(Reply::ok(page.json(page.cut(rows), json!({}))))
}

fn id_parameter<T: object::Object<Key = uuid::Uuid>>(call: &Call, name: &str) -> Result<Option<Id<T>>, Problem> {
    match call.parameter(name) {
        None | Some("") => Ok(None),
        Some(text) => match uuid::Uuid::try_parse(text) {
            Ok(id) => Ok(Some(Id(id))),
            Err(_) => Err(Problem::field(name, format!("“{text}” is not a valid UUID."))),
        },
    }
}

pub fn permissions(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let snapshot = call.app.store().snapshot();
        let mut roles: Option<Vec<Id<Role>>> = id_parameter::<Role>(call, "role")?.map(|r| vec![r]);
        if let Some(user) = call.parameter("user").filter(|u| !u.is_empty()) {
            let pk: i64 = user.parse().map_err(|_| Problem::field("user", "Enter a number."))?;
            let user = call.app.store().get::<User>(Id::<User>(pk)).await?;
            roles = Some(user.map(|u| u.all_roles(&snapshot).iter().map(|r| r.pk).collect()).unwrap_or_default());
        }
        let has = |entry: &Entry, roles: &[Id<Role>]| {
            let full = entry.full();
            let rows = snapshot.all::<RolePermission>();
            rows.iter().any(|p| p.object_pk.is_empty() && p.codename == full && roles.contains(&p.role))
        };
        let search = call.parameter("search").unwrap_or_default().to_lowercase();
        let wanted =
            |parameter: &str, value: &str| call.parameter(parameter).is_none_or(|p| p.is_empty() || p == value);
        let found = all(call.app.registry()).iter().filter(|e| {
            wanted("codename", &e.codename)
                && wanted("content_type__model", &e.model)
                && wanted("content_type__app_label", &e.app_label)
                && (search.is_empty()
                    || [&e.codename, &e.model, &e.app_label, &e.name]
                        .iter()
                        .any(|t| t.to_lowercase().contains(&search)))
                && roles.as_ref().is_none_or(|roles| has(e, roles))
        });
        page(call, found.map(Entry::to_json).collect())
    })
}

pub fn permission(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let Ok(id) = call.segment("id").parse::<i64>() else { return Err(Problem::not_found()) };
        match all(call.app.registry()).iter().find(|e| e.id == id) {
            Some(entry) => Ok(Reply::ok(entry.to_json())),
            None => Err(Problem::no_such("Permission")),
        }
    })
}

fn entry_of(call: &Call, permission: &RolePermission) -> Option<&'static Entry> {
    let (app, codename) = permission.codename.split_once('.')?;
    all(call.app.registry()).iter().find(|e| e.app_label == app && e.codename == codename)
}

/// The permission in short, with the object when it is limited to one.
fn short(entry: &Entry, object_pk: &str) -> Json {
    let mut json = json!({
        "id": entry.id,
        "codename": entry.codename,
        "model": entry.model,
        "app_label": entry.app_label,
        "name": entry.name,
    });
    if !object_pk.is_empty() {
        json["object_pk"] = object_pk.into();
    }
    json
}

pub fn of_roles(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let role = id_parameter::<Role>(call, "uuid")?;
        let snapshot = call.app.store().snapshot();
        let mut rows = Vec::new();
        for permission in snapshot.all::<RolePermission>().iter() {
            if permission.object_pk.is_empty() || role.is_some_and(|r| r != permission.role) {
                continue;
            }
            let Some(entry) = entry_of(call, permission) else { continue };
            let mut json = short(entry, &permission.object_pk);
            json["app_label_verbose"] = app_verbose(&entry.app_label).into();
            json["model_verbose"] = entry.model_verbose.as_str().into();
            json["object_description"] = description(call, entry, &permission.object_pk).await?;
            rows.push(json);
        }
        page(call, rows)
    })
}

/// What the object is called, if the caller may see it.
async fn description(call: &Call, entry: &Entry, object_pk: &str) -> Result<Json, Problem> {
    let label = format!("{}.{}", entry.app_label, entry.model);
    let (Some(model), Some(key)) = (call.app.registry().catalogue.model(&label), key_of(object_pk)) else {
        return Ok(Json::Null);
    };
    if !call.caller.may_on(&format!("{}.view_{}", entry.app_label, entry.model), key) {
        return Ok(Json::Null);
    }
    Ok(call.app.store().record(model, key).await?.map_or(Json::Null, |r| name_of(&r).into()))
}

pub fn assigned(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let Some(label) = call.parameter("model").filter(|m| !m.is_empty()) else {
            return Err(Problem::field("model", "This field is required."));
        };
        if call.app.registry().catalogue.model(label).is_none() {
            return Err(Problem::field(
                "model",
                format!("Select a valid choice. {label} is not one of the available choices."),
            ));
        }
        let object = call.parameter("object_pk").unwrap_or_default();
        let snapshot = call.app.store().snapshot();
        let mut by_role: HashMap<Id<Role>, (Vec<Json>, Vec<Json>, bool)> = HashMap::new();
        for permission in snapshot.all::<RolePermission>().iter() {
            let Some(entry) = entry_of(call, permission) else { continue };
            let concerns = format!("{}.{}", entry.app_label, entry.model) == label;
            let row = by_role.entry(permission.role).or_default();
            if permission.object_pk.is_empty() {
                row.1.push(short(entry, ""));
                row.2 |= concerns;
            } else if object.is_empty() || permission.object_pk == object {
                row.0.push(short(entry, &permission.object_pk));
                row.2 |= concerns;
            }
        }
        let mut rows: Vec<_> = by_role
            .into_iter()
            .filter(|(_, row)| row.2)
            .filter_map(|(id, row)| Some((snapshot.get(id)?, row)))
            .collect();
        rows.sort_by(|a, b| a.0.name.cmp(&b.0.name));
        let one = |(role, (objects, models, _)): (std::sync::Arc<Role>, _)| json!({ "role_pk": role.pk, "name": role.name, "object_permissions": objects, "model_permissions": models });
        page(call, rows.into_iter().map(one).collect())
    })
}

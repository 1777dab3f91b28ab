//! The `permissions` of an entry: who may do what to its object.
//!
//! Written by the labels of the models alone: which crate keeps roles is of no concern here.

use blueprint_yaml::{Answers, Entry, Problem};
use object::{Key, Model, Record};
use serde_json::{Map, Value as Json, json};
use store::{Filter, Query};

use feature::change::{self, Context, Options};

use crate::apply::{Application, about, evaluate};
use crate::lookup::Known;

/// Gives the entry's object to the roles and users that it names.
pub async fn grant(
    application: &Application<'_>,
    entry: &Entry,
    known: &Known,
    answers: &mut Answers,
    record: &Record,
) -> Result<(), Vec<Problem>> {
    let Some(key) = record.key() else { return Ok(()) };
    for (position, permission) in entry.permissions.iter().enumerate() {
        let path = format!("{}.permissions[{position}]", entry.path);
        let name = evaluate(application, known, answers, |e| e.resolve(&permission.permission, &path)).await?;
        let name = name.as_str().unwrap_or_default().to_owned();
        let codename = if name.contains('.') { name } else { format!("{}.{name}", record.model.schema.app_label()) };
        if let Some(role) = &permission.role {
            let role = evaluate(application, known, answers, |e| e.resolve(role, &path)).await?;
            give(application, entry, &role, &codename, key).await?;
        }
        if let Some(user) = &permission.user {
            let user = evaluate(application, known, answers, |e| e.resolve(user, &path)).await?;
            let role = role_of_user(application, entry, &user).await?;
            give(application, entry, &role, &codename, key).await?;
        }
    }
    Ok(())
}

fn model(application: &Application<'_>, entry: &Entry, label: &str) -> Result<&'static Model, Vec<Problem>> {
    let found = application.app.registry().catalogue.model(label);
    found.ok_or_else(|| vec![about(entry, format!("permissions need {label}, which this build does not have"), "")])
}

async fn give(
    application: &Application<'_>,
    entry: &Entry,
    role: &Json,
    codename: &str,
    key: Key,
) -> Result<(), Vec<Problem>> {
    let fault = |e: store::Error| vec![about(entry, format!("permission {codename}: {e}"), "")];
    let Some(role) = role.as_str().and_then(|s| object::Uuid::try_parse(s).ok()) else {
        return Err(vec![about(
            entry,
            format!("permission {codename}: {role} is not the key of a role"),
            "use !KeyOf or !Find",
        )]);
    };
    let model = model(application, entry, "authentik_rbac.rolepermission")?;
    let same =
        Filter::eq("role", role).and(Filter::eq("codename", codename)).and(Filter::eq("object_pk", key.to_string()));
    if application.store.exists(model, same).await.map_err(fault)? {
        return Ok(());
    }
    let mut record = Record::empty(model);
    record.set("role", role);
    record.set("codename", codename);
    record.set("object_pk", key.to_string());
    application.store.insert_record(&mut record).await.map_err(fault)
}

/// A user's own permissions hang on a role of their own, as upstream keeps them too.
async fn role_of_user(application: &Application<'_>, entry: &Entry, user: &Json) -> Result<Json, Vec<Problem>> {
    let fault = |e: store::Error| vec![about(entry, e.to_string(), "")];
    let users = model(application, entry, "authentik_core.user")?;
    let roles = model(application, entry, "authentik_rbac.role")?;
    let Some(key) = user.as_i64() else {
        return Err(vec![about(entry, format!("{user} is not the key of a user"), "use !KeyOf or !Find")]);
    };
    let name = format!("ak-managed-role--user-{key}");
    let found = application
        .store
        .records(roles, &Query::filter(Filter::eq("name", name.clone())).limit(1))
        .await
        .map_err(fault)?;
    if let Some(role) = found.first().and_then(Record::key) {
        return Ok(json!(role));
    }
    let mut input = Map::new();
    input.insert("name".into(), name.into());
    let Application { app, store, caller, .. } = application;
    let options = Options { privileged: true, ..Options::default() };
    let context = Context { app, store, caller, options };
    let made = change::create(context, roles, &input).await.map_err(|p| vec![about(entry, p.body.to_string(), "")])?;
    let Some(role) = made.key() else { return Ok(Json::Null) };
    let link = store::Write::Link { model: users, key: Key::Int(key), field: "roles", target: role };
    application.store.apply(vec![link]).await.map_err(fault)?;
    Ok(json!(role))
}

//! What is checked and done when groups change.

use std::collections::HashSet;

use feature::{BoxFuture, Change, Doing, Input, Problem};
use object::{Key, Object, Record, Value};
use serde_json::Value as Json;
use store::{Filter, Query, Write};

use crate::guard;
use crate::user::User;
use crate::user::hooks::{added, removed};

pub const INPUTS: &[Input] =
    &[Input { name: "users", schema: r#"{"type":"array","items":{"type":"integer"}}"#, required: false }];

pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        check_superuser(change)?;
        check_parents(change).await?;
        guard::may_give_roles(change, added(change, "roles")).await?;
        if let Some(wanted) = wanted_users(change).await?
            && let Some(key) = change.record.key().filter(|_| change.before.is_some())
        {
            let present = members(change, key).await?;
            if wanted.iter().any(|u| !present.contains(u)) {
                guard::may_enter(change, key).await?;
            }
            if present.iter().any(|u| !wanted.contains(u)) {
                guard::may_leave(change, key).await?;
            }
        }
        Ok(())
    })
}

fn check_superuser(change: &Change<'_>) -> Result<(), Problem> {
    let now = change.record.get("is_superuser").as_bool().unwrap_or_default();
    let before = change.before.and_then(|b| b.get("is_superuser").as_bool()).unwrap_or_default();
    if now == before {
        return Ok(());
    }
    let codename = if now { "authentik_core.enable_group_superuser" } else { "authentik_core.disable_group_superuser" };
    let allowed = match (change.doing, change.record.key()) {
        (Doing::Update, Some(key)) => change.caller.may_on(codename, key),
        _ => change.caller.may(codename),
    };
    if allowed {
        return Ok(());
    }
    let shown = if now { "True" } else { "False" };
    Err(Problem::field("is_superuser", format!("User does not have permission to set superuser status to {shown}.")))
}

async fn check_parents(change: &Change<'_>) -> Result<(), Problem> {
    let new = added(change, "parents");
    if let Some(own) = change.record.key().filter(|_| change.before.is_some()) {
        if new.contains(&own) {
            return Err(Problem::field("parents", "Cannot set group as parent of itself."));
        }
        if guard::ancestry(change.store, new.clone()).await?.contains_key(&own) {
            return Err(Problem::field("parents", "Cannot set a group that lies in this one as its parent."));
        }
    }
    for parent in new {
        guard::may_enter(change, parent).await?;
    }
    for parent in removed(change, "parents") {
        guard::may_leave(change, parent).await?;
    }
    Ok(())
}

/// The members that were asked for.
async fn wanted_users(change: &Change<'_>) -> Result<Option<HashSet<Key>>, Problem> {
    let Some(given) = change.input.get("users") else { return Ok(None) };
    let Some(items) = given.as_array() else {
        let what = match given {
            Json::Null => return Err(Problem::field("users", "This field may not be null.")),
            Json::String(_) => "str",
            Json::Object(_) => "dict",
            Json::Bool(_) => "bool",
            _ => "int",
        };
        return Err(Problem::field("users", format!("Expected a list of items but got type \"{what}\".")));
    };
    let mut wanted = HashSet::new();
    for item in items {
        let number = item.as_i64().or_else(|| item.as_str()?.parse().ok());
        let Some(number) = number else {
            return Err(Problem::field("users", "Incorrect type. Expected pk value, received str."));
        };
        wanted.insert(Key::Int(number));
    }
    let query = Query::filter(Filter::any_of("pk", wanted.iter().copied())).columns_only();
    let found: HashSet<Key> =
        change.store.records(User::model(), &query).await?.iter().filter_map(Record::key).collect();
    match wanted.iter().find(|k| !found.contains(k)) {
        Some(missing) => Err(Problem::field("users", format!("Invalid pk \"{missing}\" - object does not exist."))),
        None => Ok(Some(wanted)),
    }
}

async fn members(change: &Change<'_>, group: Key) -> Result<HashSet<Key>, Problem> {
    let query = Query::filter(Filter::eq("groups", group)).columns_only();
    Ok(change.store.records(User::model(), &query).await?.iter().filter_map(Record::key).collect())
}

pub fn saved<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let Some(wanted) = wanted_users(change).await? else { return Ok(()) };
        let Some(target) = change.record.key() else { return Ok(()) };
        if change.doing == Doing::Create && !wanted.is_empty() {
            guard::may_enter(change, target).await?;
        }
        let present = members(change, target).await?;
        let (model, field) = (User::model(), "groups");
        let mut writes = Vec::new();
        writes.extend(wanted.difference(&present).map(|key| Write::Link { model, key: *key, field, target }));
        writes.extend(present.difference(&wanted).map(|key| Write::Unlink { model, key: *key, field, target }));
        if !writes.is_empty() {
            change.store.apply(writes).await?;
            for user in wanted.symmetric_difference(&present) {
                if let Key::Int(user) = user {
                    crate::news::announce(change.store, *user).await?;
                }
            }
        }
        Ok(())
    })
}

/// Deleting a group may not take superusers their status without the permission for it.
pub fn deleting<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        match change.record.key() {
            Some(key) if change.record.get("is_superuser") == &Value::Bool(true) => guard::may_leave(change, key).await,
            _ => Ok(()),
        }
    })
}

//! Permissions that blueprints give to roles and users.

use feature::{BoxFuture, Change, Input, Problem, Through};
use object::{FieldErrors, Id, Key};
use serde_json::Value as Json;

use super::{give, of_user};

const SCHEMA: &str = r#"{"type":"array","items":{"type":"string"}}"#;
pub const PERMISSIONS: Input = Input { name: "permissions", schema: SCHEMA, required: false };
pub const PRIVILEGED_INPUTS: &[Input] = &[PERMISSIONS];

/// After a role was written.
pub fn saved<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let (Some(codenames), Some(Key::Uuid(role))) = (wanted(change)?, change.record.key()) else { return Ok(()) };
        give(change.store, Id(role), &codenames, "").await?;
        Ok(())
    })
}

/// After a user was written: the permissions go to the user's own role.
pub async fn saved_user(change: &Change<'_>) -> Result<(), Problem> {
    let (Some(codenames), Some(Key::Int(user))) = (wanted(change)?, change.record.key()) else { return Ok(()) };
    if codenames.is_empty() {
        return Ok(());
    }
    let role = of_user(change.store, Id(user)).await?;
    give(change.store, role, &codenames, "").await?;
    Ok(())
}

fn wanted(change: &Change<'_>) -> Result<Option<Vec<String>>, Problem> {
    let Some(given) = change.input.get("permissions").filter(|_| change.caller.through == Through::System) else {
        return Ok(None);
    };
    let refuse = |message: String| Err(Problem::fields(&FieldErrors::one("permissions", message)));
    let Some(items) = given.as_array() else {
        return refuse("Expected a list of permissions like authentik_core.view_user.".into());
    };
    let mut codenames = Vec::with_capacity(items.len());
    for item in items {
        match item.as_str().filter(|c| c.contains('.')) {
            Some(codename) => codenames.push(codename.to_owned()),
            None => {
                return refuse(format!("{} is no permission; write it like authentik_core.view_user.", shown(item)));
            }
        }
    }
    Ok(Some(codenames))
}

fn shown(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

//! What a user is told about themselves.

use feature::{BoxFuture, Call, Grants, Problem, Reply};
use object::Id;
use serde_json::{Value as Json, json};
use store::Snapshot;

use super::User;
use crate::session::LazySession;

/// Permissions on the installation as a whole, as superusers have them.
const SYSTEM: [&str; 16] = [
    "access_admin_interface",
    "add_initialpermissions",
    "add_role",
    "assign_role_permissions",
    "change_initialpermissions",
    "change_role",
    "delete_initialpermissions",
    "delete_role",
    "edit_system_settings",
    "manage_media_files",
    "unassign_role_permissions",
    "view_initialpermissions",
    "view_media_files",
    "view_role",
    "view_system_info",
    "view_system_settings",
];

pub fn run(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let store = call.app.store();
        let Some(pk) = call.caller.user else { return Err(Problem::unauthenticated()) };
        let Some(user) = store.get::<User>(Id::<User>(pk)).await? else { return Err(Problem::unauthenticated()) };
        let snapshot = store.snapshot();
        let mut answer = json!({ "user": about(call, &snapshot, &user, &call.caller.grants) });
        if call.caller.impersonator.is_some() {
            let real = LazySession::load_from(&call.extensions).await?.impersonator();
            if let Some(real) = real {
                answer["original"] = about(call, &snapshot, &real, &Grants::default());
            }
        }
        Ok(Reply::ok(answer))
    })
}

fn about(call: &Call, snapshot: &Snapshot, user: &User, grants: &Grants) -> Json {
    let superuser = user.is_superuser(snapshot);
    let groups: Json = user.all_groups(snapshot).iter().map(|g| json!({ "name": g.name, "pk": g.pk })).collect();
    let roles: Json = user.all_roles(snapshot).iter().map(|r| json!({ "name": r.name, "pk": r.pk })).collect();
    let permissions: Json = SYSTEM
        .iter()
        .filter(|p| superuser || grants.global.contains(&format!("authentik_rbac.{p}")))
        .copied()
        .collect();
    let settings = user.group_attributes(snapshot).shift_remove("settings").unwrap_or_else(|| json!({}));
    json!({
        "pk": user.pk,
        "username": user.username,
        "name": user.name,
        "is_active": user.is_active,
        "is_superuser": superuser,
        "groups": groups,
        "roles": roles,
        "email": user.email,
        "avatar": user.avatar(&call.app),
        "uid": user.uid(&call.app),
        "settings": settings,
        "type": object::Choices::as_str(user.r#type),
        "system_permissions": permissions,
    })
}

//! Who may hand out power: superuser status through groups, permissions through roles.
//!
//! SECURITY: being allowed to change users, groups or roles must not be a way to become a superuser. Every path that
//! puts somebody into a group or gives a role comes through here.

use std::collections::HashMap;

use feature::{Caller, Change, Problem};
use http::StatusCode;
use object::{Key, Object};
use store::{Filter, Query, Store};

use crate::group::Group;
use crate::role::RolePermission;
use crate::user::User;

/// The group and all above it, as of this transaction (the snapshot does not know its changes yet).
pub async fn ancestry(store: &Store, start: Vec<Key>) -> Result<HashMap<Key, Group>, Problem> {
    let mut found: HashMap<Key, Group> = HashMap::new();
    let mut next = start;
    while !next.is_empty() {
        let groups: Vec<Group> = store.find(&Query::filter(Filter::any_of("pk", next.drain(..)))).await?;
        for group in groups {
            next.extend(group.parents.iter().map(|p| p.key()).filter(|p| !found.contains_key(p)));
            found.insert(group.key(), group);
        }
        next.retain(|key| !found.contains_key(key));
    }
    Ok(found)
}

/// Whether the group makes its members superusers.
pub async fn is_mighty(store: &Store, group: Key) -> Result<bool, Problem> {
    Ok(ancestry(store, vec![group]).await?.values().any(|g| g.is_superuser))
}

fn refusal(what: &str) -> Problem {
    Problem::detail(StatusCode::FORBIDDEN, what)
}

/// Whether the caller may put somebody, or another group, into the group.
pub async fn may_enter(change: &Change<'_>, group: Key) -> Result<(), Problem> {
    may_add(change.store, change.caller, group).await
}

/// As [`may_enter`], outside of a change.
pub async fn may_add(store: &Store, caller: &Caller, group: Key) -> Result<(), Problem> {
    if caller.superuser || caller.may_on("authentik_core.enable_group_superuser", group) {
        return Ok(());
    }
    let above = ancestry(store, vec![group]).await?;
    if above.values().any(|g| g.is_superuser) {
        return Err(refusal("User does not have permission to add members to a superuser group."));
    }
    let roles: Vec<Key> = above.values().flat_map(|g| g.roles.iter().map(|r| r.key())).collect();
    may_use_roles(store, caller, roles).await
}

/// Whether the caller may take somebody, or another group, out of the group.
pub async fn may_leave(change: &Change<'_>, group: Key) -> Result<(), Problem> {
    may_remove(change.store, change.caller, group).await
}

/// As [`may_leave`], outside of a change.
pub async fn may_remove(store: &Store, caller: &Caller, group: Key) -> Result<(), Problem> {
    if caller.superuser
        || caller.may_on("authentik_core.disable_group_superuser", group)
        || !is_mighty(store, group).await?
    {
        return Ok(());
    }
    Err(refusal("User does not have permission to remove members from a superuser group."))
}

/// Whether the caller may give these roles.
pub async fn may_give_roles(change: &Change<'_>, roles: Vec<Key>) -> Result<(), Problem> {
    may_use_roles(change.store, change.caller, roles).await
}

/// Nobody hands out a role with a permission that they do not have.
pub async fn may_use_roles(store: &Store, caller: &Caller, roles: Vec<Key>) -> Result<(), Problem> {
    if caller.superuser || roles.is_empty() {
        return Ok(());
    }
    let query = Query::filter(Filter::any_of("role", roles));
    for permission in store.find::<RolePermission>(&query).await? {
        may_hand_out(caller, &permission.codename, &permission.object_pk)?;
    }
    Ok(())
}

/// Nobody hands out a permission that they do not have. `object_pk` is empty for all objects.
pub fn may_hand_out(caller: &Caller, codename: &str, object_pk: &str) -> Result<(), Problem> {
    let on_object = || key_of(object_pk).is_some_and(|key| caller.may_on(codename, key));
    if caller.may(codename) || !object_pk.is_empty() && on_object() {
        return Ok(());
    }
    Err(refusal(&format!("You do not have the permission {codename} yourself, so that you cannot give it.")))
}

/// A key out of its text.
pub fn key_of(text: &str) -> Option<Key> {
    let number = text.parse().ok().map(Key::Int);
    number.or_else(|| uuid::Uuid::try_parse(text).ok().map(Key::Uuid))
}

/// Whether the caller may take over the account (set its password, act as it). Only superusers may do so with one.
pub async fn may_take_over(store: &Store, caller: &Caller, user: &User) -> Result<(), Problem> {
    if caller.superuser {
        return Ok(());
    }
    let above = ancestry(store, user.groups.iter().map(|g| g.key()).collect()).await?;
    if above.values().any(|g| g.is_superuser) { Err(Problem::forbidden()) } else { Ok(()) }
}

//! What is checked and done when users change.

use std::collections::HashSet;

use feature::{BoxFuture, Change, Doing, Installation, Problem, Through};
use object::{Access, Id, Key, Object as _, Record, Value, parse_field};
use serde_json::Value as Json;
use store::Filter;

use super::{User, UserType};
use crate::guard;
use crate::session;

pub const PRIVILEGED_INPUTS: &[feature::Input] = &[
    feature::Input { name: "password", schema: r#"{"type":"string","nullable":true}"#, required: false },
    crate::role::hooks::PERMISSIONS,
];

pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        check_path(change)?;
        check_type(change)?;
        check_mighty(change).await?;
        let added = added(change, "groups");
        let removed = removed(change, "groups");
        for group in &added {
            guard::may_enter(change, *group).await?;
        }
        for group in &removed {
            guard::may_leave(change, *group).await?;
        }
        guard::may_give_roles(change, self::added(change, "roles")).await?;
        let now = change.app.clock().now();
        if change.doing == Doing::Create {
            if change.record.text("password").is_empty() {
                change.record.set("password", secret::password::unusable(change.app.random()));
            }
        } else {
            change.record.set("last_updated", now);
        }
        set_password(change).await
    })
}

/// What others know a user by, and what decides whether the user gets in.
const IDENTITY: [&str; 5] = ["username", "email", "is_active", "type", "attributes"];

/// SECURITY: applications know people by these fields, and the way back into an account is mailed to its address. Whoever may
/// change users becomes no superuser by them, and shuts none out.
async fn check_mighty(change: &Change<'_>) -> Result<(), Problem> {
    match change.before {
        Some(before) if IDENTITY.iter().any(|field| change.differs(field)) => may_rule_over(change, before).await,
        _ => Ok(()),
    }
}

async fn may_rule_over(change: &Change<'_>, user: &Record) -> Result<(), Problem> {
    if change.caller.through == Through::System {
        return Ok(());
    }
    guard::may_take_over(change.store, change.caller, &user.clone().to::<User>()?).await
}

fn check_path(change: &Change<'_>) -> Result<(), Problem> {
    let path = change.record.text("path");
    if path.starts_with('/') || path.ends_with('/') {
        return Err(Problem::field("path", "No leading or trailing slashes allowed."));
    }
    if path.split('/').any(str::is_empty) {
        return Err(Problem::field("path", "No empty segments in user path allowed."));
    }
    Ok(())
}

fn check_type(change: &Change<'_>) -> Result<(), Problem> {
    const INTERNAL: &str = "internal_service_account";
    debug_assert_eq!(INTERNAL, object::Choices::as_str(UserType::InternalServiceAccount));
    if change.caller.through == Through::System {
        return Ok(());
    }
    let now = change.record.text("type");
    match change.before.map(|b| b.text("type")) {
        Some(INTERNAL) if now != INTERNAL => {
            Err(Problem::field("type", "Can't change internal service account to other user type."))
        }
        None if now == INTERNAL => {
            Err(Problem::field("type", "Setting a user to internal service account is not allowed."))
        }
        _ => Ok(()),
    }
}

/// A password out of a blueprint or a hash out of the settings; nobody else gives one here.
async fn set_password(change: &mut Change<'_>) -> Result<(), Problem> {
    let Some(given) = change.input.get("password").filter(|p| !p.is_null()) else { return Ok(()) };
    if change.caller.through != Through::System {
        return Ok(());
    }
    let Some(password) = given.as_str() else { return Err(Problem::field("password", "Not a valid string.")) };
    let hash = crate::password::hash(change.app, password).await?;
    let now = change.app.clock().now();
    change.record.set("password", hash);
    change.record.set("password_change_date", now);
    Ok(())
}

pub fn saved<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let Some(Key::Int(pk)) = change.record.key() else { return Ok(()) };
        let shut_out = change.record.get("is_active").as_bool() == Some(false) && change.differs("is_active");
        let new_password = change.before.is_some() && change.differs("password");
        if change.doing != Doing::Create && (shut_out || new_password) {
            session::end_all(change.store, Id(pk), None).await?;
        } else if change.doing != Doing::Create {
            crate::news::announce(change.store, pk).await?;
        }
        crate::role::hooks::saved_user(change).await
    })
}

/// With the user go the events that name them as the one who acted, where the installation's settings say so.
pub fn deleting<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let Some(Key::Int(pk)) = change.record.key() else { return Ok(()) };
        may_rule_over(change, &change.record).await?;
        if Installation::of(change.app).flag("gdpr_compliance") == Some(true) {
            change.store.delete_where(events::Event::model(), Filter::eq("user__pk", pk)).await?;
        }
        crate::news::announce_ends(change.store, Filter::eq("user", pk)).await?;
        crate::news::announce(change.store, pk).await
    })
}

/// The references that a many-to-many field has now and had not before.
pub(crate) fn added(change: &Change<'_>, field: &str) -> Vec<Key> {
    let before: HashSet<Key> =
        change.before.map(|b| b.get(field).as_keys().iter().copied().collect()).unwrap_or_default();
    change.record.get(field).as_keys().iter().filter(|k| !before.contains(k)).copied().collect()
}

/// The references that a many-to-many field had before and has no more.
pub(crate) fn removed(change: &Change<'_>, field: &str) -> Vec<Key> {
    let now: HashSet<Key> = change.record.get(field).as_keys().iter().copied().collect();
    let before = change.before.map(|b| b.get(field).as_keys().to_vec()).unwrap_or_default();
    before.into_iter().filter(|k| !now.contains(k)).collect()
}

/// Fields that users may change of themselves through a flow, as the user-write stage asks. Returns the value to set.
///
/// # Errors
/// The value does not fit the field.
pub fn parse_own(name: &str, value: &Json) -> Result<Option<(&'static str, Value)>, Json> {
    let model = <User as object::Object>::model();
    let Some(field) = model.field(name).filter(|f| f.access == Access::ReadWrite && f.is_column()) else {
        return Ok(None);
    };
    parse_field(field, value).map(|v| Some((field.name, v)))
}

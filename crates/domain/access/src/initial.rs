//! Initial permissions: what a role may do with an object that one of its people made.
//!
//! Which permissions is kept by name; the API speaks of them by number, and the numbers are those of the list of all
//! permissions of this version.

use directory::{Role, RolePermission, User, guard, role};
use feature::{
    BoxFuture, Change, Changed, Computed, Doing, Input, Kind, Observer, Problem, Registry, Rendering, Through,
};
use object::{FieldErrors, Id, Object, Record, python_type};
use serde_json::Value as Json;

use crate::rbac::{Entry, permissions};

/// Permissions that a role gets on each object that one of its people makes.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_rbac.initialpermissions",
    table = "authentik_rbac_initialpermissions",
    path = "rbac/initial_permissions",
    verbose = "Initial Permissions",
    plural = "Initial Permissions",
    api_name = "InitialPermissions",
    filters = ["name"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct InitialPermissions {
    #[field(key, counted)]
    pub pk: Id<Self>,
    /// What people call it.
    #[field(max = 150, unique)]
    pub name: String,
    /// Who gets the permissions.
    pub role: Id<Role>,
    /// The permissions with their apps: `authentik_core.view_group`.
    #[field(internal, default_json = "[]")]
    pub codenames: Vec<String>,
}

const NUMBERS: &str = r#"{"type":"array","items":{"type":"integer"}}"#;

pub const KIND: Kind = Kind::of::<InitialPermissions>()
    .check(check)
    .inputs(&[Input { name: "permissions", schema: NUMBERS, required: false }])
    .computed(&[
        Computed { name: "permissions", schema: NUMBERS, required: false, render: numbers },
        Computed {
            name: "permissions_obj",
            schema: r##"{"type":"array","items":{"$ref":"#/components/schemas/Permission"},"readOnly":true}"##,
            required: true,
            render: shown,
        },
    ]);

fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let Some(given) = change.input.get("permissions") else { return Ok(()) };
        let codenames = read(change.app.registry(), given)?;
        // SECURITY: nobody hands out by this way what they could not hand out directly.
        for codename in &codenames {
            guard::may_hand_out(change.caller, codename, "")?;
        }
        change.record.set("codenames", Json::from(codenames));
        Ok(())
    })
}

fn read(registry: &'static Registry, given: &Json) -> Result<Vec<String>, Problem> {
    let mut errors = FieldErrors::default();
    let mut codenames = Vec::new();
    let known = permissions(registry);
    match given {
        Json::Array(items) => {
            for item in items {
                let number = item.as_i64().or_else(|| item.as_str()?.parse().ok());
                match (number, number.and_then(|n| known.iter().find(|e| e.id == n))) {
                    (_, Some(entry)) => codenames.push(entry.full()),
                    (Some(n), None) => {
                        errors.add("permissions", format!("Invalid pk \"{n}\" - object does not exist."));
                    }
                    (None, None) => {
                        let kind = python_type(item);
                        errors.add("permissions", format!("Incorrect type. Expected pk value, received {kind}."));
                    }
                }
            }
        }
        // COMPAT: upstream walks over the keys of a dictionary.
        Json::Object(_) => errors.add("permissions", "Incorrect type. Expected pk value, received str."),
        other => {
            let kind = python_type(other);
            errors.add("permissions", format!("Expected a list of items but got type \"{kind}\"."));
        }
    }
    errors.into_result()?;
    Ok(codenames)
}

/// The permissions of a record, as far as this version has them.
fn entries(registry: &'static Registry, record: &Record) -> Vec<&'static Entry> {
    let names = record.get("codenames").as_json().and_then(Json::as_array).cloned().unwrap_or_default();
    let known = permissions(registry);
    let of_name = |name: &Json| known.iter().find(|e| Some(e.full().as_str()) == name.as_str());
    names.iter().filter_map(of_name).collect()
}

type Values<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

fn numbers<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    let registry = rendering.app.registry();
    let of = move |r: &Record| entries(registry, r).iter().map(|e| Json::from(e.id)).collect::<Json>();
    Box::pin(async move { Ok(records.iter().map(of).collect()) })
}

fn shown<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    let registry = rendering.app.registry();
    let of = move |r: &Record| entries(registry, r).iter().map(|e| e.to_json()).collect::<Json>();
    Box::pin(async move { Ok(records.iter().map(of).collect()) })
}

/// Gives the permissions when somebody made an object.
#[derive(Debug, Clone, Copy, Default)]
pub struct Giver;

impl Observer for Giver {
    fn changed<'a>(&'a self, changed: &'a Changed<'a>) -> BoxFuture<'a, Result<(), Problem>> {
        Box::pin(async move {
            let (Doing::Create, Some(user)) = (changed.doing, changed.caller.user) else { return Ok(()) };
            let snapshot = changed.app.store().snapshot();
            let all = snapshot.all::<InitialPermissions>();
            if all.is_empty() || changed.caller.through == Through::System {
                return Ok(());
            }
            let model = changed.record.model;
            let (Some(user), Some(key)) = (changed.store.get::<User>(Id::<User>(user)).await?, changed.record.key())
            else {
                return Ok(());
            };
            let of_model = |codename: &String| {
                let schema = model.schema;
                permissions(changed.app.registry()).iter().any(|e| {
                    e.full() == *codename && e.app_label == schema.app_label() && e.model == schema.model_name()
                })
            };
            // A permission on the permissions themselves would have no end.
            if model.name() == RolePermission::model().name() {
                return Ok(());
            }
            for role in user.all_roles(&snapshot) {
                for initial in all.iter().filter(|i| i.role == role.pk) {
                    let wanted: Vec<String> = initial.codenames.iter().filter(|c| of_model(c)).cloned().collect();
                    role::give(changed.store, role.pk, &wanted, &key.to_string()).await?;
                }
            }
            Ok(())
        })
    }
}

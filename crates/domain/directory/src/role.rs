//! Roles and the permissions they carry.

pub(crate) mod hooks;

use feature::Problem;
use object::{Id, Key, Object};
use store::{Filter, Store, Write};

use crate::user::User;

/// A set of permissions that is given to users and groups.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_rbac.role",
    table = "authentik_rbac_role",
    path = "rbac/roles",
    verbose = "Role",
    plural = "Roles",
    filters = ["name", "managed=managed__in", "managed__isnull", "users=user", "ak_groups=group"],
    search = ["name"],
    ordering = ["name"],
    cached,
    permissions = [
        ("assign_role_permissions", "Can assign permissions to roles"),
        ("unassign_role_permissions", "Can unassign permissions from roles")
    ]
)]
pub struct Role {
    #[field(key, label = "Uuid")]
    pub pk: Id<Self>,
    /// Name of the role.
    #[field(max = 150, unique)]
    pub name: String,
    /// Set on roles that the program keeps itself.
    #[field(internal, unique)]
    pub managed: Option<String>,
}

/// One permission of a role: on every object of a kind, or on a single one.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_rbac.rolepermission",
    table = "authentik_rbac_rolepermission",
    verbose = "Role permission",
    plural = "Role permissions",
    unique_together = [&["role", "codename", "object_pk"]],
    cached,
    unaudited,
    no_blueprint
)]
pub struct RolePermission {
    #[field(key)]
    pub pk: Id<Self>,
    pub role: Id<Role>,
    /// The permission with its app: `authentik_core.view_user`.
    #[field(max = 200)]
    pub codename: String,
    /// The key of the object it is limited to, as text; empty for all.
    #[field(blank)]
    pub object_pk: String,
}

/// Gives a role permissions; those it has already stay. `object_pk` is empty for all objects.
pub async fn give(
    store: &Store,
    role: Id<Role>,
    codenames: &[String],
    object_pk: &str,
) -> Result<Vec<RolePermission>, Problem> {
    let mut given = Vec::with_capacity(codenames.len());
    for codename in codenames {
        let same =
            Filter::eq("role", role).and(Filter::eq("codename", codename)).and(Filter::eq("object_pk", object_pk));
        if let Some(present) = store.first::<RolePermission>(same).await? {
            given.push(present);
            continue;
        }
        let new =
            RolePermission { pk: Id::unsaved(), role, codename: codename.clone(), object_pk: object_pk.to_owned() };
        let pk = store.insert(&new).await?;
        given.push(RolePermission { pk, ..new });
    }
    Ok(given)
}

/// Takes permissions from a role.
pub async fn take(store: &Store, role: Id<Role>, codenames: &[String], object_pk: &str) -> Result<(), Problem> {
    let filter = Filter::eq("role", role).and(Filter::eq("object_pk", object_pk));
    let filter = filter.and(Filter::any_of("codename", codenames.iter()));
    store.delete_where(RolePermission::model(), filter).await?;
    Ok(())
}

/// The role that only this user has, made when there is none: what single permissions of an account hang on.
pub async fn of_user(store: &Store, user: Id<User>) -> Result<Id<Role>, Problem> {
    let name = format!("ak-managed-role--user-{user}");
    let role = match store.first::<Role>(Filter::eq("name", name.as_str())).await? {
        Some(role) => role.pk,
        None => store.insert(&Role { pk: Id::unsaved(), name: name.clone(), managed: Some(name) }).await?,
    };
    let linked = store.linked(User::model(), Key::Int(user.0), "roles").await?;
    if !linked.contains(&role.key()) {
        let link = Write::Link { model: User::model(), key: user.key(), field: "roles", target: role.key() };
        store.apply(vec![link]).await?;
    }
    Ok(role)
}

//! Roles and the permissions they carry.

use object::{Id, Object};

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
    #[field(key)]
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

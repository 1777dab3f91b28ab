//! Roles and permissions over the API.

mod assign;
mod catalogue;
mod components;
mod list;

use feature::{Method, Operation, Permission, parameter};

pub use catalogue::{Entry, permissions};
pub use components::COMPONENTS;

const BASE: Operation = Operation {
    id: "",
    method: Method::Get,
    path: "",
    permission: Permission::Authenticated,
    summary: "",
    request: "",
    response: "",
    status: 200,
    parameters: &[parameter::ORDERING, parameter::PAGE, parameter::PAGE_SIZE, parameter::SEARCH],
    run: list::permissions,
};

pub const OPERATIONS: &[Operation] = &[
    Operation {
        id: "rbac_permissions_list",
        path: "rbac/permissions/",
        summary: "Lists every permission there is.",
        response: r##"{"$ref":"#/components/schemas/PaginatedPermissionList"}"##,
        run: list::permissions,
        ..BASE
    },
    Operation {
        id: "rbac_permissions_retrieve",
        path: "rbac/permissions/{id}/",
        summary: "Shows one permission.",
        response: r##"{"$ref":"#/components/schemas/Permission"}"##,
        parameters: &[],
        run: list::permission,
        ..BASE
    },
    Operation {
        id: "rbac_permissions_roles_list",
        path: "rbac/permissions/roles/",
        permission: Permission::Global("authentik_rbac.view_role"),
        summary: "Lists the permissions that roles have on single objects.",
        response: r##"{"$ref":"#/components/schemas/PaginatedExtraRoleObjectPermissionList"}"##,
        run: list::of_roles,
        ..BASE
    },
    Operation {
        id: "rbac_permissions_assigned_by_roles_list",
        path: "rbac/permissions/assigned_by_roles/",
        permission: Permission::Global("authentik_rbac.view_role"),
        summary: "Lists the roles that have permissions on a model or one object of it.",
        response: r##"{"$ref":"#/components/schemas/PaginatedRoleAssignedObjectPermissionList"}"##,
        run: list::assigned,
        ..BASE
    },
    Operation {
        id: "rbac_permissions_assigned_by_roles_assign",
        method: Method::Post,
        path: "rbac/permissions/assigned_by_roles/{uuid}/assign/",
        summary: "Gives a role permissions, on all objects or on one.",
        request: r##"{"$ref":"#/components/schemas/PermissionAssignRequest"}"##,
        response: r##"{"type":"array","items":{"$ref":"#/components/schemas/PermissionAssignResult"}}"##,
        parameters: &[],
        run: assign::assign,
        ..BASE
    },
    Operation {
        id: "rbac_permissions_assigned_by_roles_unassign_partial_update",
        method: Method::Patch,
        path: "rbac/permissions/assigned_by_roles/{uuid}/unassign/",
        summary: "Takes permissions from a role.",
        request: r##"{"$ref":"#/components/schemas/PatchedPermissionAssignRequest"}"##,
        status: 204,
        parameters: &[],
        run: assign::unassign,
        ..BASE
    },
    Operation {
        id: "rbac_roles_add_user_create",
        method: Method::Post,
        path: "rbac/roles/{uuid}/add_user/",
        summary: "Gives a user the role.",
        request: r##"{"$ref":"#/components/schemas/UserAccountSerializerForRoleRequest"}"##,
        status: 204,
        parameters: &[],
        run: assign::add_user,
        ..BASE
    },
    Operation {
        id: "rbac_roles_remove_user_create",
        method: Method::Post,
        path: "rbac/roles/{uuid}/remove_user/",
        summary: "Takes the role from a user.",
        request: r##"{"$ref":"#/components/schemas/UserAccountSerializerForRoleRequest"}"##,
        status: 204,
        parameters: &[],
        run: assign::remove_user,
        ..BASE
    },
];

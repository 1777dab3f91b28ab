//! Groups, which may lie in other groups.

pub(crate) mod computed;
pub(crate) mod hooks;
pub(crate) mod operations;

use object::{Id, Object, Refs};
use serde_json::{Map, Value as Json};

use crate::role::Role;

/// A set of users, with roles and attributes that its members share. Members of a group are members of its parents too.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_core.group",
    table = "authentik_core_group",
    path = "core/groups",
    verbose = "Group",
    plural = "Groups",
    filters = [
        "name",
        "is_superuser",
        "attributes",
        "members_by_pk=user__in",
        "members_by_username=user__username__in"
    ],
    search = ["name", "is_superuser"],
    ordering = ["name"],
    cached,
    permissions = [
        ("add_user_to_group", "Add user to group"),
        ("remove_user_from_group", "Remove user from group"),
        ("enable_group_superuser", "Enable superuser status"),
        ("disable_group_superuser", "Disable superuser status")
    ]
)]
pub struct Group {
    #[field(key)]
    pub pk: Id<Self>,
    /// Name of the group.
    #[field(unique)]
    pub name: String,
    /// Members of this group may do everything.
    #[field(default_bool = false)]
    pub is_superuser: bool,
    /// The groups that this one lies in.
    pub parents: Refs<Group>,
    /// Anything else that is to be known of the group; members inherit it.
    pub attributes: Map<String, Json>,
    /// The roles that members of the group have.
    pub roles: Refs<Role>,
}

/// What a search box is told about the fields of the list.
pub const AUTOCOMPLETE: &str = r#"{"current_model": "authentik_core.group", "models": {"authentik_core.group": {
"name": {"type": "str", "nullable": false, "options": null},
"is_superuser": {"type": "bool", "nullable": true, "options": null},
"attributes": {"type": "relation", "nullable": false, "options": null, "relation": "authentik_core.group_attributes"}
}}}"#;

//! The base of all kinds of sources: other systems whose users, or whose signed tokens, are taken for known.

pub mod api;
pub mod connection;
pub mod kinds;

use object::{Choices, Object, Record, Refs, Uuid};
use policy::PolicyBindingModel;

use crate::property_mapping::PropertyMapping;

/// How somebody who comes from a source is told to be a user that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "UserMatchingModeEnum")]
pub enum UserMatchingMode {
    /// Use the source-specific identifier
    Identifier,
    /// Link to a user with identical email address. Can have security implications when a source doesn't validate email addresses.
    EmailLink,
    /// Use the user's email address, but deny enrollment when the email address already exists.
    EmailDeny,
    /// Link to a user with identical username. Can have security implications when a username is used with another source.
    UsernameLink,
    /// Use the user's username, but deny enrollment when the username already exists.
    UsernameDeny,
}

/// How a group that comes from a source is told to be a group that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "GroupMatchingModeEnum")]
pub enum GroupMatchingMode {
    /// Use the source-specific identifier
    Identifier,
    /// Link to a group with identical name. Can have security implications when a group name is used with another source.
    NameLink,
    /// Use the group name, but deny enrollment when the name already exists.
    NameDeny,
}

/// Another system that users come from.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_core.source",
    table = "authentik_core_source",
    path = "sources/all",
    lookup = "slug",
    verbose = "source",
    plural = "sources",
    api_name = "Source",
    verbs = ["list", "retrieve", "destroy", "used_by"],
    filters = ["managed", "name", "pbm_uuid=pk", "slug"],
    search = ["name", "slug"],
    ordering = ["slug"],
    cached,
    family
)]
pub struct Source {
    pub base: PolicyBindingModel,
    /// Name that people see.
    pub name: String,
    /// Name in addresses, unlike that of any other source.
    #[field(slug, unique)]
    pub slug: String,
    /// Whether the source is in use.
    #[field(default_bool = true)]
    pub enabled: bool,
    /// Show the source as a button of its own on the login page rather than as a small picture.
    pub promoted: bool,
    /// Flow that logs in people who are known already.
    #[field(to = "authentik_flows.flow", set_null)]
    pub authentication_flow: Option<Uuid>,
    /// Flow that makes an account for people who come for the first time.
    #[field(to = "authentik_flows.flow", set_null)]
    pub enrollment_flow: Option<Uuid>,
    /// Mappings that make the properties of users.
    pub user_property_mappings: Refs<PropertyMapping>,
    /// Mappings that make the properties of groups.
    pub group_property_mappings: Refs<PropertyMapping>,
    /// How it is decided whether somebody who comes is a user that there is.
    #[field(default_text = "identifier")]
    pub user_matching_mode: UserMatchingMode,
    /// Set when the source is looked after by the program or a blueprint.
    #[field(unique, read_only, label = "Managed by authentik")]
    pub managed: Option<String>,
    /// Folder of the accounts that are made; `%(slug)s` stands for the source's slug.
    #[field(default_text = "goauthentik.io/sources/%(slug)s")]
    pub user_path_template: String,
    /// Picture: an address, a path below `/static` or the name of an uploaded file.
    #[field(blank)]
    pub icon: String,
}

/// The folder of the accounts that are made for those who come from a source.
pub fn user_path(source: &Record) -> String {
    source.text("user_path_template").replace("%(slug)s", source.text("slug"))
}

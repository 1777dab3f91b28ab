//! Applications: what people open.

pub mod access;
pub mod api;
pub mod launch;

use object::{Id, Object, Refs};
use policy::PolicyBindingModel;

use crate::provider::Provider;

/// Something that people open, with the provider that lets them in. Policies, groups and users bound to it decide who may.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_core.application",
    table = "authentik_core_application",
    path = "core/applications",
    lookup = "slug",
    verbose = "Application",
    plural = "Applications",
    component = "ak-application-form",
    api_name = "Application",
    filters = ["group", "meta_description", "meta_launch_url", "meta_publisher", "name", "slug"],
    search = ["name", "slug", "meta_launch_url", "meta_description", "meta_publisher", "group"],
    ordering = ["name"],
    cached
)]
pub struct Application {
    pub base: PolicyBindingModel,
    /// Name that people see.
    pub name: String,
    /// Name in addresses, unlike that of any other application.
    #[field(slug, unique)]
    pub slug: String,
    /// Heading under which the application is listed.
    #[field(blank)]
    pub group: String,
    /// The provider that lets people in. None makes a plain bookmark.
    #[field(unique)]
    pub provider: Option<Id<Provider>>,
    /// Providers that work beside it.
    pub backchannel_providers: Refs<Provider>,
    /// Open the application in a new tab or window.
    pub open_in_new_tab: bool,
    /// Address to open, worked out from the provider when empty. `%(username)s` stands for the person's user name.
    #[field(blank, url)]
    pub meta_launch_url: String,
    /// Picture: an address, a path below `/static` or the name of an uploaded file.
    #[field(blank)]
    pub meta_icon: String,
    /// What the application is for.
    #[field(blank)]
    pub meta_description: String,
    /// Who makes or runs it.
    #[field(blank)]
    pub meta_publisher: String,
}

//! The flow: a named list of stages with rules about who may go through it.

use object::{Choices, Id, Object};
use policy::PolicyBindingModel;

/// What a flow is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "FlowDesignationEnum")]
pub enum Designation {
    /// Authentication.
    Authentication,
    /// Authorization.
    Authorization,
    /// Invalidation.
    Invalidation,
    /// Enrollment.
    Enrollment,
    /// Unenrollment.
    Unenrollment,
    /// Recovery.
    Recovery,
    /// Stage configuration.
    StageConfiguration,
}

/// What happens to somebody whom the flow refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "DeniedActionEnum")]
pub enum DeniedAction {
    /// Go on to where the person wanted to go, else say why not.
    MessageContinue,
    /// Say why not.
    Message,
    /// Go on without a word.
    Continue,
}

/// Where the form stands on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "FlowLayoutEnum")]
pub enum Layout {
    /// In the middle.
    Stacked,
    /// On the left.
    ContentLeft,
    /// On the right.
    ContentRight,
    /// In a bar on the left.
    SidebarLeft,
    /// In a bar on the right.
    SidebarRight,
}

/// Who may start a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "AuthenticationEnum")]
pub enum Authentication {
    /// Everybody.
    None,
    /// Only who is logged in.
    RequireAuthenticated,
    /// Only who is not logged in.
    RequireUnauthenticated,
    /// Only superusers.
    RequireSuperuser,
    /// Only who was sent here by another flow.
    RequireRedirect,
    /// Only an outpost on somebody's behalf.
    RequireOutpost,
}

/// A list of stages that a person goes through.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_flows.flow",
    table = "authentik_flows_flow",
    path = "flows/instances",
    lookup = "slug",
    verbose = "Flow",
    plural = "Flows",
    api_name = "Flow",
    filters = ["denied_action", "designation", "flow_uuid=pk", "name", "slug"],
    search = ["name", "slug", "designation", "title", "denied_action"],
    ordering = ["slug", "name"],
    permissions = [
        ("export_flow", "Can export a Flow"),
        ("inspect_flow", "Can inspect a Flow's execution"),
        ("view_flow_cache", "View Flow's cache metrics"),
        ("clear_flow_cache", "Clear Flow's cache metrics"),
    ],
    cached
)]
pub struct Flow {
    pub base: PolicyBindingModel,
    /// Name for administrators.
    pub name: String,
    /// Part of the flow's address.
    #[field(unique, slug)]
    pub slug: String,
    /// Heading of the flow's pages. `%(app)s` stands for the application that the person is on the way to.
    pub title: String,
    /// What the flow is for. The first flow of a designation that applies to a person is the one they are sent to.
    pub designation: Designation,
    /// Image behind the form: an address or a file below the media folder.
    #[field(blank)]
    pub background: String,
    /// Draw the forms in a way that password managers on mobile devices understand better.
    pub compatibility_mode: bool,
    /// Where the form stands on the page.
    #[field(default_text = "stacked")]
    pub layout: Layout,
    /// What happens to somebody whom the flow refuses.
    #[field(default_text = "message_continue")]
    pub denied_action: DeniedAction,
    /// Who may start the flow.
    #[field(default_text = "none")]
    pub authentication: Authentication,
}

impl Flow {
    pub fn id(&self) -> Id<Self> {
        Id(self.base.pk.0)
    }
}

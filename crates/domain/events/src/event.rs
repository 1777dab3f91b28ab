//! The audit record: what happened, who did it, from where.

use jiff::Timestamp;
use object::{Choices, Generated, Id, Object};
use serde_json::{Map, Value as Json};

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Choices)]
#[choices(name = "EventActions")]
pub enum Action {
    /// Login
    Login,
    /// Login Failed
    LoginFailed,
    /// Logout
    Logout,
    /// User Write
    UserWrite,
    /// Suspicious Request
    SuspiciousRequest,
    /// Password Set
    PasswordSet,
    /// Secret View
    SecretView,
    /// Secret Rotate
    SecretRotate,
    /// Invite Used
    InvitationUsed,
    /// Authorize Application
    AuthorizeApplication,
    /// Source Linked
    SourceLinked,
    /// Impersonation Started
    ImpersonationStarted,
    /// Impersonation Ended
    ImpersonationEnded,
    /// Flow Execution
    FlowExecution,
    /// Policy Execution
    PolicyExecution,
    /// Policy Exception
    PolicyException,
    /// Property Mapping Exception
    PropertyMappingException,
    /// System Task Execution
    SystemTaskExecution,
    /// System Task Exception
    SystemTaskException,
    /// System Exception
    SystemException,
    /// Configuration Error
    ConfigurationError,
    /// Model Created
    ModelCreated,
    /// Model Updated
    ModelUpdated,
    /// Model Deleted
    ModelDeleted,
    /// Email Sent
    EmailSent,
    /// Update Available
    UpdateAvailable,
    /// Export Ready
    ExportReady,
    /// Custom Prefix
    #[choice(value = "custom_")]
    Custom,
}

/// Something that happened, kept for the record.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_events.event",
    table = "authentik_events_event",
    path = "events/events",
    verbose = "Event",
    plural = "Events",
    filters = [
        "action",
        "actions=action__in",
        "client_ip",
        "username=user__username",
        "brand_name=brand__name",
        "context_model_app=context__model__app",
        "context_model_name=context__model__model_name",
        "context_model_pk=context__model__pk",
        "context_authorized_app=context__authorized_application__pk"
    ],
    search = ["action", "app", "user", "context", "client_ip"],
    ordering = ["-created"],
    expires,
    unaudited
)]
pub struct Event {
    #[field(key)]
    pub pk: Id<Self>,
    /// Who did it: key, username and email as they were at that moment.
    pub user: Map<String, Json>,
    /// What happened.
    #[field(choices(Action::CHOICES, "EventActions"), index)]
    pub action: String,
    /// The part of the program that reported it.
    pub app: String,
    /// The particulars, which depend on the action. Secrets are left out.
    pub context: Map<String, Json>,
    /// The address the request came from.
    pub client_ip: Option<String>,
    /// When it happened.
    #[field(generated(Generated::Now), read_only, index)]
    pub created: Timestamp,
    /// When the record is removed.
    #[field(generated(Generated::InMinutes(365 * 24 * 60)), index)]
    pub expires: Timestamp,
    /// Whether the record is removed at all.
    #[field(default_bool = true, internal)]
    pub expiring: bool,
    /// The brand under which it happened.
    pub brand: Map<String, Json>,
}

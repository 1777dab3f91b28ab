//! Consents that people gave.

use clock::Timestamp;
use object::{Id, Object, Uuid};

use crate::application::Application;

/// A person agreed that an application gets some of their data.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_core.userconsent",
    table = "authentik_core_userconsent",
    path = "core/user_consent",
    verbose = "User Consent",
    plural = "User Consents",
    api_name = "UserConsent",
    verbs = ["list", "retrieve", "destroy", "used_by"],
    filters = ["user", "application"],
    search = ["user__username"],
    ordering = ["user__username"],
    unique_together = [&["user", "application", "permissions"]],
    expires,
    no_blueprint
)]
pub struct UserConsent {
    #[field(key, counted, label = "ID")]
    pub pk: Id<Self>,
    /// When the consent ends.
    pub expires: Option<Timestamp>,
    /// Whether the consent ends at all.
    #[field(default_bool = true)]
    pub expiring: bool,
    /// Who agreed.
    #[field(to = "authentik_core.user", cascade)]
    pub user: i64,
    /// Who gets the data.
    #[field(cascade)]
    pub application: Id<Application>,
    /// The permissions that were agreed to, as the provider names them.
    #[field(blank)]
    pub permissions: String,
}

impl UserConsent {
    /// The consent of a user to an application, if it has not run out. `permissions` as the provider names them.
    pub async fn find(
        store: &store::Store,
        now: Timestamp,
        user: i64,
        application: Uuid,
        permissions: &str,
    ) -> store::Result<Option<Self>> {
        let filter = store::Filter::eq("user", user)
            .and(store::Filter::eq("application", application))
            .and(store::Filter::eq("permissions", permissions));
        let found: Option<Self> = store.first(filter).await?;
        Ok(found.filter(|c| !c.expiring || c.expires.is_none_or(|e| e > now)))
    }
}

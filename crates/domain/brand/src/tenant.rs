//! The settings that administrators change while the program runs.
//!
//! One row. Crates below read it through the snapshot by its label; here it has a type and its operations.

use std::sync::Arc;

use feature::change::{self, Context, Options};
use feature::{BoxFuture, Call, Change, Method, Operation, Permission, Problem, Reply};
use object::{Access, FieldErrors, Id, Object, Record, Uuid, render_value};
use serde_json::{Map, Value as Json, json};
use store::Snapshot;

/// Settings of the installation as a whole.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_tenants.tenant",
    table = "authentik_tenants_tenant",
    verbose = "Tenant",
    plural = "Tenants",
    api_name = "Settings",
    no_blueprint,
    cached
)]
pub struct Tenant {
    #[field(key)]
    pub tenant_uuid: Id<Self>,
    /// Where the pictures of users come from, in order: `gravatar`, `initials`, `none`, `attributes.path.to.url` or an address.
    #[field(default_text = "gravatar,initials")]
    pub avatars: String,
    /// Let users change their name.
    #[field(default_bool = true)]
    pub default_user_change_name: bool,
    /// Let users change their email address.
    pub default_user_change_email: bool,
    /// Let users change their user name.
    pub default_user_change_username: bool,
    /// How long events are kept.
    #[field(duration, default_text = "days=365")]
    pub event_retention: String,
    /// The lowest reputation an address or a name can have.
    #[field(default_int = -5, max_value = 0)]
    pub reputation_lower_limit: i32,
    /// The highest reputation an address or a name can have.
    #[field(default_int = 5, min_value = 0)]
    pub reputation_upper_limit: i32,
    /// Links at the foot of the pages: `[{"name": "…", "href": "…"}]`.
    #[field(default_json = "[]")]
    pub footer_links: Json,
    /// Remove the events of users when they are removed.
    #[field(default_bool = true)]
    pub gdpr_compliance: bool,
    /// Let administrators act as another user.
    #[field(default_bool = true)]
    pub impersonation: bool,
    /// Ask for a reason when an administrator acts as another user.
    #[field(default_bool = true)]
    pub impersonation_require_reason: bool,
    /// How long new tokens live.
    #[field(duration, default_text = "minutes=30")]
    pub default_token_duration: String,
    /// How many characters new tokens have.
    #[field(default_int = 60, min_value = 1)]
    pub default_token_length: i32,
    /// Objects on a page of a list when the request does not say.
    #[field(default_int = 20, min_value = 0)]
    pub pagination_default_page_size: i32,
    /// The most objects on a page of a list.
    #[field(default_int = 100, min_value = 0)]
    pub pagination_max_page_size: i32,
    /// Behaviour that can be switched on early.
    #[field(required)]
    pub flags: Map<String, Json>,
}

/// The key of the one row.
const KEY: Uuid = Uuid::from_u128(0xb1d5_3c1e_0c1a_4b6e_9d7a_3a54_6f3b_0001);

impl Default for Tenant {
    fn default() -> Self {
        Self {
            tenant_uuid: Id(KEY),
            avatars: "gravatar,initials".into(),
            default_user_change_name: true,
            default_user_change_email: false,
            default_user_change_username: false,
            event_retention: "days=365".into(),
            reputation_lower_limit: -5,
            reputation_upper_limit: 5,
            footer_links: json!([]),
            gdpr_compliance: true,
            impersonation: true,
            impersonation_require_reason: true,
            default_token_duration: "minutes=30".into(),
            default_token_length: 60,
            pagination_default_page_size: 20,
            pagination_max_page_size: 100,
            flags: Map::new(),
        }
    }
}

/// The settings as of this snapshot; the defaults until somebody changed one.
pub fn tenant(snapshot: &Snapshot) -> Arc<Tenant> {
    snapshot.get(Id::<Tenant>(KEY)).unwrap_or_default()
}

const fn operation(id: &'static str, method: Method, permission: &'static str, summary: &'static str) -> Operation {
    Operation {
        id,
        method,
        path: "admin/settings/",
        permission: Permission::Global(permission),
        summary,
        request: "",
        response: r##"{"$ref":"#/components/schemas/Settings"}"##,
        status: 200,
        parameters: &[],
        run: read,
    }
}

const EDIT: &str = "authentik_rbac.edit_system_settings";

pub const READ: Operation = operation(
    "admin_settings_retrieve",
    Method::Get,
    "authentik_rbac.view_system_settings",
    "Read the settings of the installation.",
);
pub const PUT: Operation = Operation {
    request: r##"{"$ref":"#/components/schemas/SettingsRequest"}"##,
    run: put,
    ..operation("admin_settings_update", Method::Put, EDIT, "Change the settings of the installation.")
};
pub const PATCH: Operation = Operation {
    request: r##"{"$ref":"#/components/schemas/PatchedSettingsRequest"}"##,
    run: patch,
    ..operation("admin_settings_partial_update", Method::Patch, EDIT, "Change some settings of the installation.")
};

fn read(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move { Ok(Reply::ok(show(&tenant(&call.app.store().snapshot()).to_record()))) })
}
fn put(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    write(call, false)
}
fn patch(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    write(call, true)
}

fn write(call: &Call, partial: bool) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let input = call.input()?;
        let tx = call.app.store().begin().await?;
        let before = if let Some(tenant) = tx.get::<Tenant>(Id::<Tenant>(KEY)).await? {
            tenant
        } else {
            tx.insert(&Tenant::default()).await?;
            Tenant::default()
        };
        let context = Context { app: &call.app, store: &tx, caller: &call.caller, options: Options::default() };
        let after = change::update(context, &before.to_record(), input, partial).await?;
        tx.commit().await?;
        Ok(Reply::ok(show(&after)))
    })
}

fn show(record: &Record) -> Json {
    let fields = record.model.fields.iter().zip(&record.values).filter(|(f, _)| f.access == Access::ReadWrite);
    Json::Object(fields.map(|(f, v)| (f.wire.to_owned(), render_value(v))).collect())
}

/// What the schema cannot say about the settings.
pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let mut errors = FieldErrors::default();
        let links = change.record.get("footer_links").as_json();
        let is_link = |link: &Json| {
            let text = |name: &str| link.get(name).is_some_and(Json::is_string);
            // Links without an address are plain text.
            text("name") && link.get("href").is_none_or(|h| h.is_null() || h.as_str().is_some_and(is_web_address))
        };
        if change.differs("footer_links") && !links.and_then(Json::as_array).is_some_and(|l| l.iter().all(is_link)) {
            let message = "Must be a list of objects with “name” and “href” (an http, https or mailto address).";
            errors.add("footer_links", message);
        }
        let flags = change.record.get("flags").as_json().and_then(Json::as_object);
        if change.differs("flags") && flags.is_some_and(|f| f.values().any(|v| !v.is_boolean())) {
            errors.add("flags", "Value of flags must be a boolean.");
        }
        Ok(errors.into_result()?)
    })
}

/// SECURITY: the links stand on every page; `javascript:` must not get there.
fn is_web_address(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(s, _)| s.to_ascii_lowercase());
    scheme.is_some_and(|s| matches!(s.as_str(), "http" | "https" | "mailto")) || text.starts_with('/')
}

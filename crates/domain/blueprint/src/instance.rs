//! Which blueprint was applied, when, and how it went.

use feature::{BoxFuture, Change, Problem};
use jiff::Timestamp;
use object::{Choices, Generated, Id, Object};
use serde_json::{Map, Value as Json, json};

use crate::defaults::SHIPPED;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "BlueprintInstanceStatusEnum")]
pub enum Status {
    Successful,
    Warning,
    Error,
    Orphaned,
    Unknown,
}

/// A blueprint that is kept applied: from a file, or with its content right here.
#[derive(Debug, Clone, Object)]
#[object(model = "authentik_blueprints.blueprintinstance", table = "authentik_blueprints_blueprintinstance")]
#[object(path = "managed/blueprints", verbose = "Blueprint Instance", plural = "Blueprint Instances")]
#[object(api_name = "BlueprintInstance", filters = ["name", "path"], search = ["name", "path"], ordering = ["name"])]
pub struct BlueprintInstance {
    #[field(key, wire = "pk")]
    pub instance_uuid: Id<Self>,
    /// Set for the blueprints that Keywright brings along.
    #[field(read_only, unique)]
    pub managed: Option<String>,
    /// Name for people.
    #[field(unique)]
    pub name: String,
    /// File below the blueprint folder.
    #[field(blank)]
    pub path: String,
    /// Values for `!Context`, over those of the file.
    pub context: Map<String, Json>,
    /// Last time it was applied or tried.
    #[field(read_only, generated(Generated::Now))]
    pub last_applied: Timestamp,
    /// Checksum of the content that was applied last.
    #[field(read_only, default_text(""))]
    pub last_applied_hash: String,
    #[field(read_only, default_text("unknown"))]
    pub status: Status,
    #[field(default_bool(true))]
    pub enabled: bool,
    #[field(read_only)]
    pub managed_models: Vec<String>,
    #[field(read_only)]
    pub metadata: Map<String, Json>,
    /// The blueprint itself, when it is not in a file.
    #[field(blank, keep_blanks)]
    pub content: String,
}

/// Whether a blueprint is shipped under that path or lies there in the folder. Nothing else is opened.
async fn is_there(change: &Change<'_>, path: &str) -> bool {
    // COMPAT: a registry may be named; applying says that it is not asked.
    if path.is_empty() || path.starts_with("oci://") || SHIPPED.iter().any(|(name, _)| *name == path) {
        return true;
    }
    let file = change.app.settings().general.blueprints_dir.join(path);
    tokio::task::spawn_blocking(move || file.is_file()).await.unwrap_or(false)
}

/// A blueprint that could not be applied is not kept: its content is applied in a rehearsal first.
pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let path = change.record.text("path");
        if path.split('/').any(|part| part == "..") || path.starts_with('/') {
            return Err(Problem::field("path", "The path must stay below the blueprint folder."));
        }
        if change.differs("path") && !is_there(change, path).await {
            return Err(Problem::field("path", "Blueprint file does not exist"));
        }
        let content = change.record.text("content").to_owned();
        if content.is_empty() || !change.differs("content") {
            return Ok(());
        }
        let context = change.record.get("context").as_json().and_then(Json::as_object).cloned().unwrap_or_default();
        let name = change.record.text("name").to_owned();
        let rehearsal =
            crate::apply::rehearse(change.app, change.caller, change.store, &name, &content, &context).await;
        rehearsal.map_err(|failure| {
            let mut messages = vec![Json::from("Failed to validate blueprint")];
            messages.extend(failure.messages().into_iter().map(|m| Json::from(format!("- {m}"))));
            Problem::new(http::StatusCode::BAD_REQUEST, json!({ "content": messages }))
        })
    })
}

//! Watching the folder of mounted blueprints.
//!
//! Every few seconds the files' checksums are compared with what was applied. Reading beats watching for events here:
//! Kubernetes replaces a ConfigMap by swinging the symbolic link `..data`, which no file event is delivered for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use feature::{App, Caller, Problem};
use serde_json::Map;
use store::Query;

use crate::apply::{Origin, apply_in};
use crate::defaults::{SHIPPED, checksum, record};
use crate::instance::{BlueprintInstance, Status};

/// How deep below the folder files are looked for.
const DEPTH: usize = 4;

/// Applies every file that is new or has changed.
pub async fn run(app: &App, caller: Caller) -> Result<(), Problem> {
    let folder = app.settings().general.blueprints_dir.clone();
    let root = folder.clone();
    let files = tokio::task::spawn_blocking(move || files(&root)).await.map_err(Problem::fault)?;
    let known = app.store().find::<BlueprintInstance>(&Query::all()).await?;
    let mut seen = HashSet::new();
    let mut changed = Vec::new();
    for file in files {
        let path = file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().into_owned();
        seen.insert(path.clone());
        match tokio::fs::read_to_string(&file).await {
            Ok(text) if is_new(&known, &path, &text) => changed.push((path, text)),
            Ok(_) => {}
            Err(error) => tracing::warn!("The blueprint {} cannot be read: {error}", file.display()),
        }
    }
    if !changed.is_empty() {
        // Other processes may have the same files.
        app.store().exclusively("blueprint files", apply_files(app, &caller, changed)).await?;
    }
    orphans(app, &folder, &known, &seen).await
}

fn is_new(known: &[BlueprintInstance], path: &str, text: &str) -> bool {
    !known.iter().any(|i| i.path == path && (!i.enabled || i.last_applied_hash == checksum(text)))
}

async fn apply_files(app: &App, caller: &Caller, changed: Vec<(String, String)>) -> Result<(), Problem> {
    let known = app.store().find::<BlueprintInstance>(&Query::all()).await?;
    for (path, text) in changed {
        if is_new(&known, &path, &text) {
            let context = known.iter().find(|i| i.path == path).map(|i| i.context.clone()).unwrap_or_default();
            apply_file(app, caller, &path, &text, &context).await?;
        }
    }
    Ok(())
}

/// Applies one file; how it went is written down either way, so that a bad file is tried again only when it changes.
pub async fn apply_file(
    app: &App,
    caller: &Caller,
    path: &str,
    text: &str,
    context: &Map<String, serde_json::Value>,
) -> Result<Status, Problem> {
    let tx = app.store().begin().await?;
    match apply_in(app, caller, &tx, Origin::Trusted, path, text, context).await {
        Ok(report) => {
            let status = if report.warnings.is_empty() { Status::Successful } else { Status::Warning };
            record(app, &tx, path, text, status).await?;
            tx.commit().await?;
            tracing::info!(blueprint = path, "Blueprint applied: {report}");
            Ok(status)
        }
        Err(failure) => {
            tx.rollback().await?;
            tracing::error!(blueprint = path, "Blueprint not applied:\n{failure}");
            record(app, app.store(), path, text, Status::Error).await?;
            // The status says that something is wrong; the audit record is where the API says what.
            let message = format!("The blueprint {path} was not applied, nothing of it was written.");
            let details = Map::from_iter([
                ("blueprint".to_owned(), path.into()),
                ("errors".to_owned(), failure.messages().into()),
            ]);
            events::configuration_error(caller, &message, details).record(app).await;
            Ok(Status::Error)
        }
    }
}

/// A file that is gone leaves its objects as they are, but its instance says so.
///
/// Nothing is said of files whose folder is not there: of several processes on one database only some may have it, as in
/// authentik's chart, which mounts blueprints into the worker alone.
async fn orphans(app: &App, root: &Path, known: &[BlueprintInstance], seen: &HashSet<String>) -> Result<(), Problem> {
    for instance in known {
        let shipped = SHIPPED.iter().any(|(path, _)| *path == instance.path);
        let mounted = || root.join(&instance.path).parent().is_some_and(Path::is_dir);
        let gone = !instance.path.is_empty()
            && !instance.path.contains("://")
            && !seen.contains(&instance.path)
            && !shipped
            && mounted();
        if gone && instance.status != Status::Orphaned {
            let mut instance = instance.clone();
            instance.status = Status::Orphaned;
            instance.last_applied_hash = String::new();
            app.store().update(&instance).await?;
        }
    }
    Ok(())
}

/// The blueprint files below a folder, links followed, Kubernetes' own `..data` folders left out.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(folder, DEPTH, &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        // `metadata` follows links, which is how a ConfigMap's files are mounted.
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() && depth > 0 => walk(&path, depth - 1, found),
            Ok(meta) if meta.is_file() && matches!(path.extension().and_then(|e| e.to_str()), Some("yaml" | "yml")) => {
                found.push(path);
            }
            _ => {}
        }
    }
}

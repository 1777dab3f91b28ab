//! Operations on blueprints beside reading and writing instances.

use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply};
use http::StatusCode;
use object::render_value;
use serde_json::{Value as Json, json};

use crate::apply::{Origin, apply_in};
use crate::defaults::{SHIPPED, checksum, metadata_json};
use crate::instance::{BlueprintInstance, Status};

pub const ON_INSTANCES: &[Operation] = &[Operation {
    id: "managed_blueprints_apply_create",
    method: Method::Post,
    path: "managed/blueprints/{instance_uuid}/apply/",
    permission: Permission::Target("authentik_blueprints.change_blueprintinstance"),
    summary: "Apply the blueprint now. A blueprint that cannot be applied changes nothing and answers with the problems.",
    request: "",
    response: r##"{"$ref": "#/components/schemas/BlueprintInstance"}"##,
    status: 200,
    parameters: &[],
    run: apply,
}];

pub const GENERAL: &[Operation] = &[
    crate::flows::EXPORT,
    crate::flows::IMPORT,
    Operation {
        id: "managed_blueprints_available_list",
        method: Method::Get,
        path: "managed/blueprints/available/",
        permission: Permission::Global("authentik_blueprints.view_blueprintinstance"),
        summary: "The blueprint files that an instance may name: those shipped and those in the blueprint folder.",
        request: "",
        response: r##"{"type": "array", "items": {"$ref": "#/components/schemas/BlueprintFile"}}"##,
        status: 200,
        parameters: &[],
        run: available,
    },
];

fn apply(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let mut instance: BlueprintInstance = call.target()?.clone().to()?;
        let text = content(call, &instance).await?;
        let tx = call.app.store().begin().await?;
        let origin = if instance.content.is_empty() { Origin::Trusted } else { Origin::Api };
        let result = apply_in(&call.app, &call.caller, &tx, origin, &instance.name, &text, &instance.context).await;
        instance.last_applied = call.app.clock().now();
        match result {
            Ok(report) => {
                instance.status = if report.warnings.is_empty() { Status::Successful } else { Status::Warning };
                instance.last_applied_hash = checksum(&text);
                instance.metadata = blueprint_yaml::read(&text).metadata.map(|m| metadata_json(&m)).unwrap_or_default();
                tx.update(&instance).await?;
                tx.commit().await?;
                Ok(Reply::ok(shown(&instance)))
            }
            Err(failure) => {
                tx.rollback().await?;
                tracing::error!(blueprint = instance.name, "Blueprint not applied:\n{failure}");
                instance.status = Status::Error;
                call.app.store().update(&instance).await?;
                Err(Problem::new(StatusCode::BAD_REQUEST, json!({ "content": failure.messages() })))
            }
        }
    })
}

/// The text of an instance: its own, or that of the file it names.
async fn content(call: &Call, instance: &BlueprintInstance) -> Result<String, Problem> {
    if !instance.content.is_empty() {
        return Ok(instance.content.clone());
    }
    if let Some((_, text)) = SHIPPED.iter().find(|(path, _)| *path == instance.path) {
        return Ok((*text).to_owned());
    }
    let file = call.app.settings().general.blueprints_dir.join(&instance.path);
    tokio::fs::read_to_string(&file)
        .await
        .map_err(|e| Problem::field("path", format!("The file {} cannot be read: {e}", instance.path)))
}

fn shown(instance: &BlueprintInstance) -> Json {
    let record = object::Object::to_record(instance);
    let fields = record.model.fields.iter().zip(&record.values).filter(|(f, _)| f.name != "managed");
    Json::Object(fields.map(|(f, v)| (f.wire.to_owned(), render_value(v))).collect())
}

fn available(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let folder = call.app.settings().general.blueprints_dir.clone();
        let mut texts: Vec<(String, String, i64)> =
            SHIPPED.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned(), 0)).collect();
        let found = tokio::task::spawn_blocking(move || {
            let read = |file: std::path::PathBuf| {
                let text = std::fs::read_to_string(&file).ok()?;
                let modified = std::fs::metadata(&file).and_then(|m| m.modified()).ok()?;
                let seconds = modified.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
                Some((file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().into_owned(), text, seconds))
            };
            crate::discover::files(&folder).into_iter().filter_map(read).collect::<Vec<_>>()
        });
        texts.extend(found.await.map_err(Problem::fault)?);
        let list = texts.iter().map(|(path, text, modified)| {
            let meta = blueprint_yaml::read(text).metadata.map_or(Json::Null, |m| metadata_json(&m).into());
            json!({ "path": path, "version": 1, "hash": checksum(text), "last_m": modified, "meta": meta })
        });
        Ok(Reply::ok(list.collect()))
    })
}

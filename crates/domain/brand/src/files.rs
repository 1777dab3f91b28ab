//! Pictures that administrators upload: kept in the data folder, listed and removed over the API, shown to everybody.
//!
//! They stand outside the database, so that a page shows them without a query. What may be kept and under which names is
//! decided in [`name`]; how they go out in [`serve`].

mod name;
mod serve;

#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use events::{Action, Draft};
use feature::{App, Body, BoxFuture, Call, Method, Operation, Permission, Problem, Reply, parameter};
use http::StatusCode;
use serde_json::{Value as Json, json};
use store::{Filter, Query};

pub use serve::routes;

/// Below the data folder.
const FOLDER: &str = "media/public";
const MEDIA: &str = "media";
/// The fields that hold the name of a file.
const HOLDERS: [(&str, &str); 6] = [
    ("authentik_core.application", "meta_icon"),
    ("authentik_core.source", "icon"),
    ("authentik_flows.flow", "background"),
    ("authentik_brands.brand", "branding_logo"),
    ("authentik_brands.brand", "branding_favicon"),
    ("authentik_brands.brand", "branding_default_flow_background"),
];

const VIEW: Permission = Permission::Global("authentik_rbac.view_media_files");
const MANAGE: Permission = Permission::Global("authentik_rbac.manage_media_files");
const USAGE: (&str, &str) = ("usage", r#"{"type":"string","enum":["media"],"minLength":1,"default":"media"}"#);

const BASE: Operation = Operation {
    id: "admin_file_list",
    method: Method::Get,
    path: "admin/file/",
    permission: VIEW,
    summary: "List the files that were uploaded.",
    request: "",
    response: r##"{"type":"array","items":{"$ref":"#/components/schemas/FileList"}}"##,
    status: 200,
    parameters: &[("manageable_only", r#"{"type":"boolean","default":false}"#), parameter::SEARCH, USAGE],
    run: list,
};
pub const LIST: Operation = BASE;
pub const UPLOAD: Operation = Operation {
    id: "admin_file_create",
    method: Method::Post,
    permission: MANAGE,
    summary: "Upload a picture.",
    request: r##"{"$ref":"#/components/schemas/FileUploadRequest"}"##,
    response: "",
    parameters: &[],
    run: upload,
    ..BASE
};
pub const DELETE: Operation = Operation {
    id: "admin_file_destroy",
    method: Method::Delete,
    permission: MANAGE,
    summary: "Remove a file.",
    response: "",
    parameters: &[parameter::text("name"), USAGE],
    run: delete,
    ..BASE
};
pub const USED_BY: Operation = Operation {
    id: "admin_file_used_by_list",
    path: "admin/file/used_by/",
    summary: "List the objects that use a file.",
    response: r##"{"type":"array","items":{"$ref":"#/components/schemas/UsedBy"}}"##,
    parameters: &[parameter::text("name")],
    run: used_by,
    ..BASE
};

/// Components of the OpenAPI document.
pub const LISTED: &str = r##"{"type":"object","description":"A file that can be used as a picture.","properties":{
"name":{"type":"string"},"mime_type":{"type":"string"},"url":{"type":"string"},
"themed_urls":{"allOf":[{"$ref":"#/components/schemas/ThemedUrls"}],"nullable":true}},
"required":["mime_type","name","url"]}"##;
pub const UPLOADED: &str = r#"{"type":"object","description":"A picture, and the name it is kept under.","properties":{
"file":{"type":"string","format":"binary"},"name":{"type":"string"},
"usage":{"type":"string","minLength":1,"default":"media"}},"required":["file"]}"#;

fn folder(app: &App) -> PathBuf {
    app.settings().general.data_dir.join(FOLDER)
}

/// The address of a file.
pub fn address(name: &str) -> String {
    format!("/files/media/public/{name}")
}

/// What stands in a field for a picture, as an address: the name of a file is one of ours.
pub fn picture(text: &str) -> String {
    let is_address = text.is_empty() || text.contains("://") || text.starts_with('/') || text.starts_with("data:");
    if is_address { text.to_owned() } else { address(text) }
}

/// What the usage parameter may say.
fn check_usage(given: Option<&str>) -> Result<(), Problem> {
    match given {
        None | Some(MEDIA) => Ok(()),
        Some(other) => Err(Problem::field("usage", format!("\"{other}\" is not a valid choice."))),
    }
}

/// A refusal about the name, worded as upstream does: a list without a field.
fn refused(message: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, json!([message]))
}

fn list(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        check_usage(call.parameter("usage"))?;
        let search = call.parameter("search").unwrap_or_default().to_lowercase();
        let mut names = Vec::new();
        collect(&folder(&call.app), "", &mut names).map_err(Problem::fault)?;
        names.retain(|name| name.to_lowercase().contains(&search));
        names.sort();
        let shown = |name: &String| {
            let mime = name::media_type(name).unwrap_or("application/octet-stream");
            json!({"name": name, "mime_type": mime, "url": address(name)})
        };
        Ok(Reply::ok(names.iter().map(shown).collect()))
    })
}

/// The names of all files below a folder that can be served.
fn collect(folder: &Path, before: &str, names: &mut Vec<String>) -> std::io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(|n| format!("{before}{n}")) else { continue };
        let kind = entry.file_type()?;
        if kind.is_dir() && name.matches('/').count() < 16 {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else if kind.is_file() && name::check(&name).is_ok() {
            names.push(name);
        }
    }
    Ok(())
}

fn upload(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let no_file = || Problem::field("file", "No file was submitted.");
        let Body::Raw { content_type, bytes } = &call.body else { return Err(no_file()) };
        let parts = feature::form_parts(content_type, bytes);
        let text = |name: &str| {
            let part = parts.iter().find(|p| p.name == name && p.filename.is_none());
            part.map(|p| String::from_utf8_lossy(p.content).trim().to_owned()).filter(|t| !t.is_empty())
        };
        let file = parts.iter().find(|p| p.name == "file").ok_or_else(no_file)?;
        let Some(original) = file.filename.as_deref() else { return Err(no_file()) };
        if file.content.is_empty() {
            return Err(Problem::field("file", "The submitted file is empty."));
        }
        check_usage(text("usage").as_deref())?;
        let name = text("name").unwrap_or_else(|| original.to_owned());
        name::check(&name).map_err(refused)?;
        let Some(mime) = name::media_type(&name) else {
            let text = "Only pictures can be uploaded: avif, gif, ico, jpeg, jpg, png, svg, webp.";
            return Err(Problem::field("file", text));
        };
        if !name::is_content_of(mime, file.content) {
            return Err(Problem::field("file", format!("The content is not that of a file of the type {mime}.")));
        }
        keep(&folder(&call.app).join(&name), file.content)?;
        let model = json!({
            "app": "authentik_admin_files", "model_name": "File", "pk": name, "name": name, "usage": MEDIA,
            "mime_type": mime,
        });
        Draft::new(Action::ModelCreated, "authentik.admin.files.api")
            .with("model", model)
            .by(&call.caller)
            .emit(&call.app, call.app.store())
            .await?;
        Ok(Reply::Empty(StatusCode::OK))
    })
}

/// Writes a file that is not there yet.
fn keep(path: &Path, content: &[u8]) -> Result<(), Problem> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|_| Problem::field("name", "A part of the name is that of a file."))?;
    }
    let mut file = match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Problem::field("name", "A file with this name already exists."));
        }
        Err(error) => return Err(Problem::fault(error)),
    };
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| {
        // Half a picture would stay under its name for ever.
        let _ = fs::remove_file(path);
        Problem::fault(error)
    })
}

fn delete(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let name = call.parameter("name").ok_or_else(|| Problem::field("name", "This field is required."))?;
        check_usage(call.parameter("usage"))?;
        name::check(name).map_err(refused)?;
        match fs::remove_file(folder(&call.app).join(name)) {
            Ok(()) => {}
            // Gone is gone, whoever removed it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Reply::Empty(StatusCode::OK)),
            Err(error) => return Err(Problem::fault(error)),
        }
        let model =
            json!({"app": "authentik_admin_files", "model_name": "File", "pk": name, "name": name, "usage": MEDIA});
        Draft::new(Action::ModelDeleted, "authentik.admin.files.api")
            .with("model", model)
            .by(&call.caller)
            .emit(&call.app, call.app.store())
            .await?;
        Ok(Reply::Empty(StatusCode::OK))
    })
}

fn used_by(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let name = call.parameter("name").filter(|n| !n.is_empty());
        let name = name.ok_or_else(|| Problem::field("name", "This field is required."))?;
        let store = call.app.store();
        let mut found: Vec<Json> = Vec::new();
        for (label, field) in HOLDERS {
            let Some(model) = store.catalogue().model(label).filter(|m| m.field(field).is_some()) else { continue };
            let query = Query::filter(Filter::eq(field, name)).columns_only();
            for record in store.records(model, &query).await? {
                let Some(key) = record.key() else { continue };
                let view = format!("{}.view_{}", model.schema.app_label(), model.schema.model_name());
                if !call.caller.may_on(&view, key) {
                    continue;
                }
                found.push(json!({
                    "app": model.schema.app_label(), "model_name": model.schema.model_name(), "pk": key.to_string(),
                    "name": events::name_of(&record), "action": "left_dangling",
                }));
            }
        }
        Ok(Reply::ok(found.into()))
    })
}

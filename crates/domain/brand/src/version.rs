//! Which versions ran here, and since when.

use feature::{App, BoxFuture, Call, Method, Operation, Permission, Problem, Reply, parameter};
use jiff::Timestamp;
use object::{Id, Object, Record};
use serde_json::{Value as Json, json};
use store::{Filter, Op, Query};

use crate::system::API_VERSION;

/// The program's own version.
const BUILD: &str = concat!("keywright-", env!("CARGO_PKG_VERSION"));

/// A version that ran here.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_admin.versionhistory",
    table = "authentik_version_history",
    verbose = "Version history",
    plural = "Version history",
    ordering = ["-timestamp"],
    no_blueprint,
    unaudited
)]
pub struct VersionHistory {
    #[field(key, counted)]
    pub pk: Id<Self>,
    /// Since when.
    pub timestamp: Timestamp,
    /// Version of the API.
    pub version: String,
    /// Version of the program.
    #[field(blank)]
    pub build: String,
}

const BASE: Operation = Operation {
    id: "admin_version_history_list",
    method: Method::Get,
    path: "admin/version/history/",
    permission: Permission::Global("authentik_rbac.view_system_info"),
    summary: "List the versions that ran here.",
    request: "",
    response: r##"{"type":"array","items":{"$ref":"#/components/schemas/VersionHistory"}}"##,
    status: 200,
    parameters: &[parameter::text("build"), parameter::ORDERING, parameter::SEARCH, parameter::text("version")],
    run: list,
};
pub const LIST: Operation = BASE;
pub const RETRIEVE: Operation = Operation {
    id: "admin_version_history_retrieve",
    path: "admin/version/history/{id}/",
    summary: "Read about one version that ran here.",
    response: r##"{"$ref":"#/components/schemas/VersionHistory"}"##,
    parameters: &[],
    run: retrieve,
    ..BASE
};

/// Component of the OpenAPI document.
pub const SHOWN: &str = r#"{"type":"object","description":"A version that ran here.","properties":{
"id":{"type":"integer","readOnly":true},"timestamp":{"type":"string","format":"date-time"},
"version":{"type":"string"},"build":{"type":"string"}},"required":["build","id","timestamp","version"]}"#;

/// Notes the version that runs, unless it is the last that was noted.
pub fn note(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        let last = Query::filter(Filter::True).order(&["-timestamp"]).limit(1);
        let last = app.store().find::<VersionHistory>(&last).await?;
        if last.first().is_some_and(|l| l.version == API_VERSION && l.build == BUILD) {
            return Ok(());
        }
        let timestamp = app.clock().now();
        let row = VersionHistory { pk: Id::unsaved(), timestamp, version: API_VERSION.into(), build: BUILD.into() };
        app.store().insert(&row).await?;
        Ok(())
    })
}

fn list(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let mut filter = Filter::True;
        for name in ["version", "build"] {
            if let Some(wanted) = call.parameter(name).filter(|w| !w.is_empty()) {
                filter = filter.and(Filter::eq(name, wanted));
            }
        }
        if let Some(text) = call.parameter("search").filter(|t| !t.is_empty()) {
            let either = Filter::compare("version", Op::IContains, text);
            filter = filter.and(either.or(Filter::compare("build", Op::IContains, text)));
        }
        let order = match call.parameter("ordering") {
            Some("timestamp") => "timestamp",
            Some("version") => "version",
            Some("-version") => "-version",
            Some("id") => "pk",
            Some("-id") => "-pk",
            _ => "-timestamp",
        };
        let query = Query::filter(filter).order(&[order]).limit(1000);
        let rows = call.app.store().records(VersionHistory::model(), &query).await?;
        Ok(Reply::ok(rows.iter().map(show).collect()))
    })
}

fn retrieve(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let id: i64 = call.segment("id").parse().map_err(|_| Problem::not_found())?;
        let query = Query::filter(Filter::eq("pk", id)).limit(1);
        let rows = call.app.store().records(VersionHistory::model(), &query).await?;
        rows.first().map(|row| Reply::ok(show(row))).ok_or_else(|| Problem::no_such("VersionHistory"))
    })
}

fn show(row: &Record) -> Json {
    json!({
        "id": row.get("pk").as_int(),
        "timestamp": object::render_value(row.get("timestamp")),
        "version": row.text("version"),
        "build": row.text("build"),
    })
}

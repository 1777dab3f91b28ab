//! The blueprints that come with the program.

use aws_lc_rs::digest::{SHA512, digest};
use data_encoding::HEXLOWER;
use feature::{App, BoxFuture, Caller, Problem};
use object::{Id, Object};
use serde_json::{Map, Value};
use store::{Filter, Store};

use crate::apply::{Application, Origin, apply_in};
use crate::instance::{BlueprintInstance, Status};
use crate::report::Failure;

macro_rules! shipped {
    ($($path:literal),* $(,)?) => {
        /// Path and text, in the order in which a fresh installation needs them.
        pub const SHIPPED: &[(&str, &str)] =
            &[$(($path, include_str!(concat!("../../../../blueprints/", $path)))),*];
    };
}

shipped![
    "system/bootstrap.yaml",
    "system/providers-oauth2.yaml",
    "system/providers-proxy.yaml",
    "default/flow-password-change.yaml",
    "default/flow-default-authentication-flow.yaml",
    "default/flow-default-invalidation-flow.yaml",
    "default/flow-default-provider-authorization-explicit-consent.yaml",
    "default/flow-default-provider-authorization-implicit-consent.yaml",
    "default/flow-default-provider-invalidation.yaml",
    "default/flow-default-source-authentication.yaml",
    "default/flow-default-source-enrollment.yaml",
    "default/flow-default-source-pre-authentication.yaml",
    "default/flow-default-user-settings-flow.yaml",
    "default/flow-oobe.yaml",
    "default/default-brand.yaml",
    "default/rbac-role-read-only.yaml",
];

/// The checksum that tells whether a content was applied.
pub fn checksum(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA512, text.as_bytes()).as_ref())
}

/// Applies every shipped blueprint that is new or has changed since it was applied. One transaction for all: a first
/// start is either complete or did not happen.
pub async fn apply_defaults(app: &App) -> Result<(), Problem> {
    let tx = app.store().begin().await?;
    let mut changed = false;
    for (path, text) in SHIPPED {
        let instance = by_path(&tx, path).await?;
        let sum = checksum(text);
        if instance
            .as_ref()
            .is_some_and(|i| !i.enabled || (i.last_applied_hash == sum && i.status == Status::Successful))
        {
            continue;
        }
        changed = true;
        let caller = Caller::system();
        match apply_in(app, &caller, &tx, Origin::Trusted, path, text, &Map::new()).await {
            Ok(_) => record(app, &tx, path, text, Status::Successful).await?,
            Err(failure) => {
                tracing::error!("A blueprint that comes with Keywright could not be applied:\n{failure}");
                return Err(Problem::fault(failure.messages().join("; ")));
            }
        }
    }
    if changed { Ok(tx.commit().await?) } else { Ok(tx.rollback().await?) }
}

async fn by_path(store: &Store, path: &str) -> Result<Option<BlueprintInstance>, Problem> {
    Ok(store.first::<BlueprintInstance>(Filter::eq("path", path)).await?)
}

/// Writes down how it went with the blueprint at a path.
pub async fn record(app: &App, store: &Store, path: &str, text: &str, status: Status) -> Result<(), Problem> {
    let read = blueprint_yaml::read(text);
    let metadata = read.metadata.map_or_else(Map::new, |m| metadata_json(&m));
    let name = metadata.get("name").and_then(Value::as_str).filter(|n| !n.is_empty()).unwrap_or(path).to_owned();
    let known = by_path(store, path).await?;
    let fresh = known.is_none();
    let mut instance = known.unwrap_or_else(|| BlueprintInstance {
        instance_uuid: Id::unsaved(),
        managed: None,
        name: name.clone(),
        path: path.to_owned(),
        context: Map::new(),
        last_applied: app.clock().now(),
        last_applied_hash: String::new(),
        status: Status::Unknown,
        enabled: true,
        managed_models: Vec::new(),
        metadata: Map::new(),
        content: String::new(),
    });
    if fresh && store.exists(BlueprintInstance::model(), Filter::eq("name", name)).await? {
        path.clone_into(&mut instance.name);
    }
    instance.last_applied = app.clock().now();
    instance.last_applied_hash = checksum(text);
    instance.status = status;
    instance.metadata = metadata;
    if fresh {
        store.insert(&instance).await?;
    } else {
        store.update(&instance).await?;
    }
    Ok(())
}

pub fn metadata_json(metadata: &blueprint_yaml::Metadata) -> Map<String, Value> {
    let labels: Map<String, Value> = metadata.labels.iter().map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect();
    let mut map = Map::new();
    map.insert("name".into(), metadata.name.clone().into());
    map.insert("labels".into(), labels.into());
    map
}

/// Applies the blueprint that another one asks for, if there is one: shipped, or a known instance with its content.
pub fn apply_named<'a>(
    application: &'a Application<'_>,
    name: &'a str,
    path: &'a str,
) -> BoxFuture<'a, Result<bool, Failure>> {
    Box::pin(async move {
        let fault = |e: Problem| Failure::fault(name, e.body.to_string());
        let meant = |shipped: &&(&str, &str)| {
            shipped.0 == path
                || (!name.is_empty() && blueprint_yaml::read(shipped.1).metadata.is_some_and(|m| m.name == name))
        };
        let filter = if name.is_empty() { Filter::eq("path", path) } else { Filter::eq("name", name) };
        let instance = application.store.first::<BlueprintInstance>(filter).await.map_err(|e| fault(e.into()))?;
        let (file, text, context) = match (SHIPPED.iter().find(meant), instance) {
            (Some((file, text)), instance) => {
                let applied = instance.as_ref().is_some_and(|i| i.last_applied_hash == checksum(text));
                if applied {
                    return Ok(true);
                }
                ((*file).to_owned(), (*text).to_owned(), instance.map(|i| i.context).unwrap_or_default())
            }
            (None, Some(instance)) if !instance.content.is_empty() => {
                (instance.name, instance.content, instance.context)
            }
            (None, Some(_)) => return Ok(true),
            (None, None) => return Ok(false),
        };
        let Application { app, caller, store, .. } = application;
        apply_in(app, caller, store, application.origin, &file, &text, &context).await?;
        Ok(true)
    })
}

//! What the API adds to an outpost.

use feature::{
    BoxFuture, Call, Caller, Computed, Kind, Method, Operation, Permission, Problem, Rendering, Reply, parameter,
};
use object::{Id, Key, Object, Record, render_value};
use serde_json::{Map, Value as Json, json};
use store::Snapshot;

use super::{Outpost, check, token_identifier};
use crate::config::Config;
use crate::connection::OutpostServiceConnection;
use crate::instance;

pub const KIND: Kind = Kind::of::<Outpost>()
    .display(|record| format!("Outpost {}", record.text("name")))
    .check(check::check)
    .saved(check::saved)
    .deleting(check::deleting)
    .computed(&[
        Computed {
            name: "providers_obj",
            schema: r##"{"type":"array","items":{"$ref":"#/components/schemas/Provider"},"readOnly":true}"##,
            required: true,
            render: providers,
        },
        Computed {
            name: "service_connection_obj",
            schema: r##"{"allOf":[{"$ref":"#/components/schemas/ServiceConnection"}],"nullable":true,"readOnly":true}"##,
            required: true,
            render: connections,
        },
        Computed {
            name: "refresh_interval_s",
            schema: r#"{"type":"integer","readOnly":true}"#,
            required: true,
            render: refresh_intervals,
        },
        Computed {
            name: "token_identifier",
            schema: r#"{"type":"string","readOnly":true}"#,
            required: true,
            render: token_identifiers,
        },
    ])
    .operations(&[HEALTH, DEFAULT_SETTINGS]);

const HEALTH: Operation = Operation {
    id: "outposts_instances_health_list",
    method: Method::Get,
    path: "outposts/instances/{uuid}/health/",
    permission: Permission::Visible,
    summary: "Lists the running instances of the outpost.",
    request: "",
    response: r##"{"type":"array","items":{"$ref":"#/components/schemas/OutpostHealth"}}"##,
    status: 200,
    parameters: &[
        parameter::text("managed__icontains"),
        parameter::text("managed__iexact"),
        parameter::text("name__icontains"),
        parameter::text("name__iexact"),
        parameter::ORDERING,
        parameter::boolean("providers__isnull"),
        ("providers_by_pk", r#"{"type":"array","items":{"type":"integer"}}"#),
        parameter::SEARCH,
        parameter::text("service_connection__name__icontains"),
        parameter::text("service_connection__name__iexact"),
    ],
    run: health,
};

const DEFAULT_SETTINGS: Operation = Operation {
    id: "outposts_instances_default_settings_retrieve",
    method: Method::Get,
    path: "outposts/instances/default_settings/",
    permission: Permission::Authenticated,
    summary: "Shows the configuration that a new outpost starts with.",
    request: "",
    response: r##"{"$ref":"#/components/schemas/OutpostDefaultConfig"}"##,
    status: 200,
    parameters: &[],
    run: default_settings,
};

pub const COMPONENTS: &[(&str, &str)] = &[
    (
        "OutpostDefaultConfig",
        r#"{"type":"object","properties":{"config":{"type":"object","additionalProperties":{},"readOnly":true}},
        "required":["config"]}"#,
    ),
    (
        "OutpostHealth",
        r#"{"type":"object","properties":{"uid":{"type":"string","readOnly":true},
        "last_seen":{"type":"string","format":"date-time","readOnly":true},
        "version":{"type":"string","readOnly":true},"golang_version":{"type":"string","readOnly":true},
        "openssl_enabled":{"type":"boolean","readOnly":true},"openssl_version":{"type":"string","readOnly":true},
        "fips_enabled":{"type":"boolean","nullable":true,"readOnly":true},
        "version_should":{"type":"string","readOnly":true},"version_outdated":{"type":"boolean","readOnly":true},
        "build_hash":{"type":"string","readOnly":true},"build_hash_should":{"type":"string","readOnly":true},
        "hostname":{"type":"string","readOnly":true}},
        "required":["build_hash","build_hash_should","fips_enabled","golang_version","hostname","last_seen",
        "openssl_enabled","openssl_version","uid","version","version_outdated","version_should"]}"#,
    ),
    (
        "ServiceConnectionState",
        r#"{"type":"object","properties":{"healthy":{"type":"boolean","readOnly":true},
        "version":{"type":"string","readOnly":true}},"required":["healthy","version"]}"#,
    ),
];

fn health(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let outpost: Outpost = call.target()?.clone().to()?;
        Ok(Reply::ok(Json::Array(instance::health(&call.app, &outpost).await?)))
    })
}

fn default_settings(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let config = Config { authentik_host: format!("{}/", call.base_url()), ..Config::default() };
        Ok(Reply::ok(json!({ "config": config })))
    })
}

type Rendered<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

fn providers<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    Box::pin(async move {
        let snapshot = rendering.store.snapshot();
        let one = |key: &Key| provider(&snapshot, *key, rendering.caller);
        let of = |record: &Record| record.get("providers").as_keys().iter().filter_map(one).collect();
        Ok(records.iter().map(of).collect())
    })
}

/// COMPAT: here providers are shown as what all kinds have in common, even where the kind is named.
fn provider(snapshot: &Snapshot, key: Key, caller: &Caller) -> Option<Json> {
    let Json::Object(mut map) = apps::provider_json(snapshot, key) else { return None };
    let base = apps::Provider::model().schema;
    let base = [
        ("component", base.component),
        ("verbose_name", base.verbose_name),
        ("verbose_name_plural", base.verbose_name_plural),
        ("meta_model_name", base.model),
    ];
    for (name, value) in base {
        map.insert(name.to_owned(), value.into());
    }
    if caller.internal {
        // COMPAT: outposts do not start without these, though others are not shown them while they are null.
        for name in ["assigned_backchannel_application_slug", "assigned_backchannel_application_name"] {
            map.entry(name).or_insert(Json::Null);
        }
    }
    Some(Json::Object(map))
}

fn connections<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    Box::pin(async move {
        let snapshot = rendering.store.snapshot();
        let of = |r: &Record| {
            let key = r.get("service_connection").as_key();
            key.and_then(|k| connection(&snapshot, k)).unwrap_or_default()
        };
        Ok(records.iter().map(of).collect())
    })
}

fn connection(snapshot: &Snapshot, key: Key) -> Option<Json> {
    let row = snapshot.concrete(OutpostServiceConnection::MODEL, key)?;
    let mut map = Map::new();
    for name in ["pk", "name", "local"] {
        map.insert(name.to_owned(), render_value(row.get(name)));
    }
    let schema = row.model.schema;
    map.insert("component".to_owned(), schema.component.into());
    map.insert("verbose_name".to_owned(), schema.verbose_name.into());
    map.insert("verbose_name_plural".to_owned(), schema.verbose_name_plural.into());
    map.insert("meta_model_name".to_owned(), schema.model.into());
    Some(Json::Object(map))
}

fn refresh_intervals<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    let seconds = |r: &Record| {
        let config = r.get("config").as_json().and_then(Json::as_object).map(Config::of).unwrap_or_default();
        config.refresh_interval().as_secs().into()
    };
    let values = records.iter().map(seconds).collect();
    Box::pin(async move { Ok(values) })
}

fn token_identifiers<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    let name = |r: &Record| r.key().and_then(Id::from_key).map(token_identifier).into();
    let values = records.iter().map(name).collect();
    Box::pin(async move { Ok(values) })
}

//! What the API adds to every kind of provider.

use feature::{BoxFuture, Computed, Kind, Listing, Problem, Rendering};
use object::{Id, Key, Record, render_value};
use serde_json::{Map, Value as Json};
use store::{Filter, Snapshot};

use super::Provider;
use crate::application::Application;
use crate::index;

pub const KIND: Kind = Kind::of::<Provider>()
    .computed(&[
        Computed { name: "assigned_application_slug", schema: TEXT, required: true, render: application_slug },
        Computed { name: "assigned_application_name", schema: TEXT, required: true, render: application_name },
        Computed {
            name: "assigned_backchannel_application_slug",
            schema: TEXT,
            required: true,
            render: backchannel_slug,
        },
        Computed {
            name: "assigned_backchannel_application_name",
            schema: TEXT,
            required: true,
            render: backchannel_name,
        },
    ])
    .omit_null(&["assigned_backchannel_application_slug", "assigned_backchannel_application_name"])
    .listing(listing, &[("application__isnull", r#"{"type":"boolean"}"#), ("backchannel", r#"{"type":"boolean"}"#)]);

const TEXT: &str = r#"{"type":"string","nullable":true}"#;

fn listing<'a>(rendering: &'a Rendering<'_>) -> BoxFuture<'a, Result<Listing, Problem>> {
    Box::pin(async move {
        let snapshot = rendering.store.snapshot();
        let mut filter = Filter::True;
        if rendering.parameter("backchannel").is_some_and(|v| !v.is_empty()) {
            filter = filter.and(Filter::eq("is_backchannel", rendering.flag("backchannel", false)));
        }
        if rendering.parameter("application__isnull").is_some_and(|v| !v.is_empty()) {
            let all = snapshot.all::<Application>();
            let assigned =
                all.iter().flat_map(|a| a.provider.into_iter().chain(a.backchannel_providers.iter().copied()));
            let assigned = Filter::any_of("pk", assigned.map(|p| p.0));
            let free = rendering.flag("application__isnull", false);
            filter = filter.and(if free { assigned.negate() } else { assigned });
        }
        Ok(Listing { filter, open: false })
    })
}

type Rendered<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

fn assigned<'a>(
    rendering: &'a Rendering<'_>,
    records: &'a [Record],
    of: fn(&Snapshot, Id<Provider>) -> Option<std::sync::Arc<Application>>,
    show: fn(&Application) -> &str,
) -> Rendered<'a> {
    let snapshot = rendering.store.snapshot();
    let one = |record: &Record| {
        let application = record.key().and_then(Id::from_key).and_then(|id| of(&snapshot, id));
        application.map_or(Json::Null, |a| show(&a).into())
    };
    let values = records.iter().map(one).collect();
    Box::pin(async move { Ok(values) })
}

fn application_slug<'a>(r: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    assigned(r, records, index::of_provider, |a| &a.slug)
}
fn application_name<'a>(r: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    assigned(r, records, index::of_provider, |a| &a.name)
}
fn backchannel_slug<'a>(r: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    assigned(r, records, index::of_backchannel_provider, |a| &a.slug)
}
fn backchannel_name<'a>(r: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    assigned(r, records, index::of_backchannel_provider, |a| &a.name)
}

/// A provider as it stands inside its application: what all kinds have, without anything of its own.
pub fn shown(snapshot: &Snapshot, key: Key) -> Json {
    let (Some(row), Some(id)) = (snapshot.concrete("authentik_core.provider", key), Id::from_key(key)) else {
        return Json::Null;
    };
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    for name in ["pk", "name", "authentication_flow", "authorization_flow", "invalidation_flow", "property_mappings"] {
        put(name, render_value(row.get(name)));
    }
    let schema = row.model.schema;
    put("component", schema.component.into());
    let (main, side) = (index::of_provider(snapshot, id), index::of_backchannel_provider(snapshot, id));
    put("assigned_application_slug", main.as_ref().map(|a| a.slug.as_str()).into());
    put("assigned_application_name", main.as_ref().map(|a| a.name.as_str()).into());
    if let Some(side) = side {
        put("assigned_backchannel_application_slug", side.slug.as_str().into());
        put("assigned_backchannel_application_name", side.name.as_str().into());
    }
    put("verbose_name", schema.verbose_name.into());
    put("verbose_name_plural", schema.verbose_name_plural.into());
    put("meta_model_name", schema.model.into());
    Json::Object(out)
}

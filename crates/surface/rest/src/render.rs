//! Objects as the API shows them.

use feature::{BoxFuture, Computed, Kind, Problem, Registry, Rendering};
use object::{Field, Model, Record, render_value};
use serde_json::{Map, Value as Json, json};
use store::Store;

use crate::ask::Ask;
use crate::scope::codename;
use crate::table::is_readable;

/// What an object of a kind looks like: the same for answers, OPTIONS and the OpenAPI document.
pub struct Shape {
    /// Columns that are shown, with their positions, base first.
    pub columns: Vec<(usize, &'static Field)>,
    /// Whether the four fields that say what kind it is are there.
    pub is_of_family: bool,
    pub computed: Vec<&'static Computed>,
}

/// The fields that say of what kind an object is.
pub const META: [&str; 4] = ["component", "verbose_name", "verbose_name_plural", "meta_model_name"];

pub fn shape(registry: &'static Registry, model: &'static Model) -> Shape {
    let mut computed: Vec<&'static Computed> = Vec::new();
    let mut hidden: Vec<&str> = Vec::new();
    for kind in registry.chain(model) {
        hidden.extend(kind.hidden);
        for one in kind.computed {
            // A kind's own field takes the place of its base's.
            match computed.iter_mut().find(|c| c.name == one.name) {
                Some(place) => *place = one,
                None => computed.push(one),
            }
        }
    }
    let columns = model.fields.iter().copied().enumerate();
    let columns = columns.filter(|(_, f)| {
        is_readable(f)
            && !hidden.contains(&f.name)
            && !hidden.contains(&f.wire)
            && !computed.iter().any(|c| c.name == f.wire)
    });
    Shape { columns: columns.collect(), is_of_family: is_of_family(model), computed }
}

/// Whether objects of several kinds come out of one list of which this is a part.
pub fn is_of_family(model: &Model) -> bool {
    model.chain.iter().any(|s| s.family && s.path.is_some())
}

/// Objects in the shape of `kind`, which is theirs or the root of their family.
pub async fn records(rendering: &Rendering<'_>, kind: &Kind, records: &[Record]) -> Result<Vec<Json>, Problem> {
    let model = (kind.model)();
    if kind.shown_as_kinds && records.iter().all(|r| !std::ptr::eq(r.model, model)) {
        return mixed(rendering, records).await;
    }
    let registry = rendering.app.registry();
    let shape = shape(registry, model);
    let change = codename(model, "change");
    let mut shown: Vec<Map<String, Json>> = Vec::with_capacity(records.len());
    for record in records {
        let may_change = record.key().is_some_and(|key| rendering.caller.may_on(&change, key));
        let mut map = Map::new();
        let mut own = shape.columns.iter().peekable();
        // The base's fields first, then what kind it is, then the kind's own fields.
        let base = if shape.is_of_family && !model.schema.family { 0 } else { model.chain.len() - 1 };
        while let Some((position, field)) = own.next_if(|(p, _)| model.home[*p] <= base) {
            column(&mut map, record, *position, field, may_change);
        }
        if shape.is_of_family {
            let schema = record.model.schema;
            map.insert("component".to_owned(), schema.component.into());
            map.insert("verbose_name".to_owned(), schema.verbose_name.into());
            map.insert("verbose_name_plural".to_owned(), schema.verbose_name_plural.into());
            map.insert("meta_model_name".to_owned(), schema.model.into());
        }
        for (position, field) in own {
            column(&mut map, record, *position, field, may_change);
        }
        shown.push(map);
    }
    for field in &shape.computed {
        let values = (field.render)(rendering, records).await?;
        debug_assert_eq!(values.len(), records.len(), "{} of {}", field.name, model.name());
        // COMPAT: authentik leaves some fields out where others are null (a provider that is nobody's side channel has no
        // `assigned_backchannel_application_slug`).
        let omit_null = registry.chain(model).any(|k| k.omit_null.contains(&field.name));
        for (map, value) in shown.iter_mut().zip(values) {
            if !(omit_null && value.is_null()) {
                map.insert(field.name.to_owned(), value);
            }
        }
    }
    Ok(shown.into_iter().map(Json::Object).collect())
}

pub async fn one(ask: &Ask, store: &Store, kind: &Kind, record: &Record) -> Result<Json, Problem> {
    let shown = records(&ask.rendering(store, true), kind, std::slice::from_ref(record)).await?;
    Ok(shown.into_iter().next().unwrap_or_else(|| json!({})))
}

/// Objects of any kinds, each in the shape of its own: what [`feature::Renderer`] promises.
pub fn mixed<'a>(rendering: &'a Rendering<'_>, all: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move {
        let registry = rendering.app.registry();
        let mut shown = vec![Json::Null; all.len()];
        for kind in registry.kinds() {
            let label = (kind.model)().name();
            let places: Vec<usize> = (0..all.len()).filter(|i| all[*i].model.name() == label).collect();
            if places.is_empty() {
                continue;
            }
            let of_kind: Vec<Record> = places.iter().map(|i| all[*i].clone()).collect();
            for (place, value) in places.into_iter().zip(records(rendering, kind, &of_kind).await?) {
                shown[place] = value;
            }
        }
        Ok(shown)
    })
}

fn column(map: &mut Map<String, Json>, record: &Record, position: usize, field: &Field, may_change: bool) {
    // SECURITY: secrets are for those who may set them. Upstream shows them to whoever may look at the row.
    if field.secret && !may_change {
        return;
    }
    map.insert(field.wire.to_owned(), record.values.get(position).map_or(Json::Null, render_value));
}

/// What people call an object.
pub fn display(registry: &'static Registry, record: &Record) -> String {
    let kinds: Vec<_> = registry.chain(record.model).collect();
    if let Some(hook) = kinds.iter().rev().find_map(|k| k.display) {
        return hook(record);
    }
    for name in ["name", "username", "identifier", "title"] {
        let text = record.text(name);
        if !text.is_empty() {
            return text.to_owned();
        }
    }
    let key = record.key().map(|k| k.to_string()).unwrap_or_default();
    format!("{} {key}", record.model.schema.verbose_name)
}

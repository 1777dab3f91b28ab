//! Which objects a caller may see and touch.
//!
//! Separate because lists, details, uses and operations must not differ in it.

use feature::{Kind, Problem};
use object::{Key, Model, Record};
use store::{Filter, Store};

use crate::ask::Ask;

/// The objects of a kind that a caller may see.
pub enum Sight {
    All,
    Some(Filter),
    /// None, and the caller is told so rather than shown an empty list.
    Nothing,
}

/// `authentik_flows.view_flow`.
pub fn codename(model: &Model, verb: &str) -> String {
    format!("{}.{verb}_{}", model.schema.app_label(), model.schema.model_name())
}

/// What the caller may see.
pub fn sight(ask: &Ask, kind: &Kind) -> Sight {
    let (caller, model) = (&ask.caller, (kind.model)());
    if !caller.is_authenticated() {
        return Sight::Nothing;
    }
    let view = codename(model, "view");
    if caller.may(&view) {
        return Sight::All;
    }
    let single: Vec<Key> = caller.objects(&view).collect();
    let mut filter = Filter::False;
    // Outposts ask for lists of everything they might need and take none for an answer.
    let mut strict = single.is_empty() && !caller.internal;
    if !single.is_empty() {
        filter = filter.or(Filter::any_of(model.key_field().name, single));
    }
    match (kind.open_to_users, kind.own_rows) {
        (true, None) => return Sight::All,
        (_, Some(own)) => {
            filter = filter.or(own(caller));
            strict = false;
        }
        (false, None) => {}
    }
    if strict { Sight::Nothing } else { Sight::Some(filter) }
}

/// The object that a segment of the path names, if the caller may see it. For a family's root: as the kind it is.
pub async fn visible(ask: &Ask, store: &Store, kind: &Kind, segment: &str) -> Result<Record, Problem> {
    // COMPAT: an anonymous caller is refused here with the words for a missing permission.
    let sight = match sight(ask, kind) {
        Sight::Nothing => return Err(Problem::forbidden()),
        Sight::All => Filter::True,
        Sight::Some(filter) => filter,
    };
    let record = find(store, kind, segment).await?;
    let model = (kind.model)();
    let seen = match (&sight, record.as_ref().and_then(Record::key)) {
        (_, None) => false,
        (Filter::True, _) => true,
        (_, Some(key)) => store.exists(model, sight.and(Filter::eq(model.key_field().name, key))).await?,
    };
    match record {
        Some(record) if seen => Ok(record),
        _ => Err(Problem::no_such(&class_name(model))),
    }
}

/// The object that a segment of the path names, whoever asks.
pub async fn find(store: &Store, kind: &Kind, segment: &str) -> Result<Option<Record>, Problem> {
    let model = (kind.model)();
    let field = model.lookup();
    let value = match field.kind {
        object::Kind::Uuid => object::parse_key(object::KeyKind::Uuid, segment).map(object::Value::from),
        object::Kind::Int { .. } => object::parse_key(object::KeyKind::Int, segment).map(object::Value::from),
        _ => Some(object::Value::from(segment)),
    };
    // A text with a null byte is no text for PostgreSQL.
    let Some(value) = value.filter(|_| !segment.contains('\0')) else { return Err(Problem::not_found()) };
    let query = store::Query::filter(Filter::eq(field.name, value)).limit(1);
    Ok(rows(store, model, &query).await?.into_iter().next())
}

/// Rows of a kind; of a family's root as the kinds they are.
pub async fn rows(store: &Store, model: &'static Model, query: &store::Query) -> Result<Vec<Record>, Problem> {
    if model.schema.family { Ok(store.concretes(model, query).await?) } else { Ok(store.records(model, query).await?) }
}

/// Whether the caller may do this to the object: by permission, or because it is their own.
pub async fn may_on(ask: &Ask, store: &Store, kind: &Kind, record: &Record, verb: &str) -> Result<bool, Problem> {
    let Some(key) = record.key() else { return Ok(false) };
    if ask.caller.may_on(&codename((kind.model)(), verb), key) {
        return Ok(true);
    }
    if kind.own_changes { is_own(ask, store, kind, key).await } else { Ok(false) }
}

/// Whether the object is one of the caller's own.
pub async fn is_own(ask: &Ask, store: &Store, kind: &Kind, key: Key) -> Result<bool, Problem> {
    let Some(own) = kind.own_rows.filter(|_| ask.caller.is_authenticated()) else { return Ok(false) };
    let model = (kind.model)();
    Ok(store.exists(model, own(&ask.caller).and(Filter::eq(model.key_field().name, key))).await?)
}

/// The name in “No Flow matches the given query.”: upstream's class.
pub fn class_name(model: &Model) -> String {
    let schema = model.schema;
    let fits = |name: &str| name.eq_ignore_ascii_case(schema.model_name());
    if fits(schema.api_name) {
        return schema.api_name.to_owned();
    }
    // “OAuth2 Access Token” is the class `AccessToken`.
    let words: Vec<&str> = schema.verbose_name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let ends = (0..words.len()).map(|from| words[from..].concat());
    ends.into_iter().find(|name| fits(name)).unwrap_or_else(|| schema.api_name.to_owned())
}

//! One object: create, read, change, delete. All writing goes through [`feature::change`], inside one transaction.

use axum::response::Response;
use feature::change::{self, Context, Options};
use feature::{Kind, Problem};
use http::StatusCode;
use object::{Model, Record};
use serde_json::{Map, Value as Json};
use store::Store;

use crate::ask::Ask;
use crate::render::META;
use crate::scope::{self, Sight};
use crate::{render, reply};

pub async fn create(ask: &Ask, kind: &'static Kind) -> Result<Response, Problem> {
    ask.authenticated()?;
    let model = (kind.model)();
    let permitted = ask.caller.may(&scope::codename(model, "add"));
    if !permitted && !kind.own_changes {
        return Err(Problem::forbidden());
    }
    let input = given(ask, (kind.model)())?;
    let tx = ask.app.store().begin().await?;
    let record = change::create(context(ask, &tx), model, &input).await?;
    if !permitted {
        keeps_own(ask, &tx, kind, &record).await?;
    }
    tx.commit().await?;
    let shown = render::one(ask, ask.app.store(), kind, &record).await?;
    Ok(reply::json(StatusCode::CREATED, &shown))
}

pub async fn retrieve(ask: &Ask, kind: &'static Kind, segment: &str) -> Result<Response, Problem> {
    let store = ask.app.store();
    let record = scope::visible(ask, store, kind, segment).await?;
    let shown = render::one(ask, store, kind, &record).await?;
    Ok(reply::json(StatusCode::OK, &shown))
}

pub async fn update(ask: &Ask, kind: &'static Kind, segment: &str, partial: bool) -> Result<Response, Problem> {
    // The only writer of the database is not for whoever sees nothing anyway.
    if matches!(scope::sight(ask, kind), Sight::Nothing) {
        return Err(Problem::forbidden());
    }
    let tx = ask.app.store().begin().await?;
    let before = scope::visible(ask, &tx, kind, segment).await?;
    if !scope::may_on(ask, &tx, kind, &before, "change").await? {
        return Err(Problem::forbidden());
    }
    let input = given(ask, (kind.model)())?;
    let after = change::update(context(ask, &tx), &before, &input, partial).await?;
    let key = after.key();
    if key.is_some_and(|key| !ask.caller.may_on(&scope::codename((kind.model)(), "change"), key)) {
        keeps_own(ask, &tx, kind, &after).await?;
    }
    tx.commit().await?;
    let shown = render::one(ask, ask.app.store(), kind, &after).await?;
    Ok(reply::json(StatusCode::OK, &shown))
}

pub async fn destroy(ask: &Ask, kind: &'static Kind, segment: &str) -> Result<Response, Problem> {
    if matches!(scope::sight(ask, kind), Sight::Nothing) {
        return Err(Problem::forbidden());
    }
    let tx = ask.app.store().begin().await?;
    let record = scope::visible(ask, &tx, kind, segment).await?;
    if !scope::may_on(ask, &tx, kind, &record, "delete").await? {
        return Err(Problem::forbidden());
    }
    change::delete(context(ask, &tx), &record).await?;
    tx.commit().await?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

fn context<'a>(ask: &'a Ask, store: &'a Store) -> Context<'a> {
    let options = Options { refuse_unknown: true, privileged: false };
    Context { app: &ask.app, store, caller: &ask.caller, options }
}

/// SECURITY: who may make or change only what is their own must not hand it to somebody else.
async fn keeps_own(ask: &Ask, store: &Store, kind: &Kind, record: &Record) -> Result<(), Problem> {
    let own = match record.key() {
        Some(key) => scope::is_own(ask, store, kind, key).await?,
        None => false,
    };
    if own { Ok(()) } else { Err(Problem::forbidden()) }
}

/// What was given. Programs send back what they read, and fields of later versions that say nothing: those are no reason
/// to refuse, whereas an unknown field with a value would be silently lost.
fn given(ask: &Ask, model: &'static Model) -> Result<Map<String, Json>, Problem> {
    let mut input = ask.dictionary()?;
    let kinds: Vec<_> = ask.app.registry().chain(model).collect();
    let known = |name: &str| {
        model.field(name).is_some()
            || kinds
                .iter()
                .any(|k| k.inputs.iter().any(|i| i.name == name) || k.computed.iter().any(|c| c.name == name))
    };
    input.retain(|name, value| !META.contains(&name.as_str()) && (known(name) || !is_nothing(value)));
    Ok(input)
}

fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        Json::Bool(true) | Json::Number(_) => false,
    }
}

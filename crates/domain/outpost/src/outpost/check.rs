//! What the schema cannot say about an outpost.

use std::collections::HashMap;

use apps::Provider;
use feature::{BoxFuture, Change, Doing, Problem, Through};
use http::StatusCode;
use object::{Choices, FieldErrors, Key, Object, Record};
use store::{Filter, Query};

use super::{Outpost, OutpostType};
use crate::embedded::{MANAGED, NAME};
use crate::{account, config};

pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let mut errors = FieldErrors::default();
        let was_embedded = change.before.is_some_and(|b| b.text("managed") == MANAGED);
        if change.caller.through != Through::System {
            if was_embedded && change.record.text("name") != NAME {
                errors.add("name", "Embedded outpost's name cannot be changed");
            }
            if change.differs("managed") && (was_embedded || change.record.text("managed") == MANAGED) {
                errors.add("managed", "The embedded outpost is looked after by the program itself.");
            }
            if was_embedded && change.differs("type") {
                errors.add("type", "Embedded outpost's type cannot be changed");
            }
        }
        let is_embedded = change.record.text("managed") == MANAGED;
        if let Some(message) = wrong_providers(change, is_embedded).await? {
            errors.add("providers", message);
        }
        if let Some(config) = change.record.get("config").as_json().and_then(|j| j.as_object())
            && change.differs("config")
            && let Some(message) = config::fault(config)
        {
            errors.add("config", message);
        }
        Ok(errors.into_result()?)
    })
}

/// Every provider has to be of the kind that goes with the type.
async fn wrong_providers(change: &Change<'_>, is_embedded: bool) -> Result<Option<String>, Problem> {
    let keys = change.record.get("providers").as_keys();
    if keys.is_empty() {
        let wanted = !is_embedded && (change.doing == Doing::Create || change.given("providers"));
        return Ok(wanted.then(|| "This list may not be empty.".to_owned()));
    }
    if !change.differs("providers") && !change.differs("type") {
        return Ok(None);
    }
    let Some(kind) = OutpostType::parse(change.record.text("type")) else { return Ok(None) };
    let query = Query::filter(Filter::any_of("pk", keys.iter().copied())).columns_only();
    let found = change.store.concretes(Provider::model(), &query).await?;
    // SECURITY: an outpost reads the secrets of its providers. Whoever may change outposts but not even see a provider has none
    // to hand to one.
    let had = change.before.map(|before| before.get("providers").as_keys()).unwrap_or_default();
    let hidden = found.iter().filter_map(|r| Some((r, r.key()?))).find(|(r, key)| {
        let schema = r.model.schema;
        let view = format!("{}.view_{}", schema.app_label(), schema.model_name());
        !had.contains(key) && !change.caller.may_on(&view, *key)
    });
    if let Some((_, key)) = hidden {
        return Ok(Some(format!("Invalid pk \"{key}\" - object does not exist.")));
    }
    let found: HashMap<Key, Record> = found.into_iter().filter_map(|r| Some((r.key()?, r))).collect();
    let wrong = keys.iter().filter_map(|k| found.get(k)).find(|r| r.model.name() != kind.provider());
    Ok(wrong.map(|r| {
        let class = r.model.schema.api_name;
        format!("Outpost type {} can't be used with {class} providers.", kind.as_str())
    }))
}

/// The account and its token come with the outpost, and what the account may see follows the providers.
pub fn saved<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let outpost: Outpost = change.record.clone().to()?;
        account::ensure(change.app, change.store, &outpost).await
    })
}

pub fn deleting<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let outpost: Outpost = change.record.clone().to()?;
        if outpost.is_embedded() && change.caller.through != Through::System {
            let text = "The embedded outpost is part of the server. Set AUTHENTIK_WEB__DISABLE_EMBEDDED_OUTPOST=true to do without it.";
            return Err(Problem::detail(StatusCode::BAD_REQUEST, text));
        }
        account::remove(change.app, change.store, &outpost).await
    })
}

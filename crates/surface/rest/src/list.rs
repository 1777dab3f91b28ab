//! Lists: which rows, in which order, which page.

use axum::response::Response;
use feature::{Kind, Page, Problem};
use http::StatusCode;
use object::Model;
use serde_json::{Value as Json, json};
use store::{Filter, Query};

use crate::ask::Ask;
use crate::scope::{self, Sight};
use crate::table::is_readable;
use crate::{filter, render, reply, search};

pub async fn answer(ask: &Ask, kind: &'static Kind) -> Result<Response, Problem> {
    ask.authenticated()?;
    let (store, model) = (ask.app.store(), (kind.model)());
    let listing = match kind.listing {
        Some(hook) => Some(hook(&ask.rendering(store, false)).await?),
        None => None,
    };
    let open = listing.as_ref().is_some_and(|l| l.open);
    let mut filter = match scope::sight(ask, kind) {
        _ if open => Filter::True,
        Sight::All => Filter::True,
        Sight::Some(filter) => filter,
        Sight::Nothing => return Err(Problem::forbidden()),
    };
    if let Some(listing) = listing {
        filter = filter.and(listing.filter);
    }
    filter = filter.and(filter::conditions(ask, model).await?);
    if let Some(text) = ask.parameter("search") {
        filter = filter.and(search::condition(ask, model, text));
    }
    let total = store.count(model, &filter).await?;
    let page = Page::asked(&ask.app, |name| ask.parameter(name), total)?;
    let order = order(ask, model).into_iter().map(Into::into).collect();
    let query = Query { filter, order, limit: Some(page.size()), offset: page.offset(), ..Query::all() };
    let records = scope::rows(store, model, &query).await?;
    let results = render::records(&ask.rendering(store, false), kind, &records).await?;
    let autocomplete: Json = serde_json::from_str(kind.autocomplete).unwrap_or_else(|_| json!({}));
    Ok(reply::json(StatusCode::OK, &page.json(results, autocomplete)))
}

/// The order asked for; unknown names are passed over, as upstream.
fn order(ask: &Ask, model: &'static Model) -> Vec<String> {
    let asked = ask.parameter("ordering").unwrap_or_default();
    let known = asked.split(',').map(str::trim).filter_map(|name| {
        let (sign, bare) = name.strip_prefix('-').map_or(("", name), |n| ("-", n));
        Some(format!("{sign}{}", column(ask, model, bare)?))
    });
    let known: Vec<String> = known.collect();
    if !known.is_empty() {
        return known;
    }
    let own = model.chain.iter().rev().map(|s| s.ordering).find(|o| !o.is_empty()).unwrap_or(&[]);
    own.iter().map(|s| (*s).to_owned()).collect()
}

/// The column behind a name to order by. SECURITY: never one that is not shown, its values could be found out by sorting.
fn column(ask: &Ask, model: &'static Model, name: &str) -> Option<String> {
    let (head, rest) = name.split_once("__").map_or((name, None), |(h, r)| (h, Some(r)));
    let shown = |f: &&'static object::Field| f.is_column() && is_readable(f) && !f.secret;
    let field = model.field(head).filter(shown)?;
    let Some(rest) = rest else { return Some(field.name.to_owned()) };
    let target = ask.app.registry().catalogue.model(field.target()?)?;
    let inner = target.field(rest).filter(shown)?;
    Some(format!("{}__{}", field.name, inner.name))
}

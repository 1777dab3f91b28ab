//! Lists: which rows, in which order, which page.

use axum::response::Response;
use feature::{Installation, Kind, Problem};
use http::StatusCode;
use object::{FieldErrors, Model};
use serde_json::{Value as Json, json};
use store::{Filter, Query};

use crate::ask::Ask;
use crate::scope::{self, Sight};
use crate::table::is_readable;
use crate::{filter, render, reply, search};

/// Where the installation's settings say nothing.
const PAGE_SIZE: u64 = 20;
const MAX_PAGE_SIZE: u64 = 100;

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
    let size = page_size(ask)?;
    let total = store.count(model, &filter).await?;
    let pages = total.div_ceil(size).max(1);
    let page = page_number(ask, pages)?;
    let order = order(ask, model).into_iter().map(Into::into).collect();
    let query = Query { filter, order, limit: Some(size), offset: (page - 1) * size, ..Query::all() };
    let records = scope::rows(store, model, &query).await?;
    let results = render::records(&ask.rendering(store, false), kind, &records).await?;
    let autocomplete: Json = serde_json::from_str(kind.autocomplete).unwrap_or_else(|_| json!({}));
    let body = json!({
        "pagination": {
            "next": if page < pages { page + 1 } else { 0 },
            "previous": page - 1,
            "count": total,
            "current": page,
            "total_pages": pages,
            "start_index": if total == 0 { 0 } else { query.offset + 1 },
            "end_index": (query.offset + size).min(total),
        },
        "results": results,
        "autocomplete": autocomplete,
    });
    Ok(reply::json(StatusCode::OK, &body))
}

/// A number of rows that makes no sense is refused with a sentence; authentik answers 500.
fn page_size(ask: &Ask) -> Result<u64, Problem> {
    let installation = Installation::of(&ask.app);
    let number = |name, otherwise| match installation.number(name).and_then(|n| u64::try_from(n).ok()) {
        // Zero rows on a page would never come to an end.
        None | Some(0) => otherwise,
        Some(n) => n,
    };
    let most = number("pagination_max_page_size", MAX_PAGE_SIZE);
    let Some(text) = ask.parameter("page_size") else {
        return Ok(number("pagination_default_page_size", PAGE_SIZE));
    };
    match text.trim().parse::<i64>() {
        Ok(n) if n >= 1 => Ok(n.unsigned_abs().min(most)),
        Ok(_) => Err(FieldErrors::one("page_size", "Ensure this value is greater than or equal to 1.").into()),
        Err(_) => Err(FieldErrors::one("page_size", "A valid integer is required.").into()),
    }
}

fn page_number(ask: &Ask, pages: u64) -> Result<u64, Problem> {
    let page = match ask.parameter("page").map(str::trim) {
        None | Some("") => Some(1),
        Some("last") => Some(pages),
        Some(text) => text.parse().ok(),
    };
    let page = page.filter(|n| (1..=pages).contains(n));
    page.ok_or_else(|| Problem::detail(StatusCode::NOT_FOUND, "Invalid page."))
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

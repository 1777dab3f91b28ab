//! What the list of providers can be filtered by beyond its fields.

use apps::Application;
use feature::{BoxFuture, Listing, Problem, Rendering};
use store::Filter;

pub const PARAMETERS: &[(&str, &str)] = &[("application__isnull", r#"{"type": "boolean"}"#)];

/// `?application__isnull=` tells those with an application from those without.
pub fn listing<'a>(rendering: &'a Rendering<'_>) -> BoxFuture<'a, Result<Listing, Problem>> {
    Box::pin(async move {
        let open = |filter| Ok(Listing { filter, open: false });
        let wanted = match rendering.parameter("application__isnull") {
            Some("true" | "True" | "1") => true,
            Some("false" | "False" | "0") => false,
            _ => return open(Filter::True),
        };
        let snapshot = rendering.store.snapshot();
        let linked = snapshot.all::<Application>().iter().filter_map(|a| Some(a.provider?.0)).collect::<Vec<_>>();
        let filter = Filter::any_of("pk", linked);
        open(if wanted { filter.negate() } else { filter })
    })
}

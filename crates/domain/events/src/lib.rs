//! The audit record and what writes it.
//!
//! It stands below everything that can be audited, so an event names users and objects by value and refers to nothing.
//! [`Draft`] writes one; [`Audit`] is the observer that records every change made to objects.

mod audit;
mod components;
mod emit;
mod event;
mod operations;
mod sanitize;

#[cfg(test)]
mod tests;

pub use audit::{Audit, name_of, reference};
pub use emit::{
    BrandOf, Draft, Subject, configuration_error, login, login_failed, logout, password_set, secret_view,
    system_exception,
};
pub use event::{Action, Event};
pub use sanitize::{HIDDEN, clean, clean_map};

use std::net::IpAddr;

use feature::{App, BoxFuture, Change, Feature, Job, Kind, Problem};
use store::{Filter, Op};

pub const FEATURE: Feature = Feature::new("events")
    .kinds(&[Kind::of::<Event>().check(check).operations(operations::ALL)])
    .components(components::COMPONENTS)
    .jobs(&[Job { name: "expire", every: 600, run: expire }]);

fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let address = change.record.text("client_ip");
        if !address.is_empty() && address.parse::<IpAddr>().is_err() {
            return Err(Problem::field("client_ip", "Enter a valid IPv4 or IPv6 address."));
        }
        Ok(())
    })
}

/// Removes what is past its time: of every model that says so, not only events, because this is the lowest place that has
/// jobs.
fn expire(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        for model in app.registry().catalogue.models().iter().filter(|m| m.schema.expires) {
            let mut past = Filter::compare("expires", Op::Lt, app.clock().now());
            if model.field("expiring").is_some() {
                past = past.and(Filter::eq("expiring", true));
            }
            app.store().delete_where(model, past).await?;
        }
        Ok(())
    })
}

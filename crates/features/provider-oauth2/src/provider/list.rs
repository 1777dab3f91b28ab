//! What the list of providers can be filtered by beyond its fields.

use apps::Application;
use feature::{BoxFuture, Listing, Problem, Rendering};
use object::Uuid;
use store::Filter;

/// `?application=` names the application by its key.
pub fn listing<'a>(rendering: &'a Rendering<'_>) -> BoxFuture<'a, Result<Listing, Problem>> {
    Box::pin(async move {
        let Some(text) = rendering.parameter("application").filter(|text| !text.is_empty()) else {
            return Ok(Listing { filter: Filter::True, open: false });
        };
        let application = Uuid::try_parse(text).map_err(|_| Problem::field("application", "Enter a valid UUID."))?;
        let application = rendering.store.snapshot().get::<Application>(object::Id(application)).ok_or_else(|| {
            Problem::field("application", "Select a valid choice. That choice is not one of the available choices.")
        })?;
        let providers = application.provider.into_iter().map(|id| id.0);
        Ok(Listing { filter: Filter::any_of("pk", providers), open: false })
    })
}

pub const PARAMETERS: &[(&str, &str)] = &[("application", r#"{"type": "string", "format": "uuid"}"#)];

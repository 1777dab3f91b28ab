//! The places where an object adds behaviour of its own to what the schema gives.
//!
//! Hooks are plain function pointers, so that a kind stays a constant. Each is written as
//! `fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), FieldErrors>> { Box::pin(async move { … }) }`.

use futures::future::BoxFuture;
use object::Record;
use serde_json::Value as Json;
use store::{Filter, Store};

use crate::app::App;
use crate::caller::Caller;
use crate::change::Change;
use crate::problem::Problem;

/// Looks at (and may adjust) a record before it is written. Problems with fields are returned all at once.
pub type CheckHook = for<'a> fn(&'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>>;
/// Runs after the record was written, in the same transaction.
pub type SaveHook = for<'a> fn(&'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>>;
/// Runs before the record is deleted, in the same transaction; an error keeps it.
pub type DeleteHook = for<'a> fn(&'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>>;
/// Values of a computed field for all records of a page, in their order.
pub type ComputedHook = for<'a> fn(&'a Rendering<'_>, &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>>;
/// Which rows a caller without the global view permission sees as their own (`Filter::False` for none).
pub type ScopeHook = fn(&Caller) -> Filter;
/// What people call an object (`Flow Welcome (default-authentication-flow)`).
pub type DisplayHook = fn(&Record) -> String;

/// What a list shows beyond what the schema can say: parameters of the kind's own (`?has_key=true`), rows chosen by policy.
/// Asked for the kind whose list it is, once a request.
pub type ListHook = for<'a> fn(&'a Rendering<'_>) -> BoxFuture<'a, Result<Listing, Problem>>;

/// What a [`ListHook`] answers.
pub struct Listing {
    /// Joined to the conditions of the request.
    pub filter: Filter,
    /// Whether these rows are shown to whoever is logged in, without a permission to view them.
    pub open: bool,
}

/// What a computed field may look at.
pub struct Rendering<'a> {
    pub app: &'a App,
    pub store: &'a Store,
    pub caller: &'a Caller,
    /// `https://host` as the request saw it.
    pub base_url: &'a str,
    /// Parameters of the request (`include_users=false`).
    pub query: &'a [(String, String)],
    /// Whether one object is read rather than a list.
    pub detail: bool,
}

/// Shows objects as the API does. Handed in ([`App::provide`]) by the surface that serves it, so that an object can show
/// another one inside its own answer.
pub struct Renderer(pub ComputedHook);

impl Rendering<'_> {
    /// Objects as reading them shows them, in their order. They may be of several kinds.
    pub async fn objects(&self, records: &[Record]) -> Result<Vec<Json>, Problem> {
        let Some(renderer) = self.app.service::<Renderer>() else {
            return Err(Problem::fault("nobody renders objects: no API is served"));
        };
        (renderer.0)(self, records).await
    }
    /// A parameter of the request.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
    /// A boolean parameter, `default` when absent.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.parameter(name).map_or(default, |v| matches!(v, "true" | "True" | "1"))
    }
}

//! What a feature is, and what runs it: the contract between the kinds of objects and the surfaces.
//!
//! A feature is one constant that lists its objects, operations, routes and jobs. REST, blueprints, OpenAPI and the admin
//! forms walk those lists; they know no feature. This crate owns the one way an object is created, changed and deleted
//! ([`change`]), so that REST and blueprints cannot differ in what they check. It knows no flow, no policy and no protocol.

mod app;
mod caller;
pub mod change;
mod form_data;
mod hook;
mod installation;
mod kind;
mod operation;
mod page;
pub mod parameter;
mod problem;

// So that the shared set-up finds the crate under its name.
#[cfg(test)]
extern crate self as feature;
#[cfg(test)]
mod tests;

pub use app::{App, Parts};
pub use caller::{Caller, Grants, RequestLine, Through};
pub use change::{Change, Changed, Doing, Observer};
pub use form_data::{FormPart, form_parts};
pub use futures::future::BoxFuture;
pub use hook::{
    CheckHook, ComputedHook, DeleteHook, DisplayHook, ListHook, Listing, Renderer, Rendering, SaveHook, ScopeHook,
};
pub use installation::Installation;
pub use kind::{Computed, Feature, Input, Job, Kind, Registry};
pub use operation::{Body, Call, Method, Operation, Permission, Reply};
pub use page::Page;
pub use parameter::Parameter;
pub use problem::{Fault, Problem};

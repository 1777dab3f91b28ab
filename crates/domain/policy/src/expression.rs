//! What expressions see: users, groups, requests, query sets and the functions whose names start with `ak_`.
//!
//! The language itself is the crate `expr`; here are the objects behind it. They are lazy: what needs the database asks
//! the evaluation to stop, loads without holding a worker, and the same instruction runs again. An object never holds on
//! to the evaluation it is seen by: that is found through `environment::env`, so a user can serve all mappings of a request.

mod call;
mod classes;
mod code;
mod convert;
mod environment;
mod failure;
mod functions;
mod globals;
mod http_request;
mod logger;
mod lookup;
mod matching;
mod network;
mod plain;
mod program;
mod query_set;
mod related;
mod request;
mod row;
mod scope;
mod show;
mod trial;
mod user;

pub use call::{Evaluated, evaluate, evaluate_with};
pub use code::check_code;
pub use failure::Failure;
pub use functions::{Jwt, JwtIssuer};
pub use http_request::anonymous;
pub use plain::Namespace;
pub use program::{compile, compile_error};
pub use row::{record_of, value_of};
pub use scope::{LogLine, Logs, Scope};
pub use show::{show, show_text};
pub use trial::try_mapping;
pub(crate) use user::uid_of;
pub use user::value as user_value;

#[cfg(test)]
mod tests;

//! Whole flows, in-process: a browser with a cookie, the session middleware and the executor.

mod consent;
mod links;
mod login;
mod policies;
mod prompt;
mod rules;
mod world;

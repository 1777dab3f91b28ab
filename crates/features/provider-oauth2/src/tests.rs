//! The protocol over HTTP, in-process.

mod client_credentials;
mod logout;
mod refresh_token;
mod world;

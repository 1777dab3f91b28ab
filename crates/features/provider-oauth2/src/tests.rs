//! The protocol over HTTP, in-process.

mod client_credentials;
mod device;
mod logout;
mod refresh_token;
mod rotation;
mod token_exchange;
mod world;

//! The client and where it may be answered (RFC 6749 §3.1.2.3).

use std::sync::Arc;

use oauth2_wire::{CheckedRedirectUri, PageError, Params, find_redirect_uri};

use super::Refusal;
use crate::client::{Client, Clients};

/// RFC 6749 §3.1: what identifies the client must be there once, and known.
pub fn known<'c>(clients: &'c Clients, params: &Params) -> Result<&'c Arc<Client>, Refusal> {
    let client = params.get("client_id").and_then(|id| clients.by_client_id(id));
    client.ok_or_else(|| PageError::ClientId.into())
}

/// SECURITY: everything after this may redirect, so nothing before it does.
pub fn redirect_uri(client: &Client, params: &Params) -> Result<CheckedRedirectUri, Refusal> {
    // Two values would be one for us and the other for whoever checks behind us.
    if params.all("redirect_uri").count() > 1 {
        return Err(PageError::RedirectUri.into());
    }
    let given = params.get("redirect_uri");
    let found = match (client.redirect_uris(), given) {
        // COMPAT: a client without any takes the first one that is used; it is kept once somebody was let in with it.
        ([], Some(given)) => CheckedRedirectUri::well_formed(given),
        (registered, given) => find_redirect_uri(given, registered),
    };
    found.map_err(|refusal| {
        tracing::warn!(client = client.client_id(), given, "Redirect URI refused: {refusal}");
        PageError::RedirectUri.into()
    })
}

/// A provider without an application lets nobody in.
pub fn is_linked(client: &Client) -> Result<(), Refusal> {
    if client.application.is_some() { Ok(()) } else { Err(Refusal::NotFound) }
}

//! Whom the new token is for (RFC 8693 §2.1 `audience` and `resource`, RFC 8707).

use std::sync::Arc;

use oauth2_wire::{Error, TokenError};

use super::super::{Attempt, Refusal};
use crate::client::{Client, Clients};

/// The provider that issues the new token: the one that is named, else that of the client itself.
pub fn of(attempt: &Attempt<'_>) -> Result<Arc<Client>, Refusal> {
    let Attempt { app, asked, client, request, .. } = attempt;
    let clients = Clients::of(app);
    let exchange = &request.exchange;
    let mut target: Option<Arc<Client>> = None;
    let audiences = exchange.audience.iter().map(|name| by_name(&clients, name, &asked.base));
    let resources = exchange.resource.iter().map(|uri| by_resource(&clients, uri, &asked.base));
    for found in audiences.chain(resources) {
        let found = found.ok_or_else(invalid_target)?;
        // One token for several audiences would be good at each for what was meant for the other.
        if target.as_ref().is_some_and(|target| target.id() != found.id()) {
            return Err(invalid_target());
        }
        target = Some(Arc::clone(found));
    }
    let target = target.unwrap_or_else(|| Arc::clone(client));
    let is_other = target.id() != client.id();
    // SECURITY: without its secret anybody can name a client; what it may for others, it must prove itself for.
    if is_other && !attempt.has_secret {
        return Err(TokenError::InvalidClient.into());
    }
    if is_other && !target.takes_tokens_of(client) {
        tracing::info!(
            client = client.client_id(),
            target = target.client_id(),
            "No token is exchanged: the target's provider does not name the client's among its federated providers"
        );
        // The same as for one that does not exist.
        return Err(invalid_target());
    }
    if !target.takes_part_in_exchange() {
        tracing::info!(target = target.client_id(), "No token is exchanged: the provider names no federated providers");
        return Err(TokenError::UnauthorizedClient.into());
    }
    Ok(target)
}

/// §2.2.2
fn invalid_target() -> Refusal {
    Refusal::Client(Error::new(
        "invalid_target",
        "The requested audience or resource is unknown, or not for this client",
    ))
}

fn by_name<'c>(clients: &'c Clients, name: &str, base: &str) -> Option<&'c Arc<Client>> {
    clients.by_client_id(name).or_else(|| by_resource(clients, name, base))
}

/// A client by the address of its application here, or by the one that people open it at.
fn by_resource<'c>(clients: &'c Clients, uri: &str, base: &str) -> Option<&'c Arc<Client>> {
    let is_it = |client: &&Arc<Client>| {
        let Some(application) = &client.application else { return false };
        let ours = format!("{base}/application/o/{}/", application.slug);
        uri == ours || (!application.meta_launch_url.is_empty() && uri == application.meta_launch_url)
    };
    let mut found = clients.all().filter(is_it);
    // Two applications at one address cannot be told apart.
    found.next().filter(|_| found.next().is_none())
}

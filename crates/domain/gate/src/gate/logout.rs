//! Logging out: all sessions of the person at all sites, then the identity provider's own.

use std::sync::Arc;

use axum::response::Response;

use super::Gate;
use super::login::add_cookie;
use crate::asked::Asked;
use crate::page;
use crate::site::Site;

impl Gate {
    /// `/sign_out`
    pub(crate) async fn sign_out(&self, site: &Arc<Site>, asked: &Asked) -> Response {
        let addresses = match self.issuer.addresses(site, asked) {
            Ok(addresses) => addresses,
            Err(fault) => return self.fail(Some(site), &fault),
        };
        match self.held(site, asked).await {
            Ok(Some(session)) if !session.transient => {
                self.memory().end(&session.key);
                if let Err(fault) = self.sessions.end(&session, true).await {
                    return self.fail(Some(site), &fault);
                }
            }
            Ok(_) => {}
            Err(fault) => return self.fail(Some(site), &fault),
        }
        // Upstream sends the token along as a hint; tokens have no business in addresses, and the session says enough.
        let mut response = page::see(&addresses.end_session_endpoint);
        add_cookie(&mut response, site, &site.cookie.session, "", 0);
        response
    }
}

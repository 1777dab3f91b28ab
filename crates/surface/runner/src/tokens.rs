//! Tokens of the server: who signed them, for whom, and what they say.

use std::collections::HashMap;
use std::sync::Arc;

use clock::{Clock, SignedDuration, Timestamp, Uuid};
use gate::{Claims, Fault, Login, Site};
use jose::jwt::{self, Checks};
use jose::{Algorithm, Error, JwkSet, VerifyingKey, jws};
use parking_lot::Mutex;
use serde_json::Value as Json;

use crate::server::{Server, strip_nulls};

/// Seconds by which the clocks of the server and of this machine may differ.
const LEEWAY: i64 = 60;
/// Seconds between two looks for a key that was not there.
const LOOK_AGAIN: i64 = 10;
/// Seconds after which keys are read anew even if they fit.
const STALE: i64 = 3600;

/// Sets of keys by their address.
#[derive(Debug, Default)]
pub(crate) struct KeySets(Mutex<HashMap<String, (Arc<JwkSet>, i64)>>);

impl KeySets {
    fn known(&self, uri: &str) -> Option<(Arc<JwkSet>, i64)> {
        self.0.lock().get(uri).cloned()
    }

    async fn fetch(&self, server: &Server, uri: &str, now: i64) -> Result<Arc<JwkSet>, Fault> {
        let bytes = server.keys(uri).await.map_err(|trouble| Fault::Unavailable(trouble.to_string()))?;
        let set = JwkSet::parse(&bytes)
            .map_err(|error| Fault::Misconfigured(format!("{uri} is no set of keys (JWKS): {error}")))?;
        let set = Arc::new(set);
        self.0.lock().insert(uri.to_owned(), (Arc::clone(&set), now));
        Ok(set)
    }

    /// The payload of a token that the site's provider signed.
    async fn verify(&self, server: &Server, site: &Site, token: &str, now: i64) -> Result<Vec<u8>, Fault> {
        let oidc = &site.config.oidc_configuration;
        let refuse = |error: Error| Fault::Refused(format!("the ID token is not good: {error}"));
        if oidc.id_token_signing_alg_values_supported.iter().any(|name| name == "HS256") {
            let without = || Fault::Misconfigured("the provider signs with its client secret, and has none".to_owned());
            let secret = site.config.client_secret.as_ref().ok_or_else(without)?;
            let key = VerifyingKey::shared_secret(secret.expose().as_bytes()).map_err(refuse)?;
            return jws::verify(token, &key, &[Algorithm::Hs256]).map(|verified| verified.payload).map_err(refuse);
        }
        let uri = &oidc.jwks_uri;
        let (set, since) = match self.known(uri) {
            Some((set, since)) if since + STALE > now => (set, since),
            _ => (self.fetch(server, uri, now).await?, now),
        };
        match jws::verify_with_set(token, &set, &Algorithm::ASYMMETRIC) {
            Ok(verified) => Ok(verified.payload),
            // Keys are changed from time to time.
            Err(Error::NoKey) if since + LOOK_AGAIN <= now => {
                let set = self.fetch(server, uri, now).await?;
                let verified = jws::verify_with_set(token, &set, &Algorithm::ASYMMETRIC);
                verified.map(|verified| verified.payload).map_err(|error| unknown_key(error, token, uri))
            }
            Err(error) => Err(unknown_key(error, token, uri)),
        }
    }

    /// What an ID token says, once it is known to be good for the site.
    pub(crate) async fn login(
        &self,
        server: &Server,
        site: &Site,
        token: &str,
        issuers: &[&str],
        clock: &Clock,
    ) -> Result<Login, Fault> {
        let now = clock.unix();
        let payload = self.verify(server, site, token, now).await?;
        let registered: jwt::Claims = jwt::parse(&payload).map_err(|error| Fault::Refused(error.to_string()))?;
        let audience = [site.config.client_id.as_str()];
        let checks = Checks::at(now).leeway(LEEWAY).issuers(issuers).audiences(&audience);
        registered.check(&checks).map_err(|error| {
            let issuer = registered.iss.as_deref().unwrap_or_default();
            Fault::Refused(format!("the ID token is not good: {error} (issuer {issuer:?}, expected {issuers:?})"))
        })?;
        let mut json: Json = serde_json::from_slice(&payload).map_err(|error| Fault::Refused(error.to_string()))?;
        strip_nulls(&mut json);
        Ok(login(Claims::read(json)?, token, clock))
    }
}

fn unknown_key(error: Error, token: &str, uri: &str) -> Fault {
    let Error::NoKey = error else { return Fault::Refused(format!("the ID token is not good: {error}")) };
    let kid = jws::peek_header(token).ok().and_then(|header| header.kid).unwrap_or_default();
    Fault::Refused(format!(
        "the ID token is signed with the key {kid:?}, which is not among those at {uri}; the provider's signing key and \
         that address have to belong to the same server"
    ))
}

/// A login out of claims that are believed.
pub(crate) fn login(claims: Claims, token: &str, clock: &Clock) -> Login {
    let expires = match claims.exp {
        0 => clock.after(SignedDuration::from_mins(5)),
        exp => Timestamp::from_second(exp).unwrap_or(Timestamp::MAX),
    };
    let session = (!claims.sid.is_empty()).then(|| login_id(&claims.sid));
    Login { claims, token: token.to_owned(), expires, user: None, session, good_for: 0 }
}

/// The gate knows logins at the server by ids; the server says any text.
pub(crate) fn login_id(sid: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, sid.as_bytes())
}

#[cfg(test)]
mod tests;

//! The keys of a client: what its tokens are signed with and encrypted to.

pub mod retired;

use std::sync::Arc;

use feature::App;
use jose::jwe::{self, EncryptionKey};
use jose::jws::Verified;
use jose::{Algorithm, Jwk, JwkSet, SigningKey};

use crate::client::Client;

/// A key that cannot be used. For the log; clients learn `server_error` only.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    #[error(transparent)]
    Pair(#[from] ::keys::KeyFault),
    #[error("{0}")]
    Jose(#[from] jose::Error),
}

/// The signing key; without a key pair the client's secret (OpenID Connect Core §10.1).
pub fn signing(app: &App, client: &Client) -> Result<Arc<SigningKey>, KeyFault> {
    match client.provider.signing_key {
        Some(pair) => Ok(::keys::signing(&app.store().snapshot(), pair)?),
        None => Ok(Arc::new(SigningKey::shared_secret(client.provider.client_secret.as_bytes())?)),
    }
}

/// Verifies what was signed for the client: with its present key, or one that it had before and that is still published.
pub fn verify(app: &App, client: &Client, token: &str) -> Result<Verified, KeyFault> {
    let key = signing(app, client)?;
    let fault = match jose::jws::verify(token, &key.verifying_key()?, &[key.algorithm()]) {
        Ok(verified) => return Ok(verified),
        Err(fault) => fault,
    };
    let earlier = retired::of(&app.store().snapshot(), client.id(), key.kid(), app.clock().now());
    // A token without the id of its key is of the present one.
    if earlier.keys.is_empty() || jose::jws::peek_header(token)?.kid.is_none() {
        return Err(fault.into());
    }
    Ok(jose::jws::verify_with_set(token, &earlier, &retired::ALGORITHMS)?)
}

/// The algorithm of signatures, for the discovery document.
pub fn algorithm(app: &App, client: &Client) -> Algorithm {
    signing(app, client).map_or(Algorithm::Hs256, |key| key.algorithm())
}

/// A token as the client gets it: signed, and encrypted where there is a key for that.
pub fn seal(app: &App, client: &Client, payload: &[u8], typ: &str) -> Result<String, KeyFault> {
    let signed = jose::jws::sign(payload, typ, &*signing(app, client)?)?;
    let Some(pair) = client.provider.encryption_key else { return Ok(signed) };
    let pair = ::keys::load(&app.store().snapshot(), pair)?;
    let key = EncryptionKey::rsa(&pair.public_key()?)?;
    Ok(jwe::encrypt(signed.as_bytes(), &jwe::Header::authentik(pair.kid.clone()), &key)?)
}

/// The client's key set (RFC 7517 §5).
pub fn jwks(app: &App, client: &Client) -> Result<JwkSet, KeyFault> {
    let snapshot = app.store().snapshot();
    let mut keys = Vec::new();
    if let Some(pair) = client.provider.signing_key {
        keys.push(::keys::load(&snapshot, pair)?.signing_jwk()?);
    }
    let current = keys.first().and_then(|key: &Jwk| key.kid.clone());
    keys.extend(retired::of(&snapshot, client.id(), current.as_deref(), app.clock().now()).keys);
    if let Some(pair) = client.provider.encryption_key {
        let public = ::keys::load(&snapshot, pair)?.jwk()?;
        keys.push(Jwk {
            alg: Some(jwe::KeyAlgorithm::RsaOaep256.as_str().to_owned()),
            enc: Some("A256CBC-HS512".to_owned()),
            usage: Some("enc".to_owned()),
            ..public
        });
    }
    Ok(JwkSet { keys })
}

//! The keys of a client: what its tokens are signed with and encrypted to.

use std::sync::Arc;

use feature::App;
use jose::jwe::{self, EncryptionKey};
use jose::{Algorithm, Jwk, JwkSet, SigningKey, VerifyingKey};

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

/// The key that verifies what [`signing`] signs, with the one algorithm that it may have.
pub fn verifying(app: &App, client: &Client) -> Result<(VerifyingKey, Algorithm), KeyFault> {
    let key = signing(app, client)?;
    Ok((key.verifying_key()?, key.algorithm()))
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

//! The state of a login under way: carried by the browser, kept nowhere.
//!
//! The address of the login carries a signed text; a cookie ties it to the browser that began. The PKCE verifier follows
//! from both, so that neither a stolen address nor somebody else's cookie can finish a login, and nobody can fill our
//! memory by beginning many. It works once: the code that comes with it does.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::Random;
use serde::{Deserialize, Serialize};

use crate::cookie::LOGIN_AGE;
use crate::site::Site;

/// A login under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The provider it is for: a login for one site is none for another.
    #[serde(rename = "s")]
    site: i64,
    #[serde(rename = "n")]
    nonce: String,
    /// When it is too late.
    #[serde(rename = "e")]
    expires: i64,
    /// Where the person wanted to go.
    #[serde(rename = "r")]
    pub back: String,
}

impl State {
    /// A new login at a site.
    pub fn begin(site: &Site, back: String, now: i64, random: &Random) -> Self {
        let nonce = URL_SAFE_NO_PAD.encode(random.bytes::<16>());
        Self { site: site.config.pk, nonce, expires: now + LOGIN_AGE, back }
    }
    /// The `state` parameter, good only together with the browser's cookie.
    pub fn seal(&self, site: &Site, browser: &str) -> String {
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let tag = site.state.sign(message(&payload, browser).as_bytes());
        format!("{payload}.{tag}")
    }
    /// Reads it back. `None` when it is not ours, of another site, of another browser, or too old.
    pub fn open(site: &Site, text: &str, browser: &str, now: i64) -> Option<Self> {
        let (payload, tag) = text.split_once('.')?;
        if !site.state.verify(message(payload, browser).as_bytes(), tag) {
            return None;
        }
        let state = Self::read(text)?;
        (state.site == site.config.pk && state.expires > now).then_some(state)
    }
    /// What it says, unproven. Good for nothing but a destination that is checked again.
    pub fn read(text: &str) -> Option<Self> {
        let (payload, _) = text.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }
    /// RFC 7636 §4.1: 43 characters that only we can make.
    pub fn verifier(&self, site: &Site, browser: &str) -> String {
        site.verifier.sign(message(&self.nonce, browser).as_bytes())
    }
    /// RFC 7636 §4.2.
    pub fn challenge(&self, site: &Site, browser: &str) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier(site, browser).as_bytes()).as_ref())
    }
}

fn message(text: &str, browser: &str) -> String {
    format!("{text}\n{browser}")
}

#[cfg(test)]
mod tests;

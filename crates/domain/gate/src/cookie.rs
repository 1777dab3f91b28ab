//! The cookies of a site: one for the session, one that ties a login under way to the browser it began in.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::site::Site;

/// What our cookies hold: 256 bits in base64url.
const LENGTH: usize = 43;
/// Of several cookies of one name (of the host, of the domain) this many are looked at.
const CANDIDATES: usize = 4;
/// Seconds that somebody may take to log in.
pub const LOGIN_AGE: i64 = 3600;

/// What the names of all sites' cookies begin with.
const PREFIX: &str = "authentik_proxy_";

/// The names of a site's cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// `authentik_proxy_` and eight digits that follow from the client id, as upstream names it.
    pub session: String,
    /// The same for the time of a login.
    pub browser: String,
}

impl Names {
    pub fn of(client_id: &str) -> Self {
        let hash = HEXLOWER.encode(digest(&SHA256, client_id.as_bytes()).as_ref());
        let session = format!("{PREFIX}{}", &hash[..8]);
        Self { browser: format!("{session}_login"), session }
    }
}

/// Whether a value could be ours. Whatever is no longer looked at is never hashed, searched or shown.
fn is_ours(value: &[u8]) -> bool {
    value.len() == LENGTH && value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The values of a cookie that could be ours, in the order they were sent. Other cookies may hold any bytes at all.
pub fn values<'h>(headers: &'h HeaderMap, name: &'h str) -> impl Iterator<Item = &'h str> {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|h| h.as_bytes().split(|b| *b == b';'));
    let ours = pairs.filter_map(move |pair| {
        let pair = pair.trim_ascii();
        let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        let value = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value);
        is_ours(value).then(|| std::str::from_utf8(value).ok()).flatten()
    });
    ours.take(CANDIDATES)
}

fn attributes(site: &Site) -> String {
    let mut text = "; Path=/; HttpOnly; SameSite=Lax".to_owned();
    if site.is_secure() {
        text.push_str("; Secure");
    }
    if let Some(domain) = &site.domain
        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
    {
        text.push_str("; Domain=");
        text.push_str(domain);
    }
    text
}

/// Gives the browser a cookie for so many seconds; none at all or less takes it away.
pub fn set(site: &Site, name: &str, value: &str, age: i64) -> Option<HeaderValue> {
    let attributes = attributes(site);
    let text = if age > 0 {
        format!("{name}={value}; Max-Age={age}{attributes}")
    } else {
        format!("{name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT{attributes}")
    };
    HeaderValue::from_str(&text).ok()
}

/// Takes the cookies of sites out of what is passed on: the application behind must be able to use neither its own nor, where
/// it lies below a protected domain, those that let its visitors into the domain's others.
pub fn strip(headers: &mut HeaderMap) {
    let is_ours = |pair: &[u8]| {
        let name = pair.split(|b| *b == b'=').next().unwrap_or_default();
        name.starts_with(PREFIX.as_bytes())
    };
    let split = |line: &HeaderValue| -> Vec<Vec<u8>> {
        line.as_bytes().split(|b| *b == b';').map(|p| p.trim_ascii().to_vec()).collect()
    };
    let lines: Vec<Vec<Vec<u8>>> = headers.get_all(COOKIE).iter().map(split).collect();
    if !lines.iter().flatten().any(|pair| is_ours(pair)) {
        return;
    }
    headers.remove(COOKIE);
    for line in lines {
        let kept: Vec<Vec<u8>> = line.into_iter().filter(|pair| !pair.is_empty() && !is_ours(pair)).collect();
        if let Ok(value) = HeaderValue::from_bytes(&kept.join(&b"; "[..]))
            && !kept.is_empty()
        {
            headers.append(COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests;

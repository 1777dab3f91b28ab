//! The cookies of a session: reading what a browser sent, writing what it shall keep.

use feature::App;
use http::{HeaderMap, HeaderValue, header::COOKIE};
use secret::Signer;
use std::time::Duration;

/// Name of the cookie that holds the session's key.
pub const SESSION: &str = "authentik_session";
/// Name of the cookie that scripts read the CSRF token from.
pub const CSRF: &str = "authentik_csrf";
/// Longer values are none of ours.
const LONGEST: usize = 512;
/// A year, as browsers keep the CSRF token.
const CSRF_AGE: u64 = 31_449_600;

/// Signs session keys. Somebody who can guess or steal rows of the database still has no cookie.
pub fn signer(app: &App) -> Signer {
    app.root_key().signer("session cookie")
}

/// The key out of the first cookie of that name that we signed. Others of the same name may come from a parent domain.
pub fn read(app: &App, headers: &HeaderMap) -> Option<String> {
    let mut values = values(headers, SESSION).peekable();
    values.peek()?;
    // Most requests of programs bring no cookie: only now is a key worth deriving.
    let signer = signer(app);
    values.find_map(|value| signer.detach(value).map(str::to_owned))
}

/// The values of all cookies of a name that are not too long.
pub fn values<'h>(headers: &'h HeaderMap, wanted: &'h str) -> impl Iterator<Item = &'h str> {
    let sent = headers.get_all(COOKIE).iter().filter_map(|h| h.to_str().ok());
    let pairs = sent.flat_map(|h| h.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let of_name = pairs.filter(move |(name, _)| *name == wanted).map(|(_, value)| value.trim_matches('"'));
    of_name.filter(|value| value.len() <= LONGEST)
}

/// Whether the browser sent any session cookie, good or not.
pub fn is_present(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    values.any(|h| h.windows(SESSION.len()).any(|w| w == SESSION.as_bytes()))
}

/// What all our cookies have in common.
pub fn attributes(app: &App, secure: bool) -> String {
    let settings = app.settings();
    let mut text = format!("; Path={}", settings.web.path.as_str());
    if let Some(domain) = settings.general.cookie_domain.as_deref().filter(|d| is_token(d)) {
        text.push_str("; Domain=");
        text.push_str(domain);
    }
    // COMPAT: over HTTPS a session must work inside another site's frame (silent renewal, embedded login); what is
    // changed under it is guarded by the CSRF token. Browsers take `None` only together with `Secure`.
    text.push_str(if secure { "; SameSite=None; Secure" } else { "; SameSite=Lax" });
    text
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
}

/// The session cookie and the one with the CSRF token. Without `age` the browser forgets the session when it is closed.
pub fn set(app: &App, secure: bool, key: &str, csrf: &str, age: Option<Duration>) -> Vec<HeaderValue> {
    let common = attributes(app, secure);
    let age = age.map(|a| format!("; Max-Age={}", a.as_secs())).unwrap_or_default();
    let session = format!("{SESSION}={}; HttpOnly{age}{common}", signer(app).attach(key));
    let csrf = format!("{CSRF}={csrf}; Max-Age={CSRF_AGE}{common}");
    [session, csrf].iter().filter_map(|c| HeaderValue::from_str(c).ok()).collect()
}

/// Makes the browser forget the session.
pub fn delete(app: &App, secure: bool) -> Vec<HeaderValue> {
    let common = attributes(app, secure);
    let text = format!("{SESSION}=\"\"; HttpOnly; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0{common}");
    HeaderValue::from_str(&text).into_iter().collect()
}

//! Redirect URIs: what a client may register and what matches it (RFC 6749 §3.1.2, RFC 9700 §2.1).

use fancy_regex::RegexBuilder;
use serde::{Deserialize, Serialize};

const MAX_LENGTH: usize = 8192;
const MAX_PATTERN_LENGTH: usize = 2048;
/// Steps a pattern may take; some patterns take exponentially many.
const BACKTRACK_LIMIT: usize = 100_000;
const COMPILED_LIMIT: usize = 1024 * 1024;
/// Schemes that run in the page that follows them instead of leaving it.
const FORBIDDEN_SCHEMES: [&str; 3] = ["javascript", "data", "vbscript"];

/// How a registered URI is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchingMode {
    /// Character by character, but for the port of a loopback address.
    Strict,
    /// The URI is a regular expression for the whole of the given one.
    Regex,
}

/// A redirect URI registered for a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectUri {
    pub matching_mode: MatchingMode,
    pub url: String,
}

impl RedirectUri {
    /// Whether the given URI is this one. `Err` when the pattern itself is broken or too costly:
    /// for the operator to hear of, while the request is refused like any that does not match.
    pub fn matches(&self, given: &str) -> Result<bool, RedirectUriRefusal> {
        match self.matching_mode {
            MatchingMode::Strict => Ok(self.url == given || is_on_loopback_too(&self.url, given)),
            MatchingMode::Regex => self.matches_pattern(given),
        }
    }

    fn matches_pattern(&self, given: &str) -> Result<bool, RedirectUriRefusal> {
        let broken = |reason: String| RedirectUriRefusal::Pattern { url: self.url.clone(), reason };
        if self.url.len() > MAX_PATTERN_LENGTH {
            return Err(broken(format!("longer than {MAX_PATTERN_LENGTH} characters")));
        }
        // SECURITY: browsers fold other scripts' characters into ASCII host names ("。" is a dot), so
        // what a pattern takes for one label could be another site.
        if !given.is_ascii() {
            return Ok(false);
        }
        let build = |pattern: &str| {
            RegexBuilder::new(pattern)
                .backtrack_limit(BACKTRACK_LIMIT)
                .delegate_size_limit(COMPILED_LIMIT)
                .build()
                .map_err(|error| broken(error.to_string()))
        };
        // By itself first, so that a pattern like `a)|(b` cannot break out of the anchors.
        build(&self.url)?;
        build(&format!(r"\A(?:{})\z", self.url))?.is_match(given).map_err(|error| broken(error.to_string()))
    }
}

/// A redirect URI that may be redirected to: it matched a registered one, or the caller vouches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedRedirectUri(String);

impl CheckedRedirectUri {
    /// Check the form only, where no registered URI exists to compare with: on registration, and for
    /// authentik's "take the first one used" when a provider has none.
    pub fn well_formed(given: &str) -> Result<Self, RedirectUriRefusal> {
        check_form(given)?;
        Ok(Self(given.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Find the given URI among those registered.
///
/// A pattern that is broken does not hide those behind it; but when nothing matches, it is the
/// refusal returned, as the likely reason.
pub fn find_redirect_uri(
    given: Option<&str>,
    registered: &[RedirectUri],
) -> Result<CheckedRedirectUri, RedirectUriRefusal> {
    let given = given.filter(|given| !given.is_empty()).ok_or(RedirectUriRefusal::Missing)?;
    check_form(given)?;
    let mut refusal = RedirectUriRefusal::Mismatch;
    for registered in registered {
        match registered.matches(given) {
            Ok(true) => return Ok(CheckedRedirectUri(given.to_owned())),
            Ok(false) => {}
            Err(broken) => refusal = broken,
        }
    }
    Err(refusal)
}

/// Why a redirect URI is refused. Users see [`PageError::RedirectUri`](crate::PageError) only; this
/// is for the event log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriRefusal {
    #[error("redirect_uri is missing")]
    Missing,
    #[error("redirect_uri is not among those registered")]
    Mismatch,
    #[error("redirect_uri is longer than {MAX_LENGTH} characters")]
    TooLong,
    #[error("redirect_uri is not an absolute URI")]
    Relative,
    #[error("redirect_uri has a scheme that runs code in the page")]
    ForbiddenScheme,
    #[error("redirect_uri has a fragment")]
    Fragment,
    #[error("redirect_uri has a user name in its authority")]
    UserInfo,
    #[error("redirect_uri has white space, control characters or backslashes")]
    Characters,
    #[error("the registered redirect URI {url} is not a usable regular expression: {reason}")]
    Pattern { url: String, reason: String },
}

/// RFC 8252 §7.3: a program on the person's machine gets its port when it starts, so that any is as good as the registered one.
/// That holds for addresses that cannot be another machine's, not for the name `localhost` (§8.3).
fn is_on_loopback_too(registered: &str, given: &str) -> bool {
    /// The host and what follows the port.
    fn without_port(url: &str) -> Option<(&str, &str)> {
        let rest = url.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, "80"),
        };
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
        (is_port && ["127.0.0.1", "[::1]"].contains(&host)).then_some((host, path))
    }
    without_port(given).is_some_and(|given| without_port(registered) == Some(given))
}

fn check_form(given: &str) -> Result<(), RedirectUriRefusal> {
    if given.len() > MAX_LENGTH {
        return Err(RedirectUriRefusal::TooLong);
    }
    // SECURITY: browsers drop tabs and newlines and read backslashes as slashes, so with them the
    // text compared here is not the address gone to.
    if given.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(RedirectUriRefusal::Characters);
    }
    // RFC 3986 §3.1
    let (scheme, rest) = given.split_once(':').ok_or(RedirectUriRefusal::Relative)?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme {
        return Err(RedirectUriRefusal::Relative);
    }
    if FORBIDDEN_SCHEMES.iter().any(|forbidden| scheme.eq_ignore_ascii_case(forbidden)) {
        return Err(RedirectUriRefusal::ForbiddenScheme);
    }
    if given.contains('#') {
        // RFC 6749 §3.1.2: "MUST NOT include a fragment component".
        return Err(RedirectUriRefusal::Fragment);
    }
    // SECURITY: `https://good.example@evil.example` looks like one site and is another.
    let slashes = rest.trim_start_matches('/');
    let has_authority =
        slashes.len() < rest.len() || scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = slashes.split(['/', '?']).next().unwrap_or_default();
    if has_authority && authority.contains('@') {
        return Err(RedirectUriRefusal::UserInfo);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! The way back to the client from the authorization endpoint (RFC 6749 §4.1.2, OAuth 2.0 Multiple
//! Response Types §2.1, OAuth 2.0 Form Post Response Mode).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{CheckedRedirectUri, Error, ResponseMode};

/// Unreserved characters (RFC 3986 §2.3) stay as they are.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What to send to the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// The address to redirect to.
    Redirect(String),
    /// A form to post without further ado.
    FormPost { url: String, fields: Vec<(String, String)> },
}

/// Send `params` to the client in the given mode, in their order.
///
/// COMPAT: authentik always sends `state` in query and fragment, empty when there was none, and
/// leaves empty fields out of forms; so pass `state` as `""` then.
pub fn respond(redirect_uri: &CheckedRedirectUri, mode: ResponseMode, params: &[(&str, &str)]) -> Response {
    match mode {
        ResponseMode::Query => Response::Redirect(with_query(redirect_uri.as_str(), params)),
        ResponseMode::Fragment => {
            // A checked redirect URI has no fragment of its own.
            Response::Redirect(format!("{}#{}", redirect_uri.as_str(), url_encode(params)))
        }
        ResponseMode::FormPost => Response::FormPost {
            url: redirect_uri.as_str().to_owned(),
            fields: params
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        },
    }
}

/// Send an error to the client in the given mode; `more` are the parameters beside it, `state` among them.
///
/// COMPAT: unlike [`respond`], authentik writes spaces as `%20` and leaves `state` out when there is none.
pub fn respond_error(
    redirect_uri: &CheckedRedirectUri,
    mode: ResponseMode,
    error: &Error,
    more: &[(&str, &str)],
) -> Response {
    let own = [("error", &*error.error), ("error_description", &*error.error_description)];
    let params: Vec<(&str, &str)> = own.iter().chain(more).copied().collect();
    let pairs = || {
        let pair = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, COMPONENT));
        params.iter().map(pair).collect::<Vec<_>>().join("&")
    };
    match mode {
        ResponseMode::Query => Response::Redirect(join_query(redirect_uri.as_str(), &pairs())),
        ResponseMode::Fragment => Response::Redirect(format!("{}#{}", redirect_uri.as_str(), pairs())),
        ResponseMode::FormPost => respond(redirect_uri, mode, &params),
    }
}

/// `name=value` pairs joined by `&`, spaces as `+` (RFC 6749 appendix B).
pub fn url_encode(params: &[(&str, &str)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, COMPONENT).to_string().replace("%20", "+");
    let pairs: Vec<String> = params.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// RFC 6749 §3.1.2: a query component of the redirect URI must be kept.
fn with_query(uri: &str, params: &[(&str, &str)]) -> String {
    join_query(uri, &url_encode(params))
}

fn join_query(uri: &str, query: &str) -> String {
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{query}")
}

#[cfg(test)]
mod tests;

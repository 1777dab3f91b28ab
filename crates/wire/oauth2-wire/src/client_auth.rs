//! Who the client says it is (RFC 6749 §2.3.1), and bearer tokens (RFC 6750 §2).

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

use crate::Params;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The credentials of a client. Nothing is verified yet. No `Debug`: it holds secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientAuth {
    /// `Authorization: Basic`.
    Basic(BasicCredentials),
    /// `client_id` and, unless the client is public, `client_secret` in the form.
    Post { client_id: String, client_secret: Option<String> },
    /// A signed assertion (RFC 7523 §2.2); `client_id` is optional beside it.
    Assertion { client_id: Option<String>, assertion_type: String, assertion: String },
    /// Nothing, or a Basic header that cannot be read: `invalid_client`.
    Missing,
}

impl ClientAuth {
    /// COMPAT: a Basic header wins over the form, and a broken one is not replaced by the form.
    pub fn parse(authorization: Option<&str>, params: &Params) -> Self {
        if let Some(token) = authorization.and_then(|header| scheme(header, "Basic")) {
            return BasicCredentials::parse(token).map_or(Self::Missing, Self::Basic);
        }
        let client_id = params.get_owned("client_id");
        // With a secret beside it, the assertion is not what authenticates the client: authentik's
        // clients send one with the grant `client_credentials` to name a machine user.
        let client_secret = params.get_owned("client_secret");
        if client_secret.is_none()
            && let (Some(assertion_type), Some(assertion)) =
                (params.get_owned("client_assertion_type"), params.get_owned("client_assertion"))
        {
            return Self::Assertion { client_id, assertion_type, assertion };
        }
        match client_id {
            Some(client_id) => Self::Post { client_id, client_secret },
            None => Self::Missing,
        }
    }

    /// The ids the client may have meant, likeliest first.
    pub fn client_ids(&self) -> Vec<&str> {
        match self {
            Self::Basic(credentials) => {
                let mut ids: Vec<&str> = credentials.candidates().map(|(client_id, _)| client_id).collect();
                ids.dedup();
                ids
            }
            Self::Post { client_id, .. } => vec![client_id],
            Self::Assertion { client_id, .. } => client_id.iter().map(String::as_str).collect(),
            Self::Missing => Vec::new(),
        }
    }
}

/// A Basic header in its two possible readings.
///
/// RFC 6749 §2.3.1 has id and secret form-encoded before they are joined; authentik never decodes
/// them, so clients that work with it send them bare, and clients that follow the RFC only work when
/// nothing needed encoding. Both readings are tried, the bare one first.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicCredentials {
    bare: (String, String),
    decoded: Option<(String, String)>,
}

impl BasicCredentials {
    fn parse(token: &str) -> Option<Self> {
        let text = String::from_utf8(LENIENT.decode(token).ok()?).ok()?;
        let (client_id, client_secret) = text.split_once(':').unwrap_or((&text, ""));
        if client_id.is_empty() {
            return None;
        }
        let bare = (client_id.to_owned(), client_secret.to_owned());
        let decoded = form_decode(client_id).zip(form_decode(client_secret));
        Some(Self { decoded: decoded.filter(|decoded| *decoded != bare), bare })
    }

    /// Pairs of id and secret to try, in order.
    pub fn candidates(&self) -> impl Iterator<Item = (&str, &str)> {
        [Some(&self.bare), self.decoded.as_ref()]
            .into_iter()
            .flatten()
            .map(|(client_id, client_secret)| (client_id.as_str(), client_secret.as_str()))
    }
}

/// The bearer token of a request: from the header, else from the form or query.
///
/// COMPAT: authentik takes `access_token` from the query too (RFC 6750 §2.3 advises against it).
pub fn bearer_token<'request>(
    authorization: Option<&'request str>,
    form: Option<&'request Params>,
    query: Option<&'request Params>,
) -> Option<&'request str> {
    authorization
        .and_then(|header| scheme(header, "Bearer"))
        .or_else(|| form.and_then(|form| form.get("access_token")))
        .or_else(|| query.and_then(|query| query.get("access_token")))
}

/// The credentials behind an authentication scheme, whose case does not matter (RFC 9110 §11.1).
fn scheme<'header>(header: &'header str, name: &str) -> Option<&'header str> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case(name) {
        return None;
    }
    // Credentials are ASCII and may be long.
    rest.split_ascii_whitespace().next()
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests;

//! Where the application of a provider is opened when nobody said: at the root of its first redirect URI.

use object::Record;
use serde_json::Value as Json;
use url::Url;

pub fn url(provider: &Record) -> Option<String> {
    let first = provider.get("redirect_uris").as_json()?.as_array()?.first()?.get("url").and_then(Json::as_str)?;
    let url = Url::parse(first).ok()?;
    let host = url.host_str()?;
    // SECURITY: only what a browser goes to; a link must not run code.
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{host}{port}", url.scheme()))
}

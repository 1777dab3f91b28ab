//! Requests to addresses that somebody configured: where they may go, how long they may take, how much they may answer.
//!
//! SECURITY: names resolve to whatever their owner says at that moment. So the addresses that a name resolved to are checked
//! and then connected to, redirects are not followed, and addresses that belong to the machine's own network link (where
//! clouds keep credentials) are never reached. Separate so that there is one such list.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// How long the other side may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

static CLIENT: LazyLock<Result<reqwest::Client, String>> = LazyLock::new(|| {
    reqwest::Client::builder()
        .timeout(PATIENCE)
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(Checked))
        .user_agent("keywright")
        .build()
        .map_err(|error| error.to_string())
});

/// Posts a form. An error says why it did not arrive.
pub async fn post(url: &str, fields: &[(&str, &str)]) -> Result<(), String> {
    let (client, url) = (client()?, checked(url)?);
    let answer = client.post(url).form(fields).send().await.map_err(|error| error.without_url().to_string())?;
    let status = answer.status();
    // OpenID Connect Back-Channel Logout §2.8: 200, and 204 of some frameworks.
    if status.is_success() { Ok(()) } else { Err(format!("the other side answered {status}")) }
}

/// Fetches a document of at most so many bytes. An error says why it could not be had.
pub async fn get(url: &str, most: usize) -> Result<Vec<u8>, String> {
    let (client, url) = (client()?, checked(url)?);
    let mut answer = client.get(url).send().await.map_err(|error| error.without_url().to_string())?;
    if !answer.status().is_success() {
        return Err(format!("the other side answered {}", answer.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| error.without_url().to_string())? {
        if body.len() + chunk.len() > most {
            return Err(format!("the document is longer than {most} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn client() -> Result<&'static reqwest::Client, String> {
    CLIENT.as_ref().map_err(Clone::clone)
}

/// An address that may be asked, as far as it shows before its name is looked up.
fn checked(url: &str) -> Result<Url, String> {
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the address is neither http nor https".to_owned());
    }
    let literal = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(_)) => None,
        None => return Err("the address names no host".to_owned()),
    };
    if literal.is_some_and(|ip| !may_reach(ip)) {
        return Err("the address is not one that may be reached".to_owned());
    }
    Ok(url)
}

fn may_reach(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    match ip {
        IpAddr::V4(v4) => !(v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast()),
        IpAddr::V6(v6) => !(v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast()),
    }
}

struct Checked;

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| may_reach(address.ip())).collect();
            if allowed.is_empty() {
                return Err("the name leads to no address that may be reached".into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    //! Which addresses are reached.

    use super::*;

    #[test]
    fn link_local_addresses_are_never_reached() {
        for address in ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1"] {
            assert!(!may_reach(address.parse().unwrap()), "{address}");
        }
        for address in ["10.0.0.5", "127.0.0.1", "192.0.2.1", "2001:db8::1"] {
            assert!(may_reach(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn only_the_web_is_asked() {
        for url in ["file:///etc/passwd", "ftp://example.com/", "http://169.254.169.254/latest/", "nonsense"] {
            assert!(checked(url).is_err(), "{url}");
        }
        assert!(checked("https://10.0.0.5/openid/v1/jwks").is_ok());
    }
}

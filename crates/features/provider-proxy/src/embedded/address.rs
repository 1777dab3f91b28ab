//! Where the server itself is, for a browser that came to an application.

use feature::App;
use gate::{Asked, Fault, Mode, Site};
use net::Connection;
use outpost::Visitor;
use outpost::address::{REMEDY, is_this_machine};
use settings::ListenAddress;

/// `https://id.example.com`, where browsers reach the server.
///
/// # Errors
/// Nobody said it, and nothing tells it that could be relied on.
pub fn base(app: &App, site: &Site, asked: &Asked) -> Result<String, Fault> {
    let Some(outpost) = outpost::embedded(app) else {
        return Err(Fault::Misconfigured("There is no embedded outpost.".to_owned()));
    };
    // The host in the request is the application's, which tells nothing about the server's.
    let domain = (site.mode() == Mode::ForwardDomain).then_some(&site.external);
    let is_here = is_this_machine(&site.external) || asked.address.is_some_and(|ip| ip.to_canonical().is_loopback());
    match outpost::host(app, &outpost, Visitor { domain, is_here }) {
        Ok(host) => Ok(host.as_str().trim_end_matches('/').to_owned()),
        Err(_) => at_home(app, site, asked).ok_or_else(|| Fault::Misconfigured(REMEDY.to_owned())),
    }
}

/// Where everything runs on one machine, the server is where it listens: an application at `localhost` is opened by a browser
/// on the machine that the reverse proxy runs on, and the proxy came over our loopback.
///
/// SECURITY: both are facts of the configuration and of the connection; no header counts.
fn at_home(app: &App, site: &Site, asked: &Asked) -> Option<String> {
    let connection = asked.parts.extensions.get::<Connection>()?;
    if !is_this_machine(&site.external) || !connection.peer.ip().to_canonical().is_loopback() {
        return None;
    }
    let listens = app.settings().listen.http.iter().find_map(|address| match address {
        ListenAddress::Tcp(tcp) if tcp.port() != 0 => {
            let ip = tcp.ip().to_canonical();
            (ip.is_unspecified() || ip.is_loopback()).then(|| tcp.port())
        }
        _ => None,
    });
    listens.map(|port| format!("http://localhost:{port}"))
}

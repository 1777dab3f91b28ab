//! The outpost inside the server: the gate with the store and the OAuth provider behind it, in front of the router.

mod address;
mod front;
mod issuer;
mod reports;
mod sessions;

use feature::{App, Caller, RequestLine};
use gate::Asked;
use net::{ClientAddress, Connection, Origin, Scheme, TrustedProxies};
use policy::HttpInfo;
use std::sync::Arc;
use telemetry::RequestId;

pub use front::Front;

/// A request as the gate wants it.
fn asked(parts: http::request::Parts, trusted: &TrustedProxies) -> Asked {
    let extensions = &parts.extensions;
    let origin = extensions.get::<Origin>();
    let connection = extensions.get::<Connection>();
    Asked {
        host: origin.map(|o| o.host.clone()).unwrap_or_default(),
        is_secure: origin.is_some_and(|o| o.scheme.is_secure()),
        is_trusted: connection.is_some_and(|c| trusted.believe(c)),
        address: extensions.get::<ClientAddress>().map(|a| a.0),
        request_id: extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default(),
        parts,
    }
}

/// The request as policies and mappings know one.
fn http_info(asked: &Asked) -> Arc<HttpInfo> {
    Arc::new(HttpInfo {
        method: asked.parts.method.as_str().to_owned(),
        path: asked.path().to_owned(),
        query: asked.query().unwrap_or_default().to_owned(),
        headers: HttpInfo::headers(&asked.parts.headers),
        client_ip: asked.address,
        host: asked.host.clone(),
        secure: asked.is_secure,
        request_id: asked.request_id.clone(),
        brand: None,
    })
}

/// The request as the audit record knows one.
fn caller(asked: &Asked) -> Caller {
    let agent = asked.parts.headers.get(http::header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    Caller {
        address: asked.address,
        request_id: asked.request_id.clone(),
        user_agent: agent.chars().take(1024).collect(),
        request: Some(Arc::new(RequestLine {
            method: asked.parts.method.as_str().to_owned(),
            path: asked.path().to_owned(),
            host: asked.host.clone(),
            // SECURITY: codes travel in the query.
            args: serde_json::Map::new(),
        })),
        ..Caller::default()
    }
}

fn origin(asked: &Asked) -> Origin {
    let scheme = if asked.is_secure { Scheme::Https } else { Scheme::Http };
    Origin { scheme, host: asked.host.clone() }
}

/// A refusal of the domain as a fault of a port.
fn fault(problem: feature::Problem) -> gate::Fault {
    let text = problem.body.get("detail").and_then(serde_json::Value::as_str).unwrap_or("the request failed");
    match problem.status {
        status if status.is_server_error() => gate::Fault::Unavailable(text.to_owned()),
        _ => gate::Fault::Refused(text.to_owned()),
    }
}

/// The name of the outpost that answers give.
fn name(app: &App) -> String {
    outpost::embedded(app).map_or_else(|| outpost::embedded::NAME.to_owned(), |outpost| outpost.name.clone())
}

//! What every protocol endpoint knows of a request: who asks, from where, and what was sent.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use directory::LazySession;
use feature::{App, Caller, Problem};
use flow::Circumstances;
use http::request::Parts;
use http::{Extensions, HeaderMap, header};
use net::{ClientAddress, Origin, Scheme};
use oauth2_wire::{ClientAuth, Params, ParamsError};
use policy::HttpInfo;
use telemetry::RequestId;

/// Larger forms than any message of the protocol.
const MAX_FORM: usize = 512 * 1024;

/// A request, without its body.
#[derive(Clone)]
pub struct Asked {
    pub caller: Caller,
    pub http: Arc<HttpInfo>,
    pub origin: Origin,
    /// `https://host` as the client reached us.
    pub base: String,
    pub headers: HeaderMap,
    pub query: String,
    pub session: Option<LazySession>,
}

impl Asked {
    fn of(parts: &Parts) -> Self {
        let extensions = &parts.extensions;
        let origin = origin(extensions);
        let mut caller = extensions.get::<Caller>().cloned().unwrap_or_default();
        if caller.address.is_none() {
            caller.address = extensions.get::<ClientAddress>().map(|a| a.0);
        }
        if caller.request_id.is_empty() {
            caller.request_id = extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        }
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let http = HttpInfo {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: query.clone(),
            headers: HttpInfo::headers(&parts.headers),
            client_ip: caller.address,
            host: origin.host.clone(),
            secure: origin.scheme.is_secure(),
            request_id: caller.request_id.clone(),
            brand: None,
        };
        Self {
            http: Arc::new(http),
            base: origin.to_string(),
            origin,
            headers: parts.headers.clone(),
            query,
            session: extensions.get::<LazySession>().cloned(),
            caller,
        }
    }
    /// The parameters of the address.
    pub fn parameters(&self) -> Result<Params, ParamsError> {
        Params::parse(self.query.as_bytes())
    }
    /// The request as flows know it.
    pub async fn circumstances(&self, app: &App) -> Result<Circumstances, Problem> {
        let Some(session) = &self.session else { return Err(Problem::fault("a request without session middleware")) };
        Ok(Circumstances {
            app: app.clone(),
            caller: self.caller.clone(),
            browser: session.load().await?,
            origin: self.origin.clone(),
            http: Some(Arc::clone(&self.http)),
            query: flow::next::parse_query(&self.query),
        })
    }
    pub fn authorization(&self) -> Option<&str> {
        self.headers.get(header::AUTHORIZATION)?.to_str().ok()
    }
    pub fn client_auth(&self, form: &Params) -> ClientAuth {
        ClientAuth::parse(self.authorization(), form)
    }
}

fn origin(extensions: &Extensions) -> Origin {
    extensions.get::<Origin>().cloned().unwrap_or_else(|| Origin { scheme: Scheme::Http, host: "localhost".to_owned() })
}

impl FromRequestParts<App> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// A request with the fields of its form; any other body counts as none, as for upstream.
pub struct Form {
    pub asked: Asked,
    pub fields: Result<Params, ParamsError>,
}

impl FromRequest<App> for Form {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &App) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        let asked = Asked::of(&parts);
        let is_form = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|t| t.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM));
        let bytes = if is_form { read(body).await } else { Vec::new() };
        Ok(Self { asked, fields: Params::parse(&bytes) })
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A body that breaks off or is too large counts as none: what it lacks is then told.
async fn read(body: Body) -> Vec<u8> {
    to_bytes(body, MAX_FORM).await.map(|b| b.to_vec()).unwrap_or_default()
}

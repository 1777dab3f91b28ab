//! Ready-made configuration for the reverse proxy before a provider: by the API, and for the command line.
//!
//! The texts themselves are the gate's ([`gate::setup`]); here is where they find the provider.

use feature::{App, BoxFuture, Call, Method, Operation, Permission, Problem, Reply, parameter};
use gate::setup::{self, Facts, File, Proxy, SetupFault, Wanted};
use object::Id;
use serde_json::json;

use crate::index;
use crate::provider::ProxyProvider;

pub const OPERATIONS: &[Operation] = &[Operation {
    id: "providers_proxy_setup_retrieve",
    method: Method::Get,
    path: "providers/proxy/{id}/setup/",
    permission: Permission::Target("authentik_providers_proxy.view_proxyprovider"),
    summary: "Ready-made configuration for the reverse proxy that asks about this provider's application.",
    request: "",
    response: r#"{"type": "object", "properties": {"proxy": {"type": "string"}, "files": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "content": {"type": "string"}}, "required": ["content", "name"]}}}, "required": ["files", "proxy"]}"#,
    status: 200,
    parameters: &[
        (
            "proxy",
            r#"{"type": "string", "enum": ["traefik", "traefik-labels", "traefik-kubernetes", "nginx", "ingress-nginx", "caddy", "haproxy", "envoy", "istio"]}"#,
        ),
        ("app", r#"{"type": "string", "format": "uri"}"#),
        parameter::text("name"),
        ("server", r#"{"type": "string", "format": "uri"}"#),
        ("upstream", r#"{"type": "string", "format": "uri"}"#),
    ],
    run,
}];

fn run(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let key = call.target()?.key().and_then(Id::<ProxyProvider>::from_key).ok_or_else(Problem::not_found)?;
        let given = |name| call.parameter(name).filter(|text| !text.is_empty());
        let wanted =
            Wanted { name: given("name"), app: given("app"), server: given("server"), upstream: given("upstream") };
        let proxy = given("proxy").unwrap_or_default();
        let files = files(&call.app, key, proxy, &wanted).map_err(|fault| match fault {
            NoSetup::Gone => Problem::not_found(),
            NoSetup::Provider(text) => Problem::invalid(text),
            NoSetup::Fault(fault) => Problem::field(fault.field(), fault.to_string()),
        })?;
        Ok(Reply::ok(json!({ "proxy": proxy, "files": files })))
    })
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum NoSetup {
    Gone,
    /// The provider itself is not complete.
    Provider(String),
    Fault(SetupFault),
}

impl std::fmt::Display for NoSetup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gone => f.write_str("there is no such proxy provider"),
            Self::Provider(text) => f.write_str(text),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

/// The files for a provider and a proxy.
pub fn files(app: &App, key: Id<ProxyProvider>, proxy: &str, wanted: &Wanted) -> Result<Vec<File>, NoSetup> {
    let proxy = Proxy::of_name(proxy).map_err(NoSetup::Fault)?;
    let snapshot = app.store().snapshot();
    let provider = snapshot.get::<ProxyProvider>(key).ok_or(NoSetup::Gone)?;
    let site = index::site_of(&snapshot, &provider).map_err(|fault| NoSetup::Provider(fault.to_string()))?;
    let facts = Facts::of(&site, wanted).map_err(NoSetup::Fault)?;
    Ok(setup::render(proxy, &facts))
}

/// The provider of an application, by the application's slug.
pub fn of_application(app: &App, slug: &str) -> Option<Id<ProxyProvider>> {
    let snapshot = app.store().snapshot();
    let providers = snapshot.all::<ProxyProvider>();
    let found = providers.iter().find(|provider| {
        apps::of_provider(&snapshot, Id(provider.base.base.pk.0)).is_some_and(|application| application.slug == slug)
    });
    found.map(|provider| Id(provider.base.base.pk.0))
}

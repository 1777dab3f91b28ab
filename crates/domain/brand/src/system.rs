//! What administrators can learn about the running program.

use feature::{App, BoxFuture, Call, Method, Operation, Permission, Problem, Reply};
use http::HeaderMap;
use object::{Value, render_value};
use serde_json::{Map, Value as Json, json};

use crate::resolve::of_host;

/// What is told of the outpost inside the server: where it sends people (empty when nobody said), `None` when it is switched
/// off. Handed in by whoever runs it.
pub struct EmbeddedOutpost(pub fn(&App) -> Option<String>);

/// The version of the API that is served; clients compare it with their own.
pub const API_VERSION: &str = "2025.12.4";

const fn get(id: &'static str, path: &'static str, summary: &'static str, response: &'static str) -> Operation {
    Operation {
        id,
        method: Method::Get,
        path,
        permission: Permission::Authenticated,
        summary,
        request: "",
        response,
        status: 200,
        parameters: &[],
        run: version,
    }
}

const APPS_SCHEMA: &str = r##"{"type":"array","items":{"$ref":"#/components/schemas/App"}}"##;
const SYSTEM_INFO: Permission = Permission::Global("authentik_rbac.view_system_info");

pub const VERSION: Operation = get(
    "admin_version_retrieve",
    "admin/version/",
    "Read the version that runs.",
    r##"{"$ref":"#/components/schemas/Version"}"##,
);
pub const APPS: Operation =
    Operation { run: apps, ..get("admin_apps_list", "admin/apps/", "List the parts of the program.", APPS_SCHEMA) };
pub const MODELS: Operation =
    Operation { run: models, ..get("admin_models_list", "admin/models/", "List the kinds of objects.", APPS_SCHEMA) };
pub const SYSTEM: Operation = Operation {
    permission: SYSTEM_INFO,
    run: system,
    ..get(
        "admin_system_retrieve",
        "admin/system/",
        "Read about the machine and the request as they arrive here.",
        r##"{"$ref":"#/components/schemas/SystemInfo"}"##,
    )
};
pub const SYSTEM_POST: Operation = Operation { id: "admin_system_create", method: Method::Post, ..SYSTEM };

fn version(_: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    // Nobody is asked for newer versions, so the present one is the latest known.
    let json = json!({
        "version_current": API_VERSION,
        "version_latest": API_VERSION,
        "version_latest_valid": true,
        "build_hash": "",
        "outdated": false,
        "outpost_outdated": false,
    });
    Box::pin(async move { Ok(Reply::ok(json)) })
}

fn apps(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let mut labels: Vec<&str> =
            call.app.registry().catalogue.models().iter().map(|m| m.schema.app_label()).collect();
        labels.sort_unstable();
        labels.dedup();
        let app = |label: &&str| {
            let name = app_name(label);
            json!({"label": app_label(&name), "name": name})
        };
        Ok(Reply::ok(labels.iter().map(app).collect()))
    })
}

/// `authentik.stages.user_login` of `authentik_stages_user_login`.
pub fn app_name(label: &str) -> String {
    let Some(rest) = label.strip_prefix("authentik_") else { return label.to_owned() };
    for group in ["policies", "providers", "sources", "stages"] {
        if let Some(kind) = rest.strip_prefix(group).and_then(|r| r.strip_prefix('_')) {
            return format!("authentik.{group}.{kind}");
        }
    }
    format!("authentik.{rest}")
}

/// `authentik Stages.User Login` of `authentik.stages.user_login`.
fn app_label(name: &str) -> String {
    let word = |word: &str| match word {
        "oauth2" => "OAuth2".to_owned(),
        "ldap" | "saml" | "scim" | "rac" | "totp" | "sms" | "rbac" | "ssf" | "mtls" => word.to_uppercase(),
        "webauthn" => "WebAuthn".to_owned(),
        "oauth" => "OAuth".to_owned(),
        "geoip" => "GeoIP".to_owned(),
        _ => word[..1].to_uppercase() + &word[1..],
    };
    let part = |part: &str| part.split('_').filter(|w| !w.is_empty()).map(word).collect::<Vec<_>>().join(" ");
    let rest = name.strip_prefix("authentik.").unwrap_or(name);
    format!("authentik {}", rest.split('.').map(part).collect::<Vec<_>>().join("."))
}

fn models(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let shown = call.app.registry().catalogue.models().iter().filter(|m| m.schema.blueprint && !m.schema.family);
        let model = |m: &&'static object::Model| json!({"name": m.name(), "label": m.schema.verbose_name});
        Ok(Reply::ok(shown.map(model).collect()))
    })
}

fn system(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let brand = of_host(&call.app.store().snapshot(), &call.origin.host);
        let outpost = call.app.service::<EmbeddedOutpost>().and_then(|told| (told.0)(&call.app));
        let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
        Ok(Reply::ok(json!({
            "http_headers": headers(&call.headers),
            "http_host": call.origin.host,
            "http_is_secure": call.origin.scheme.is_secure(),
            "runtime": {
                "architecture": arch,
                "authentik_version": API_VERSION,
                "environment": "custom",
                "openssl_fips_enabled": Json::Null,
                "openssl_version": "AWS-LC",
                "platform": format!("{os}-{arch}"),
                "python_version": "",
                "uname": format!("{os} {arch}"),
            },
            "brand": brand.display(),
            "server_time": render_value(&Value::Time(call.app.clock().now())),
            "embedded_outpost_disabled": outpost.is_none(),
            "embedded_outpost_host": outpost.unwrap_or_default(),
        })))
    })
}

/// The headers as a WSGI server names them. Credentials are left out: they have no business on a page.
fn headers(headers: &HeaderMap) -> Map<String, Json> {
    let shown = headers.iter().filter(|(n, _)| !matches!(n.as_str(), "authorization" | "cookie"));
    let entry = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let name = name.as_str().to_uppercase().replace('-', "_");
        let name =
            if matches!(name.as_str(), "CONTENT_TYPE" | "CONTENT_LENGTH") { name } else { format!("HTTP_{name}") };
        (name, String::from_utf8_lossy(value.as_bytes()).into_owned().into())
    };
    shown.map(entry).collect()
}

//! What the pages need to know before anybody is logged in: the brand of the request and the public settings.

use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply};
use serde_json::{Map, Value as Json, json};
use store::Snapshot;

use crate::files::picture;
use crate::resolve::{flow_slug, of_host};
use crate::tenant::tenant;

pub const CURRENT: Operation = Operation {
    id: "core_brands_current_retrieve",
    method: Method::Get,
    path: "core/brands/current/",
    permission: Permission::Anonymous,
    summary: "Read the brand of the host that was asked.",
    request: "",
    response: r##"{"$ref":"#/components/schemas/CurrentBrand"}"##,
    status: 200,
    parameters: &[],
    run: current,
};

pub const CONFIG: Operation = Operation {
    id: "root_config_retrieve",
    method: Method::Get,
    path: "root/config/",
    permission: Permission::Anonymous,
    summary: "Read the settings that everybody may know.",
    request: "",
    response: r##"{"$ref":"#/components/schemas/Config"}"##,
    status: 200,
    parameters: &[],
    run: config,
};

fn current(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move { Ok(Reply::ok(current_json(&call.app.store().snapshot(), &call.origin.host))) })
}

/// The brand of a host as the pages see it.
pub fn current_json(snapshot: &Snapshot, host: &str) -> Json {
    let brand = of_host(snapshot, host);
    let tenant = tenant(snapshot);
    let flag = |name: &str| tenant.flags.get(name).and_then(Json::as_bool).unwrap_or(false);
    let mut out = Map::new();
    out.insert("matched_domain".into(), brand.domain.as_str().into());
    out.insert("branding_title".into(), brand.branding_title.as_str().into());
    out.insert("branding_logo".into(), picture(&brand.branding_logo).into());
    out.insert("branding_logo_themed_urls".into(), themed(&brand.branding_logo));
    out.insert("branding_favicon".into(), picture(&brand.branding_favicon).into());
    out.insert("branding_favicon_themed_urls".into(), themed(&brand.branding_favicon));
    out.insert("branding_custom_css".into(), brand.branding_custom_css.as_str().into());
    out.insert("ui_footer_links".into(), tenant.footer_links.clone());
    out.insert("ui_theme".into(), brand.theme().into());
    let flows = [
        ("flow_authentication", brand.flow_authentication),
        ("flow_invalidation", brand.flow_invalidation),
        ("flow_recovery", brand.flow_recovery),
        ("flow_unenrollment", brand.flow_unenrollment),
        ("flow_user_settings", brand.flow_user_settings),
        ("flow_device_code", brand.flow_device_code),
    ];
    for (name, flow) in flows {
        // Left out rather than null: that is how clients tell.
        if let Some(slug) = flow_slug(snapshot, flow) {
            out.insert(name.into(), slug.into());
        }
    }
    out.insert("default_locale".into(), brand.default_locale().into());
    let flags = json!({
        "policies_buffered_access_view": flag("policies_buffered_access_view"),
        "flows_refresh_others": flag("flows_refresh_others"),
    });
    out.insert("flags".into(), flags);
    Json::Object(out)
}

/// The addresses of a picture that has one for light and one for dark pages; null when it has only one.
fn themed(address: &str) -> Json {
    if !address.contains("%(theme)s") {
        return Json::Null;
    }
    json!({"light": picture(&address.replace("%(theme)s", "light")), "dark": picture(&address.replace("%(theme)s", "dark"))})
}

fn config(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let tenant = tenant(&call.app.store().snapshot());
        let capabilities: Vec<&str> = if tenant.impersonation { vec!["can_impersonate"] } else { Vec::new() };
        Ok(Reply::ok(json!({
            // Nothing is ever reported to anybody.
            "error_reporting": {
                "enabled": false,
                "sentry_dsn": "",
                "environment": "customer",
                "send_pii": false,
                "traces_sample_rate": 0.0,
            },
            "capabilities": capabilities,
            "cache_timeout": 300,
            "cache_timeout_flows": 300,
            "cache_timeout_policies": 300,
        })))
    })
}

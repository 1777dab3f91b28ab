//! Which brand a request is under.

use std::collections::HashMap;
use std::sync::Arc;

use feature::App;
use object::{Id, Key, Uuid};
use serde_json::{Map, Value as Json, json};
use store::Snapshot;

use crate::brand::Brand;

/// The brands by domain, and the one for everything else.
struct Brands {
    by_domain: HashMap<String, Arc<Brand>>,
    otherwise: Arc<Brand>,
}

fn brands(snapshot: &Snapshot) -> Arc<Brands> {
    snapshot.derive(|snapshot| {
        let all = snapshot.all::<Brand>();
        let otherwise = all.iter().find(|b| b.default).cloned().unwrap_or_else(|| Arc::new(fallback()));
        let by_domain = all.iter().map(|b| (b.domain.to_lowercase(), Arc::clone(b))).collect();
        Brands { by_domain, otherwise }
    })
}

/// The brand of a host name (with or without port): the one with the longest domain that the name is or lies below, else
/// the default one. There always is one.
pub fn of_host(snapshot: &Snapshot, host: &str) -> Arc<Brand> {
    let brands = brands(snapshot);
    let host = host.to_lowercase();
    let domain = match host.rsplit_once(':') {
        Some((domain, port)) if port.bytes().all(|b| b.is_ascii_digit()) => domain,
        _ => &host,
    };
    // Whole labels only: `example.com` must not speak for `evil-example.com`.
    let below = std::iter::successors(Some(domain), |name| name.split_once('.').map(|(_, rest)| rest));
    let mut names = std::iter::once(host.as_str()).chain(below);
    names.find_map(|name| brands.by_domain.get(name)).cloned().unwrap_or_else(|| Arc::clone(&brands.otherwise))
}

/// What stands in before any brand was made.
fn fallback() -> Brand {
    Brand {
        brand_uuid: Id(Uuid::nil()),
        domain: "fallback".into(),
        default: false,
        branding_title: "authentik".into(),
        branding_logo: "/static/dist/assets/icons/icon_left_brand.svg".into(),
        branding_favicon: "/static/dist/assets/icons/icon.png".into(),
        branding_custom_css: String::new(),
        branding_default_flow_background: "/static/dist/assets/images/flow_background.jpg".into(),
        flow_authentication: None,
        flow_invalidation: None,
        flow_recovery: None,
        flow_unenrollment: None,
        flow_user_settings: None,
        flow_device_code: None,
        default_application: None,
        web_certificate: None,
        client_certificates: object::Refs::default(),
        attributes: Map::new(),
    }
}

impl Brand {
    /// What people call it.
    pub fn display(&self) -> String {
        display(self.default, &self.domain)
    }
    /// A setting of the web pages: `setting(&["theme", "base"])` reads `attributes.settings.theme.base`.
    pub fn setting(&self, path: &[&str]) -> Option<&Json> {
        path.iter().try_fold(self.attributes.get("settings")?, |json, name| json.get(name))
    }
    /// The language of people who chose none; empty for that of their browser.
    pub fn default_locale(&self) -> &str {
        self.setting(&["locale"]).and_then(Json::as_str).unwrap_or_default()
    }
    /// `light`, `dark`, or `automatic` for what the browser prefers.
    pub fn theme(&self) -> &str {
        let theme = self.setting(&["theme", "base"]).and_then(Json::as_str);
        theme.filter(|t| matches!(*t, "light" | "dark")).unwrap_or("automatic")
    }
}

pub(crate) fn display(default: bool, domain: &str) -> String {
    if default { "Default brand".to_owned() } else { format!("Brand {domain}") }
}

/// The slug of a flow.
pub(crate) fn flow_slug(snapshot: &Snapshot, flow: Option<Uuid>) -> Option<String> {
    let row = snapshot.row("authentik_flows.flow", Key::Uuid(flow?))?;
    Some(row.text("slug").to_owned())
}

/// The brand of a host as events name it.
pub(crate) fn reference(app: &App, host: &str) -> Map<String, Json> {
    let brand = of_host(&app.store().snapshot(), host);
    let Json::Object(map) = json!({
        "pk": brand.brand_uuid.0.simple().to_string(),
        "app": "authentik_brands",
        "name": brand.display(),
        "model_name": "brand",
    }) else {
        return Map::new();
    };
    map
}

//! Brands, as they are kept.

use keys::CertificateKeyPair;
use object::{Id, Object, Refs, Uuid};
use serde_json::{Map, Value as Json};

/// How the pages look and which flows run under a host name.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_brands.brand",
    table = "authentik_brands_brand",
    path = "core/brands",
    verbose = "Brand",
    plural = "Brands",
    component = "ak-brand-form",
    api_name = "Brand",
    filters = [
        "brand_uuid", "branding_default_flow_background", "branding_favicon", "branding_logo", "branding_title",
        "client_certificates", "default", "domain", "flow_authentication", "flow_device_code", "flow_invalidation",
        "flow_recovery", "flow_unenrollment", "flow_user_settings", "web_certificate",
    ],
    search = ["domain", "branding_title", "web_certificate__name", "client_certificates__name"],
    ordering = ["domain"],
    cached
)]
pub struct Brand {
    #[field(key)]
    pub brand_uuid: Id<Self>,
    /// Host name that the brand is for. Names below it belong to it too: `example.com` covers `login.example.com`.
    #[field(unique, unique_text = "This field must be unique.")]
    pub domain: String,
    /// The brand for all hosts that no other brand is for.
    pub default: bool,
    /// Title of the pages.
    #[field(default_text = "authentik")]
    pub branding_title: String,
    /// Address of the logo.
    #[field(default_text = "/static/dist/assets/icons/icon_left_brand.svg")]
    pub branding_logo: String,
    /// Address of the small icon that browsers show.
    #[field(default_text = "/static/dist/assets/icons/icon.png")]
    pub branding_favicon: String,
    /// CSS added to every page.
    #[field(blank)]
    pub branding_custom_css: String,
    /// Picture behind flows that have none of their own.
    #[field(default_text = "/static/dist/assets/images/flow_background.jpg")]
    pub branding_default_flow_background: String,
    /// Flow that logs people in.
    #[field(to = "authentik_flows.flow", set_null)]
    pub flow_authentication: Option<Uuid>,
    /// Flow that logs people out.
    #[field(to = "authentik_flows.flow", set_null)]
    pub flow_invalidation: Option<Uuid>,
    /// Flow for people who forgot their password.
    #[field(to = "authentik_flows.flow", set_null)]
    pub flow_recovery: Option<Uuid>,
    /// Flow by which people remove their account.
    #[field(to = "authentik_flows.flow", set_null)]
    pub flow_unenrollment: Option<Uuid>,
    /// Flow by which people change their own settings.
    #[field(to = "authentik_flows.flow", set_null)]
    pub flow_user_settings: Option<Uuid>,
    /// Flow that people pass after entering the code of a device.
    #[field(to = "authentik_flows.flow", set_null)]
    pub flow_device_code: Option<Uuid>,
    /// Application that external users are sent to after logging in.
    #[field(to = "authentik_core.application", set_null)]
    pub default_application: Option<Uuid>,
    /// Certificate that the web server shows under this brand's host names.
    #[field(set_null)]
    pub web_certificate: Option<Id<CertificateKeyPair>>,
    /// Authorities whose client certificates are accepted.
    pub client_certificates: Refs<CertificateKeyPair>,
    /// Further settings, for instance `settings.theme.base`.
    pub attributes: Map<String, Json>,
}

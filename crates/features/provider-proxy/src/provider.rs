//! The provider: what stands before one application, or before all of a domain.

pub mod check;
pub mod list;

use feature::{BoxFuture, Computed, Problem, Rendering};
use keys::CertificateKeyPair;
use object::{Choices, Generated, Id, Object, Record};
use provider_oauth2::OAuth2Provider;
use serde_json::Value as Json;

/// How the provider stands before its application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "ProxyMode")]
pub enum ProxyMode {
    /// Proxy
    Proxy,
    /// Forward Single
    ForwardSingle,
    /// Forward Domain
    ForwardDomain,
}

/// Lets people into an application that has no login of its own.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_proxy.proxyprovider",
    table = "authentik_providers_proxy_proxyprovider",
    path = "providers/proxy",
    verbose = "Proxy Provider",
    plural = "Proxy Providers",
    component = "ak-provider-proxy-form",
    api_name = "ProxyProvider",
    filters = [
        "authorization_flow__slug__iexact",
        "basic_auth_enabled__iexact=basic_auth_enabled",
        "basic_auth_password_attribute__iexact",
        "basic_auth_user_attribute__iexact",
        "certificate__kp_uuid__iexact=certificate",
        "certificate__name__iexact",
        "cookie_domain__iexact",
        "external_host__iexact",
        "internal_host__iexact",
        "internal_host_ssl_validation__iexact=internal_host_ssl_validation",
        "mode__iexact",
        "name__iexact",
        "property_mappings__iexact=property_mappings",
        "skip_path_regex__iexact"
    ],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct ProxyProvider {
    pub base: OAuth2Provider,
    /// Where requests go once they may pass. Only for the mode in which all traffic goes through the outpost.
    #[field(url, blank)]
    pub internal_host: String,
    /// The address at which people open the application; for a domain, the one that logins come back to.
    #[field(url, required)]
    pub external_host: String,
    /// Check the certificate of the application behind.
    #[field(default_bool = true, label = "Internal host SSL Validation")]
    pub internal_host_ssl_validation: bool,
    /// Whether all traffic goes through the outpost, or a reverse proxy asks it about an application or about a domain.
    #[field(default_text = "proxy")]
    pub mode: ProxyMode,
    /// Paths that need no login: a regular expression a line.
    #[field(blank, keep_blanks)]
    pub skip_path_regex: String,
    /// Let programs in that send a token or an app password along.
    #[field(default_bool = true)]
    pub intercept_header_auth: bool,
    /// Send the application a user name and password out of the user's attributes.
    #[field(label = "Set HTTP-Basic Authentication")]
    pub basic_auth_enabled: bool,
    /// The attribute that holds the user name; without one the e-mail address is sent.
    #[field(blank, label = "HTTP-Basic Username Key")]
    pub basic_auth_user_attribute: String,
    /// The attribute that holds the password.
    #[field(blank, label = "HTTP-Basic Password Key")]
    pub basic_auth_password_attribute: String,
    /// The key pair for TLS under the external host's name.
    #[field(set_null)]
    pub certificate: Option<Id<CertificateKeyPair>>,
    /// Signs what browsers carry during a login.
    #[field(internal, secret, generated(Generated::Token(50)))]
    pub cookie_secret: String,
    /// The domain of the session's cookie: set it to log in once for all names below it.
    #[field(blank)]
    pub cookie_domain: String,
}

/// What follows from being a proxy provider.
pub const DERIVED: &[&str] = &[
    "client_type",
    "client_id",
    "client_secret",
    "access_code_validity",
    "refresh_token_threshold",
    "include_claims_in_id_token",
    "signing_key",
    "encryption_key",
    "redirect_uris",
    "logout_uri",
    "logout_method",
    "sub_mode",
    "issuer_mode",
];

/// What is shown only where it is an OAuth provider.
pub const HIDDEN: &[&str] = &[
    "client_type",
    "client_secret",
    "access_code_validity",
    "refresh_token_threshold",
    "include_claims_in_id_token",
    "signing_key",
    "encryption_key",
    "logout_uri",
    "logout_method",
    "sub_mode",
    "issuer_mode",
];

pub const COMPUTED: &[Computed] = &[Computed {
    name: "outpost_set",
    schema: r#"{"type": "array", "items": {"type": "string"}, "readOnly": true}"#,
    required: true,
    render: outposts,
}];

fn outposts<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move {
        let snapshot = rendering.store.snapshot();
        let names = |record: &Record| -> Json {
            let key = record.key().and_then(Id::from_key);
            let all = key.map(|key| outpost::of_provider(&snapshot, key)).unwrap_or_default();
            all.iter().map(|o| Json::from(format!("Outpost {}", o.name))).collect()
        };
        Ok(records.iter().map(names).collect())
    })
}

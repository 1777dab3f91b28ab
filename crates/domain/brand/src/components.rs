//! The components of the OpenAPI document that the operations here refer to.

use crate::{files, version};

pub const COMPONENTS: &[(&str, &str)] = &[
    ("FileList", files::LISTED),
    ("FileUploadRequest", files::UPLOADED),
    ("VersionHistory", version::SHOWN),
    (
        "CurrentBrand",
        r##"{"type":"object","properties":{"matched_domain":{"type":"string"},"branding_title":{"type":"string"},
        "branding_logo":{"type":"string"},
        "branding_logo_themed_urls":{"allOf":[{"$ref":"#/components/schemas/ThemedUrls"}],"nullable":true,"readOnly":true},
        "branding_favicon":{"type":"string"},
        "branding_favicon_themed_urls":{"allOf":[{"$ref":"#/components/schemas/ThemedUrls"}],"nullable":true,"readOnly":true},
        "branding_custom_css":{"type":"string"},
        "ui_footer_links":{"type":"array","items":{"$ref":"#/components/schemas/FooterLink"},"readOnly":true},
        "ui_theme":{"allOf":[{"$ref":"#/components/schemas/UiThemeEnum"}],"default":"automatic","readOnly":true},
        "flow_authentication":{"type":"string"},"flow_invalidation":{"type":"string"},"flow_recovery":{"type":"string"},
        "flow_unenrollment":{"type":"string"},"flow_user_settings":{"type":"string"},"flow_device_code":{"type":"string"},
        "default_locale":{"type":"string","readOnly":true},"flags":{"$ref":"#/components/schemas/CurrentBrand_flags"}},
        "required":["branding_custom_css","branding_favicon","branding_favicon_themed_urls","branding_logo",
        "branding_logo_themed_urls","branding_title","default_locale","flags","matched_domain","ui_footer_links","ui_theme"]}"##,
    ),
    ("CurrentBrand_flags", FLAGS),
    ("PatchedSettingsRequest_flags", FLAGS),
    ("UiThemeEnum", r#"{"type":"string","enum":["automatic","light","dark"]}"#),
    (
        "FooterLink",
        r#"{"type":"object","properties":{"href":{"type":"string","nullable":true,"readOnly":true},
        "name":{"type":"string","readOnly":true}},"required":["href","name"]}"#,
    ),
    (
        "Config",
        r##"{"type":"object","properties":{"error_reporting":{"$ref":"#/components/schemas/ErrorReportingConfig"},
        "capabilities":{"type":"array","items":{"$ref":"#/components/schemas/CapabilitiesEnum"}},
        "cache_timeout":{"type":"integer"},"cache_timeout_flows":{"type":"integer"},
        "cache_timeout_policies":{"type":"integer"}},
        "required":["cache_timeout","cache_timeout_flows","cache_timeout_policies","capabilities","error_reporting"]}"##,
    ),
    (
        "ErrorReportingConfig",
        r#"{"type":"object","properties":{"enabled":{"type":"boolean","readOnly":true},
        "sentry_dsn":{"type":"string","readOnly":true},"environment":{"type":"string","readOnly":true},
        "send_pii":{"type":"boolean","readOnly":true},
        "traces_sample_rate":{"type":"number","format":"double","readOnly":true}},
        "required":["enabled","environment","send_pii","sentry_dsn","traces_sample_rate"]}"#,
    ),
    (
        "CapabilitiesEnum",
        r#"{"type":"string","enum":["can_save_media","can_save_reports","can_geo_ip","can_asn","can_impersonate",
        "can_debug","is_enterprise"]}"#,
    ),
    (
        "Version",
        r#"{"type":"object","properties":{"version_current":{"type":"string","readOnly":true},
        "version_latest":{"type":"string","readOnly":true},"version_latest_valid":{"type":"boolean","readOnly":true},
        "build_hash":{"type":"string","readOnly":true},"outdated":{"type":"boolean","readOnly":true},
        "outpost_outdated":{"type":"boolean","readOnly":true}},
        "required":["build_hash","outdated","outpost_outdated","version_current","version_latest","version_latest_valid"]}"#,
    ),
    (
        "App",
        r#"{"type":"object","properties":{"name":{"type":"string"},"label":{"type":"string"}},"required":["label","name"]}"#,
    ),
    (
        "SystemInfo",
        r##"{"type":"object","properties":{
        "http_headers":{"type":"object","additionalProperties":{"type":"string"},"readOnly":true},
        "http_host":{"type":"string","readOnly":true},"http_is_secure":{"type":"boolean","readOnly":true},
        "runtime":{"$ref":"#/components/schemas/SystemInfo_runtime"},"brand":{"type":"string","readOnly":true},
        "server_time":{"type":"string","format":"date-time","readOnly":true},
        "embedded_outpost_disabled":{"type":"boolean","readOnly":true},
        "embedded_outpost_host":{"type":"string","readOnly":true}},
        "required":["brand","embedded_outpost_disabled","embedded_outpost_host","http_headers","http_host",
        "http_is_secure","runtime","server_time"]}"##,
    ),
    (
        "SystemInfo_runtime",
        r#"{"type":"object","readOnly":true,"properties":{"python_version":{"type":"string"},"environment":{"type":"string"},
        "architecture":{"type":"string"},"platform":{"type":"string"},"uname":{"type":"string"},
        "openssl_version":{"type":"string"},"openssl_fips_enabled":{"type":"boolean","nullable":true},
        "authentik_version":{"type":"string"}},
        "required":["architecture","authentik_version","environment","openssl_fips_enabled","openssl_version","platform",
        "python_version","uname"]}"#,
    ),
    ("Settings", SETTINGS),
    ("SettingsRequest", SETTINGS),
    ("PatchedSettingsRequest", PATCHED_SETTINGS),
];

const FLAGS: &str = r#"{"type":"object","properties":{"policies_buffered_access_view":{"type":"boolean"},
    "flows_refresh_others":{"type":"boolean"}},"required":["flows_refresh_others","policies_buffered_access_view"]}"#;

macro_rules! settings {
    ($required:literal) => {
        concat!(
            r##"{"type":"object","properties":{"avatars":{"type":"string","minLength":1},
            "default_user_change_name":{"type":"boolean"},"default_user_change_email":{"type":"boolean"},
            "default_user_change_username":{"type":"boolean"},"event_retention":{"type":"string","minLength":1},
            "reputation_lower_limit":{"type":"integer","minimum":-2147483648,"maximum":0},
            "reputation_upper_limit":{"type":"integer","minimum":0,"maximum":2147483647},"footer_links":{},
            "gdpr_compliance":{"type":"boolean"},"impersonation":{"type":"boolean"},
            "impersonation_require_reason":{"type":"boolean"},"default_token_duration":{"type":"string","minLength":1},
            "default_token_length":{"type":"integer","minimum":1,"maximum":2147483647},
            "pagination_default_page_size":{"type":"integer","minimum":0,"maximum":2147483647},
            "pagination_max_page_size":{"type":"integer","minimum":0,"maximum":2147483647},
            "flags":{"$ref":"#/components/schemas/PatchedSettingsRequest_flags"}}"##,
            $required,
            "}"
        )
    };
}
const SETTINGS: &str = settings!(r#","required":["flags"]"#);
const PATCHED_SETTINGS: &str = settings!("");

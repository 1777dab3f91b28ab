//! Mappings that make users and groups out of what a source tells.

use apps::PropertyMapping;
use object::Object;

/// Makes properties of users and groups out of what an OAuth source tells about them.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_sources_oauth.oauthsourcepropertymapping",
    table = "authentik_sources_oauth_oauthsourcepropertymapping",
    path = "propertymappings/source/oauth",
    verbose = "OAuth Source Property Mapping",
    plural = "OAuth Source Property Mappings",
    component = "ak-property-mapping-source-oauth-form",
    api_name = "OAuthSourcePropertyMapping",
    filters = ["managed=managed__in", "managed__isnull", "name"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct OAuthSourcePropertyMapping {
    pub base: PropertyMapping,
}

//! Scope mappings: the claims a scope stands for.

use apps::PropertyMapping;
use feature::{BoxFuture, Change, Problem};
use object::Object;

/// Makes the claims that a client gets with a scope.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_oauth2.scopemapping",
    table = "authentik_providers_oauth2_scopemapping",
    path = "propertymappings/provider/scope",
    verbose = "Scope Mapping",
    plural = "Scope Mappings",
    component = "ak-property-mapping-provider-scope-form",
    api_name = "ScopeMapping",
    filters = ["managed", "managed__isnull", "name", "scope_name"],
    search = ["name", "scope_name"],
    ordering = ["scope_name", "name"],
    cached
)]
pub struct ScopeMapping {
    pub base: PropertyMapping,
    /// The scope that a client asks for.
    pub scope_name: String,
    /// What people read when they are asked for consent. Left empty, they are not told.
    #[field(blank)]
    pub description: String,
}

/// A scope is one word: several are separated by blanks.
pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        if change.record.text("scope_name").contains(char::is_whitespace) {
            return Err(Problem::field("scope_name", "Value must not contain spaces."));
        }
        Ok(())
    })
}

//! The base of all kinds of property mappings.

pub mod api;
pub mod evaluate;

use object::{Id, Object};

/// An expression that makes values for another system, or takes them over from one.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_core.propertymapping",
    table = "authentik_core_propertymapping",
    path = "propertymappings/all",
    verbose = "Property Mapping",
    plural = "Property Mappings",
    api_name = "PropertyMapping",
    verbs = ["list", "retrieve", "destroy", "used_by"],
    filters = ["managed=managed__in", "managed__isnull", "name"],
    search = ["name"],
    ordering = ["name"],
    cached,
    family
)]
pub struct PropertyMapping {
    #[field(key, label = "Pm uuid")]
    pub pk: Id<Self>,
    /// Set when the mapping is looked after by the program or a blueprint.
    #[field(unique, label = "Managed by authentik")]
    pub managed: Option<String>,
    /// Name, unlike that of any other mapping.
    #[field(unique)]
    pub name: String,
    /// What to evaluate.
    #[field(code)]
    pub expression: String,
}

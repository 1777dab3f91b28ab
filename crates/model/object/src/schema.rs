//! The schema of one object: what the derive writes, as plain data.

use crate::field::Field;
use crate::id::KeyKind;

/// Everything the rest of the system knows about a kind of object. Built at compile time; see [`crate::Model`] for the
/// flattened form (base fields first) that running code uses.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Label used in blueprints, permissions and events: `authentik_flows.flow`.
    pub model: &'static str,
    /// Table name, the same in every database.
    pub table: &'static str,
    /// Name for people, singular.
    pub verbose_name: &'static str,
    /// Name for people, plural.
    pub verbose_name_plural: &'static str,
    /// Path below `/api/v3/` without slashes at the ends; `None` for objects without an API of their own.
    pub path: Option<&'static str>,
    /// Name of the admin form component (`ak-stage-dummy-form`).
    pub component: &'static str,
    /// Kind of the primary key.
    pub key: KeyKind,
    /// Field that the detail URL names (`slug`, `identifier`); the key's name by default.
    pub lookup: Option<&'static str>,
    /// The schema this one extends: its fields come first and its table holds the key.
    pub base: Option<&'static Schema>,
    /// Root of a family: has kinds, no rows of its own.
    pub family: bool,
    /// Own fields, without those of the base. The first field of a root is the key.
    pub fields: &'static [Field],
    /// Names or paths (`user__username`) that the list may be filtered by; `parameter=path` where the query parameter is
    /// called otherwise (`groups_by_name=groups__name__in`).
    pub filters: &'static [&'static str],
    /// Names or paths searched by `?search=`.
    pub search: &'static [&'static str],
    /// Default order of the list, `-` for descending.
    pub ordering: &'static [&'static str],
    /// Fields that are unique together.
    pub unique_together: &'static [&'static [&'static str]],
    /// Rows are configuration: few, read on every request, kept in the snapshot.
    pub cached: bool,
    /// Rows are many, but the same ones are asked for again and again: they stay in memory after they were read by a unique
    /// field, until a row of the kind is changed.
    pub remembered: bool,
    /// Rows vanish once their `expires` is past (needs the fields `expires` and `expiring`).
    pub expires: bool,
    /// Changes are recorded as events.
    pub audited: bool,
    /// May stand in a blueprint.
    pub blueprint: bool,
    /// REST verbs that exist, out of `list create retrieve update partial_update destroy used_by`.
    pub verbs: &'static [&'static str],
    /// Permissions beside add, change, delete and view: `(codename, name)`.
    pub permissions: &'static [(&'static str, &'static str)],
    /// Name of the component in the OpenAPI document (`Flow`).
    pub api_name: &'static str,
    /// The doc comment of the struct.
    pub help: &'static str,
}

/// Every verb of a full REST object.
pub const ALL_VERBS: &[&str] = &["list", "create", "retrieve", "update", "partial_update", "destroy", "used_by"];

impl Schema {
    /// A schema with the defaults of an ordinary, audited, blueprint-able object with a UUID key.
    pub const fn new(name: &'static str, help: &'static str, fields: &'static [Field]) -> Self {
        Self {
            model: "",
            table: "",
            verbose_name: name,
            verbose_name_plural: name,
            path: None,
            component: "",
            key: KeyKind::Uuid,
            lookup: None,
            base: None,
            family: false,
            fields,
            filters: &[],
            search: &[],
            ordering: &[],
            unique_together: &[],
            cached: false,
            remembered: false,
            expires: false,
            audited: true,
            blueprint: true,
            verbs: ALL_VERBS,
            permissions: &[],
            api_name: name,
            help,
        }
    }

    pub const fn model(mut self, label: &'static str) -> Self {
        self.model = label;
        self
    }
    pub const fn table(mut self, table: &'static str) -> Self {
        self.table = table;
        self
    }
    pub const fn verbose(mut self, singular: &'static str) -> Self {
        self.verbose_name = singular;
        self
    }
    pub const fn plural(mut self, plural: &'static str) -> Self {
        self.verbose_name_plural = plural;
        self
    }
    pub const fn path(mut self, path: &'static str) -> Self {
        self.path = Some(path);
        self
    }
    pub const fn component(mut self, component: &'static str) -> Self {
        self.component = component;
        self
    }
    pub const fn key(mut self, key: KeyKind) -> Self {
        self.key = key;
        self
    }
    pub const fn lookup(mut self, field: &'static str) -> Self {
        self.lookup = Some(field);
        self
    }
    pub const fn base(mut self, base: &'static Schema) -> Self {
        self.base = Some(base);
        self
    }
    pub const fn family(mut self) -> Self {
        self.family = true;
        self
    }
    pub const fn filters(mut self, filters: &'static [&'static str]) -> Self {
        self.filters = filters;
        self
    }
    pub const fn search(mut self, search: &'static [&'static str]) -> Self {
        self.search = search;
        self
    }
    pub const fn ordering(mut self, ordering: &'static [&'static str]) -> Self {
        self.ordering = ordering;
        self
    }
    pub const fn unique_together(mut self, groups: &'static [&'static [&'static str]]) -> Self {
        self.unique_together = groups;
        self
    }
    pub const fn cached(mut self) -> Self {
        self.cached = true;
        self
    }
    pub const fn remembered(mut self) -> Self {
        self.remembered = true;
        self
    }
    pub const fn expires(mut self) -> Self {
        self.expires = true;
        self
    }
    pub const fn unaudited(mut self) -> Self {
        self.audited = false;
        self
    }
    pub const fn no_blueprint(mut self) -> Self {
        self.blueprint = false;
        self
    }
    pub const fn verbs(mut self, verbs: &'static [&'static str]) -> Self {
        self.verbs = verbs;
        self
    }
    pub const fn permissions(mut self, permissions: &'static [(&'static str, &'static str)]) -> Self {
        self.permissions = permissions;
        self
    }
    pub const fn api_name(mut self, name: &'static str) -> Self {
        self.api_name = name;
        self
    }

    /// `authentik_flows` of `authentik_flows.flow`.
    pub fn app_label(&self) -> &'static str {
        self.model.split_once('.').map_or(self.model, |(app, _)| app)
    }
    /// `flow` of `authentik_flows.flow`.
    pub fn model_name(&self) -> &'static str {
        self.model.split_once('.').map_or(self.model, |(_, name)| name)
    }
}

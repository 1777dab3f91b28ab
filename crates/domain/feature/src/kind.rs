//! The lists that make things exist: features, kinds, jobs.

use std::collections::HashMap;

use futures::future::BoxFuture;
use object::{Catalogue, CatalogueError, Model, Object};

use crate::app::App;
use crate::hook::{CheckHook, ComputedHook, DeleteHook, DisplayHook, ListHook, SaveHook, ScopeHook};
use crate::operation::Operation;
use crate::parameter::Parameter;
use crate::problem::Problem;

/// A read-only field that is worked out when an object is shown.
#[derive(Clone, Copy)]
pub struct Computed {
    pub name: &'static str,
    /// OpenAPI schema as JSON text.
    pub schema: &'static str,
    /// Whether the field stands in the `required` list of the response.
    pub required: bool,
    pub render: ComputedHook,
}

/// A field that may be given but is no column; the hooks read it from [`crate::Change::input`].
#[derive(Clone, Copy)]
pub struct Input {
    pub name: &'static str,
    /// OpenAPI schema as JSON text.
    pub schema: &'static str,
    pub required: bool,
}

/// A kind of object with its behaviour.
#[derive(Clone, Copy)]
pub struct Kind {
    pub model: fn() -> &'static Model,
    pub check: Option<CheckHook>,
    pub saved: Option<SaveHook>,
    pub deleting: Option<DeleteHook>,
    pub computed: &'static [Computed],
    pub inputs: &'static [Input],
    /// Inputs that only blueprints and the program itself may give (a password, a token's key).
    pub privileged_inputs: &'static [Input],
    pub operations: &'static [Operation],
    /// Rows that belong to the caller and are shown without a permission.
    pub own_rows: Option<ScopeHook>,
    /// Whether callers may also make such rows, change and delete them without a permission; the hooks see to it that they
    /// stay theirs.
    pub own_changes: bool,
    /// A reading that needs nothing but a login shows all rows (with the `own_rows` filter if there is one).
    pub open_to_users: bool,
    /// Conditions of the list that the schema cannot say.
    pub listing: Option<ListHook>,
    /// The query parameters that [`Kind::listing`] reads.
    pub list_parameters: &'static [Parameter],
    /// Fields left out of the API's answer although they are columns (shown by a computed field of the same name instead).
    pub hidden: &'static [&'static str],
    /// Inherited fields that the kind works out itself: nobody is asked for them, and what is given is passed over.
    pub derived: &'static [&'static str],
    /// Computed fields that are left out where they are null.
    pub omit_null: &'static [&'static str],
    /// For a family's root: its list and details show every object with all fields of its own kind.
    pub shown_as_kinds: bool,
    /// What people call an object; by default its name.
    pub display: Option<DisplayHook>,
    /// For an object that stands between two others (a stage binding): the names of its two references. Each end counts
    /// as a user of the other one.
    pub link: Option<(&'static str, &'static str)>,
    /// Address of a picture for the list of types.
    pub icon: Option<&'static str>,
    /// What the list says under `autocomplete`, as JSON text.
    pub autocomplete: &'static str,
}

impl Kind {
    pub const fn of<T: Object>() -> Self {
        Self {
            model: T::model,
            check: None,
            saved: None,
            deleting: None,
            computed: &[],
            inputs: &[],
            privileged_inputs: &[],
            operations: &[],
            own_rows: None,
            own_changes: false,
            open_to_users: false,
            listing: None,
            list_parameters: &[],
            hidden: &[],
            derived: &[],
            omit_null: &[],
            shown_as_kinds: false,
            display: None,
            link: None,
            icon: None,
            autocomplete: "{}",
        }
    }
    pub const fn check(mut self, hook: CheckHook) -> Self {
        self.check = Some(hook);
        self
    }
    pub const fn saved(mut self, hook: SaveHook) -> Self {
        self.saved = Some(hook);
        self
    }
    pub const fn deleting(mut self, hook: DeleteHook) -> Self {
        self.deleting = Some(hook);
        self
    }
    pub const fn computed(mut self, computed: &'static [Computed]) -> Self {
        self.computed = computed;
        self
    }
    pub const fn inputs(mut self, inputs: &'static [Input]) -> Self {
        self.inputs = inputs;
        self
    }
    pub const fn privileged_inputs(mut self, inputs: &'static [Input]) -> Self {
        self.privileged_inputs = inputs;
        self
    }
    pub const fn operations(mut self, operations: &'static [Operation]) -> Self {
        self.operations = operations;
        self
    }
    pub const fn own_rows(mut self, hook: ScopeHook) -> Self {
        self.own_rows = Some(hook);
        self
    }
    pub const fn own_changes(mut self) -> Self {
        self.own_changes = true;
        self
    }
    pub const fn open_to_users(mut self) -> Self {
        self.open_to_users = true;
        self
    }
    pub const fn listing(mut self, hook: ListHook, parameters: &'static [Parameter]) -> Self {
        self.listing = Some(hook);
        self.list_parameters = parameters;
        self
    }
    pub const fn omit_null(mut self, fields: &'static [&'static str]) -> Self {
        self.omit_null = fields;
        self
    }
    pub const fn shown_as_kinds(mut self) -> Self {
        self.shown_as_kinds = true;
        self
    }
    pub const fn display(mut self, hook: DisplayHook) -> Self {
        self.display = Some(hook);
        self
    }
    pub const fn link(mut self, one: &'static str, other: &'static str) -> Self {
        self.link = Some((one, other));
        self
    }
    pub const fn icon(mut self, address: &'static str) -> Self {
        self.icon = Some(address);
        self
    }
    pub const fn autocomplete(mut self, json: &'static str) -> Self {
        self.autocomplete = json;
        self
    }
    pub const fn derived(mut self, fields: &'static [&'static str]) -> Self {
        self.derived = fields;
        self
    }
    pub const fn hidden(mut self, fields: &'static [&'static str]) -> Self {
        self.hidden = fields;
        self
    }
}

/// Work that is done again and again.
#[derive(Clone, Copy)]
pub struct Job {
    pub name: &'static str,
    /// Seconds between two runs.
    pub every: u32,
    pub run: for<'a> fn(&'a App) -> BoxFuture<'a, Result<(), Problem>>,
}

/// Everything a feature brings.
#[derive(Clone, Copy)]
pub struct Feature {
    pub name: &'static str,
    pub kinds: &'static [Kind],
    /// API operations that belong to no single kind.
    pub operations: &'static [Operation],
    /// Pages and protocol endpoints outside the API.
    pub routes: Option<fn(&App) -> axum::Router>,
    pub jobs: &'static [Job],
    /// Components of the OpenAPI document that computed fields and operations refer to: name and JSON text.
    pub components: &'static [(&'static str, &'static str)],
    /// Hands in services and observers while the program is put together.
    pub setup: Option<fn(&App)>,
}

impl Feature {
    pub const fn new(name: &'static str) -> Self {
        Self { name, kinds: &[], operations: &[], routes: None, jobs: &[], components: &[], setup: None }
    }
    pub const fn kinds(mut self, kinds: &'static [Kind]) -> Self {
        self.kinds = kinds;
        self
    }
    pub const fn operations(mut self, operations: &'static [Operation]) -> Self {
        self.operations = operations;
        self
    }
    pub const fn routes(mut self, routes: fn(&App) -> axum::Router) -> Self {
        self.routes = Some(routes);
        self
    }
    pub const fn jobs(mut self, jobs: &'static [Job]) -> Self {
        self.jobs = jobs;
        self
    }
    pub const fn components(mut self, components: &'static [(&'static str, &'static str)]) -> Self {
        self.components = components;
        self
    }
    pub const fn setup(mut self, setup: fn(&App)) -> Self {
        self.setup = Some(setup);
        self
    }
}

/// All features together.
pub struct Registry {
    pub features: &'static [&'static Feature],
    pub catalogue: &'static Catalogue,
    kinds: HashMap<&'static str, &'static Kind>,
}

impl Registry {
    /// Builds the catalogue of all features. Leaks it: there is one for the life of the program.
    ///
    /// # Errors
    /// The declarations contradict each other.
    pub fn new(features: &'static [&'static Feature]) -> Result<&'static Self, CatalogueError> {
        let all = || features.iter().flat_map(|f| f.kinds);
        let catalogue = Catalogue::new(all().map(|k| (k.model)()).collect())?;
        let kinds = all().map(|k| ((k.model)().name(), k)).collect();
        Ok(Box::leak(Box::new(Self { features, catalogue: Box::leak(Box::new(catalogue)), kinds })))
    }
    pub fn kind(&self, label: &str) -> Option<&'static Kind> {
        self.kinds.get(label).copied()
    }
    pub fn kinds(&self) -> impl Iterator<Item = &'static Kind> {
        self.features.iter().flat_map(|f| f.kinds)
    }
    /// Whether a kind works a field out itself.
    pub fn is_derived(&self, model: &'static Model, field: &str) -> bool {
        self.chain(model).any(|kind| kind.derived.contains(&field))
    }
    /// The kinds along a model's chain, root first: hooks of a base run for every kind of it.
    pub fn chain(&self, model: &'static Model) -> impl Iterator<Item = &'static Kind> + '_ {
        model.chain.iter().filter_map(|s| self.kind(s.model))
    }
}

//! Which path leads to what: built once at start from the registry.
//!
//! Separate from the dispatch because the OpenAPI document and the tests walk the same table: what is documented is what is
//! served.

use std::collections::HashMap;

use feature::{Kind, Operation, Registry};
use http::Method;
use object::{Access, Field, Model};

/// What an endpoint does for a method.
#[derive(Clone, Copy)]
pub enum Action {
    List,
    Create,
    Retrieve,
    Update,
    PartialUpdate,
    Destroy,
    UsedBy,
    /// The kinds of a family that can be created.
    Types,
    Operation(&'static Operation),
    /// The OpenAPI document.
    Schema,
}

/// One path with its methods.
pub struct Endpoint {
    /// Below `/api/v3/`, as in the OpenAPI document: `flows/instances/{slug}/`.
    pub pattern: String,
    /// The object whose list or detail this is or that the first placeholder names.
    pub kind: Option<&'static Kind>,
    pub methods: Vec<(Method, Action)>,
    /// Names of the placeholders in order.
    placeholders: Vec<String>,
}

impl Endpoint {
    pub fn action(&self, method: &Method) -> Option<Action> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.methods.iter().find(|(m, _)| m == method).map(|(_, a)| *a)
    }
    /// The value of the `Allow` header.
    pub fn allow(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for name in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            if self.methods.iter().any(|(m, _)| m == name) {
                names.push(name);
            }
        }
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        names.join(", ")
    }
    /// Whether the path names one object.
    pub fn is_detail(&self) -> bool {
        !self.placeholders.is_empty()
    }
}

/// A request's path, recognised.
pub struct Place<'t> {
    pub endpoint: &'t Endpoint,
    /// The placeholders with their values, in order.
    pub segments: Vec<(String, String)>,
}

#[derive(Default)]
struct Node {
    exact: HashMap<String, Node>,
    any: Option<Box<Node>>,
    endpoint: Option<usize>,
}

/// Every path of the API.
#[derive(Default)]
pub struct Table {
    pub endpoints: Vec<Endpoint>,
    root: Node,
}

impl Table {
    pub fn new(registry: &'static Registry) -> Self {
        let mut table = Self::default();
        table.add("schema/", None, Method::GET, Action::Schema);
        for kind in registry.kinds() {
            table.add_kind(kind);
        }
        // Operations come last: one on the path of a list or a detail takes its place.
        for feature in registry.features {
            let of_kinds = feature.kinds.iter().flat_map(|k| k.operations.iter().map(move |o| (Some(k), o)));
            for (owner, operation) in of_kinds.chain(feature.operations.iter().map(|o| (None, o))) {
                let named = registry.kinds().find(|k| names(k, operation.path));
                // A placeholder elsewhere in the path (a flow's slug behind `flows/executor/`) names no object of the owner.
                let kind = named.or(owner.filter(|_| !operation.path.contains('{')));
                let method = Method::from_bytes(operation.method.as_str().as_bytes()).unwrap_or(Method::GET);
                table.add(operation.path, kind, method, Action::Operation(operation));
            }
        }
        table
    }

    fn add_kind(&mut self, kind: &'static Kind) {
        let model = (kind.model)();
        let Some(path) = model.schema.path else { return };
        let (list, detail) = (format!("{path}/"), format!("{path}/{{{}}}/", parameter(model)));
        for verb in model.schema.verbs {
            let (at, method, action) = match *verb {
                "list" => (&list, Method::GET, Action::List),
                "create" => (&list, Method::POST, Action::Create),
                "retrieve" => (&detail, Method::GET, Action::Retrieve),
                "update" => (&detail, Method::PUT, Action::Update),
                "partial_update" => (&detail, Method::PATCH, Action::PartialUpdate),
                "destroy" => (&detail, Method::DELETE, Action::Destroy),
                "used_by" => (&format!("{detail}used_by/"), Method::GET, Action::UsedBy),
                other => {
                    tracing::error!("{} has the verb “{other}”, which does not exist", model.name());
                    continue;
                }
            };
            self.add(at, Some(kind), method, action);
        }
        if model.schema.family {
            self.add(&format!("{list}types/"), Some(kind), Method::GET, Action::Types);
        }
    }

    fn add(&mut self, pattern: &str, kind: Option<&'static Kind>, method: Method, action: Action) {
        let mut node = &mut self.root;
        let mut placeholders = Vec::new();
        for segment in pattern.split('/') {
            node = match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                Some(name) => {
                    placeholders.push(name.to_owned());
                    node.any.get_or_insert_default()
                }
                None => node.exact.entry(segment.to_owned()).or_default(),
            };
        }
        let index = *node.endpoint.get_or_insert(self.endpoints.len());
        if index == self.endpoints.len() {
            self.endpoints.push(Endpoint { pattern: pattern.to_owned(), kind, methods: Vec::new(), placeholders });
        }
        let endpoint = &mut self.endpoints[index];
        if endpoint.kind.is_none() {
            endpoint.kind = kind;
        }
        endpoint.methods.retain(|(m, _)| *m != method);
        endpoint.methods.push((method, action));
    }

    /// The endpoint of a path below `/api/v3/`. The slash at the end counts, as upstream.
    pub fn find(&self, path: &str) -> Option<Place<'_>> {
        let segments: Vec<&str> = path.split('/').collect();
        let mut values = Vec::new();
        let endpoint = &self.endpoints[walk(&self.root, &segments, &mut values)?];
        let decoded = values.iter().map(|v| percent_encoding::percent_decode_str(v).decode_utf8().ok().map(Into::into));
        let decoded: Option<Vec<String>> = decoded.collect();
        let segments = endpoint.placeholders.iter().cloned().zip(decoded?).collect();
        Some(Place { endpoint, segments })
    }
}

fn walk<'p>(node: &Node, segments: &[&'p str], values: &mut Vec<&'p str>) -> Option<usize> {
    let Some((first, rest)) = segments.split_first() else { return node.endpoint };
    if let Some(found) = node.exact.get(*first).and_then(|next| walk(next, rest, values)) {
        return Some(found);
    }
    let next = node.any.as_deref().filter(|_| !first.is_empty())?;
    values.push(first);
    let found = walk(next, rest, values);
    if found.is_none() {
        values.pop();
    }
    found
}

/// Whether the path is below the detail of the kind: `core/users/{id}/…`.
fn names(kind: &Kind, path: &str) -> bool {
    let model = (kind.model)();
    let below = model.schema.path.and_then(|own| path.strip_prefix(own)).and_then(|rest| rest.strip_prefix('/'));
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('{'))
}

/// The placeholder of a kind's detail path: upstream calls it after the column.
pub fn parameter(model: &Model) -> String {
    let lookup = model.lookup();
    if !std::ptr::eq(lookup, model.key_field()) {
        return lookup.wire.to_owned();
    }
    // The name of the column tells where it is not simply the key.
    if let Some(name) = [lookup.wire, lookup.name].into_iter().find(|name| *name != "pk") {
        return name.to_owned();
    }
    // `pbm_uuid=pk`: the column has another name in lists too.
    if let Some((alias, _)) =
        model.schema.filters.iter().filter_map(|f| f.split_once('=')).find(|(_, path)| *path == "pk")
    {
        return alias.to_owned();
    }
    match lookup.kind {
        object::Kind::Uuid if lookup.label.is_empty() => format!("{}_uuid", model.root().model_name()),
        object::Kind::Uuid => lookup.label.to_lowercase().replace(' ', "_"),
        _ => "id".to_owned(),
    }
}

/// Whether the field is shown when the object is read.
pub fn is_readable(field: &Field) -> bool {
    !matches!(field.access, Access::WriteOnly | Access::Internal)
}

//! From the tree of a file to the blueprint, collecting what is wrong on the way.

use super::{Blueprint, Entry, Metadata, Permission, State, references};
use crate::nearest::nearest;
use crate::node::{Key, Kind, Node, Scalar, Span};
use crate::problem::{Problem, ProblemKind};

const TOP_KEYS: &[&str] = &["version", "metadata", "context", "entries"];
const METADATA_KEYS: &[&str] = &["name", "labels"];
const ENTRY_KEYS: &[&str] = &["model", "id", "state", "conditions", "identifiers", "attrs", "permissions"];
const PERMISSION_KEYS: &[&str] = &["permission", "user", "role"];

pub(super) struct Reader {
    pub problems: Vec<Problem>,
}

impl Reader {
    pub fn blueprint(&mut self, root: &Node) -> Option<Blueprint> {
        if !matches!(root.kind, Kind::Mapping(_)) {
            let message = format!("a blueprint is a mapping, found {}", root.describe());
            let remedy = "start the file with `version: 1` and a list of `entries`";
            self.error(ProblemKind::Shape, root.span, "", message, remedy);
            return None;
        }
        self.known_keys(root, TOP_KEYS, "", "a blueprint");
        let version = self.version(root.get("version"));
        let metadata = root.get("metadata").and_then(|node| self.metadata(node));
        let context = match root.get("context") {
            Some(node) if !node.is_null() => self.mapping(node, "context"),
            _ => Node::mapping([]),
        };
        let entries = match root.get("entries") {
            Some(node) => self.entries(node),
            None => Vec::new(),
        };
        self.problems.extend(references::check(&entries));
        Some(Blueprint { version, metadata, context, entries })
    }

    fn version(&mut self, node: Option<&Node>) -> i64 {
        let Some(node) = node else {
            return 1;
        };
        let remedy = "write `version: 1`";
        let number = match &node.kind {
            Kind::Scalar(Scalar::Number(number)) => number.as_i64(),
            _ => None,
        };
        let Some(version) = number else {
            let message = format!("the version must be the number 1, found {}", node.describe());
            self.error(ProblemKind::Version, node.span, "version", message, remedy);
            return 1;
        };
        if version != 1 {
            let message = format!("version {version} is unknown, the only version is 1");
            self.error(ProblemKind::Version, node.span, "version", message, remedy);
        }
        version
    }

    fn metadata(&mut self, node: &Node) -> Option<Metadata> {
        if node.is_null() {
            return None;
        }
        self.mapping(node, "metadata");
        self.known_keys(node, METADATA_KEYS, "metadata", "the metadata");
        let remedy = "write `name: My blueprint`";
        let name = match node.get("name") {
            Some(name) => match name.as_str() {
                Some(name) => name.to_owned(),
                None => {
                    let message = format!("the name must be a text, found {}", name.describe());
                    self.error(ProblemKind::Shape, name.span, "metadata.name", message, remedy);
                    String::new()
                }
            },
            None => {
                if matches!(node.kind, Kind::Mapping(_)) {
                    let message = "the metadata has no name";
                    self.error(ProblemKind::Shape, node.span, "metadata", message, remedy);
                }
                String::new()
            }
        };
        let mut labels = Vec::new();
        if let Some(node) = node.get("labels").filter(|node| !node.is_null()) {
            self.mapping(node, "metadata.labels");
            for (key, value) in node.fields() {
                match value.as_str() {
                    Some(text) => labels.push((key.text.clone(), text.to_owned())),
                    None => {
                        let path = format!("metadata.labels.{}", key.text);
                        let message = format!("a label is a text, found {}", value.describe());
                        let remedy = "put the value in quotes, like \"true\"";
                        self.error(ProblemKind::Shape, value.span, &path, message, remedy);
                    }
                }
            }
        }
        Some(Metadata { name, labels })
    }

    fn entries(&mut self, node: &Node) -> Vec<Entry> {
        let mut entries = Vec::new();
        match &node.kind {
            Kind::Sequence(items) => self.section(items, "entries", &mut entries),
            Kind::Mapping(sections) => {
                for (key, section) in sections {
                    let path = format!("entries.{}", key.text);
                    match &section.kind {
                        Kind::Sequence(items) => self.section(items, &path, &mut entries),
                        _ => {
                            let message = format!("a section is a list of entries, found {}", section.describe());
                            let remedy = "start each entry with `- model: app.model`";
                            self.error(ProblemKind::Shape, section.span, &path, message, remedy);
                        }
                    }
                }
            }
            _ => {
                let message = format!("entries must be a list, found {}", node.describe());
                let remedy = "start each entry with `- model: app.model`, or write `entries: []`";
                self.error(ProblemKind::Shape, node.span, "entries", message, remedy);
            }
        }
        entries
    }

    fn section(&mut self, items: &[Node], path: &str, entries: &mut Vec<Entry>) {
        for (index, item) in items.iter().enumerate() {
            entries.extend(self.entry(item, format!("{path}[{index}]")));
        }
    }

    fn entry(&mut self, node: &Node, path: String) -> Option<Entry> {
        if !matches!(node.kind, Kind::Mapping(_)) {
            let message = format!("an entry is a mapping, found {}", node.describe());
            let remedy = "write `model`, `identifiers` and `attrs` below each other";
            self.error(ProblemKind::Shape, node.span, &path, message, remedy);
            return None;
        }
        self.known_keys(node, ENTRY_KEYS, &path, "an entry");
        let model = self.model(node, &path);
        let state = self.state(node, &path);
        let id = self.id(node, &path);
        let conditions = self.list(node, "conditions", &path);
        let field = |reader: &mut Self, key: &str, may_be_null: bool| match node.get(key) {
            Some(value) if may_be_null && value.is_null() => Node::mapping([]),
            Some(value) => reader.mapping(value, &format!("{path}.{key}")),
            None => Node::mapping([]),
        };
        let identifiers = field(self, "identifiers", false);
        let attrs = field(self, "attrs", true);
        let permissions: Vec<Permission> = self
            .list(node, "permissions", &path)
            .iter()
            .enumerate()
            .filter_map(|(index, item)| self.permission(item, &format!("{path}.permissions[{index}]")))
            .collect();
        let span = node.span;
        let model = model?;
        Some(Entry { span, path, model, id, state, conditions, identifiers, attrs, permissions })
    }

    fn model(&mut self, node: &Node, path: &str) -> Option<Node> {
        let remedy = "write it like `model: authentik_core.group`";
        let Some(model) = node.get("model") else {
            self.error(ProblemKind::Shape, node.span, path, "the entry has no model", remedy);
            return None;
        };
        let path = format!("{path}.model");
        match &model.kind {
            Kind::Tagged(_) => {}
            Kind::Scalar(Scalar::String(name)) => {
                if name.split('.').filter(|part| !part.is_empty()).count() != 2 {
                    let message = format!("{name:?} is no model, expected the form app.model");
                    self.error(ProblemKind::Shape, model.span, &path, message, remedy);
                }
            }
            _ => {
                let message = format!("the model must be a text, found {}", model.describe());
                self.error(ProblemKind::Shape, model.span, &path, message, remedy);
            }
        }
        Some(model.clone())
    }

    fn state(&mut self, node: &Node, path: &str) -> Node {
        let Some(state) = node.get("state") else {
            return Node::null(Span::default());
        };
        let is_known = match &state.kind {
            Kind::Tagged(_) => true,
            _ => state.as_str().and_then(State::parse).is_some(),
        };
        if !is_known {
            let near = state.as_str().and_then(|word| nearest(word, State::NAMES));
            let message = format!("the state must be one of {}, found {}", State::NAMES.join(", "), state.describe());
            let remedy = match near {
                Some(known) => format!("did you mean {known}?"),
                None => "leave it out for present".to_owned(),
            };
            self.error(ProblemKind::Shape, state.span, &format!("{path}.state"), message, &remedy);
        }
        state.clone()
    }

    fn id(&mut self, node: &Node, path: &str) -> Option<String> {
        let id = node.get("id")?;
        if id.is_null() {
            return None;
        }
        if id.as_str().is_none() {
            let message = format!("the id must be a text, found {}", id.describe());
            let remedy = "put the id in quotes";
            self.error(ProblemKind::Shape, id.span, &format!("{path}.id"), message, remedy);
        }
        id.as_str().map(str::to_owned)
    }

    fn list(&mut self, node: &Node, key: &str, path: &str) -> Vec<Node> {
        let Some(list) = node.get(key) else {
            return Vec::new();
        };
        if !matches!(list.kind, Kind::Sequence(_)) {
            let message = format!("{key} must be a list, found {}", list.describe());
            let remedy = format!("write `{key}: []`, or each item on a line that starts with `- `");
            self.error(ProblemKind::Shape, list.span, &format!("{path}.{key}"), message, &remedy);
        }
        list.items().to_vec()
    }

    fn permission(&mut self, node: &Node, path: &str) -> Option<Permission> {
        let remedy = "write `permission: view_flow` with `user: !KeyOf …` or `role: !KeyOf …`";
        if !matches!(node.kind, Kind::Mapping(_)) {
            let message = format!("a permission is a mapping, found {}", node.describe());
            self.error(ProblemKind::Shape, node.span, path, message, remedy);
            return None;
        }
        self.known_keys(node, PERMISSION_KEYS, path, "a permission");
        let given = |key: &str| node.get(key).filter(|value| !value.is_null()).cloned();
        let (user, role) = (given("user"), given("role"));
        let Some(permission) = given("permission") else {
            self.error(ProblemKind::Shape, node.span, path, "the permission is not named", remedy);
            return None;
        };
        if permission.as_str().is_none() && !matches!(permission.kind, Kind::Tagged(_)) {
            let message = format!("the permission must be a text, found {}", permission.describe());
            let path = format!("{path}.permission");
            self.error(ProblemKind::Shape, permission.span, &path, message, remedy);
        }
        Some(Permission { span: node.span, permission, user, role })
    }

    fn mapping(&mut self, node: &Node, path: &str) -> Node {
        if matches!(node.kind, Kind::Mapping(_)) {
            return node.clone();
        }
        let message = format!("{path} must be a mapping, found {}", node.describe());
        let remedy = match node.kind {
            Kind::Tagged(_) => "tags are allowed for the values inside, not for the whole mapping",
            _ => "write `key: value` pairs, indented below it",
        };
        self.error(ProblemKind::Shape, node.span, path, message, remedy);
        Node::mapping([])
    }

    fn known_keys(&mut self, node: &Node, known: &[&str], path: &str, owner: &str) {
        let unknown: Vec<&Key> =
            node.fields().iter().map(|(key, _)| key).filter(|key| !known.contains(&key.text.as_str())).collect();
        for key in unknown {
            let message = format!("{owner} has no key {:?}", key.text);
            let remedy = match nearest(&key.text, known.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("its keys are {}", known.join(", ")),
            };
            let path = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
            self.error(ProblemKind::UnknownKey, key.span, &path, message, &remedy);
        }
    }

    pub fn error(&mut self, kind: ProblemKind, span: Span, path: &str, message: impl Into<String>, remedy: &str) {
        self.problems.push(Problem::error(kind, span, message).at(path).remedy(remedy));
    }
}

//! The custom tags of blueprints, parsed once into types.
//!
//! Everything that can be said about a tag without evaluating it is said here, with the place.

use serde_json::Value;

use crate::nearest::nearest;
use crate::node::{Kind, Node, Scalar, Span};
use crate::problem::{Problem, ProblemKind};

/// A custom tag with its arguments. Arguments may themselves hold tags.
#[derive(Debug, Clone, PartialEq)]
pub enum Tag {
    /// The primary key of another entry of this blueprint.
    KeyOf {
        id: String,
    },
    /// The primary key of an object, or null.
    Find(Find),
    /// An object as the API shows it, or null.
    FindObject(Find),
    Context {
        name: String,
        default: Option<Node>,
    },
    Env {
        name: String,
        default: Option<Node>,
    },
    File {
        path: String,
        default: Option<Node>,
    },
    Format {
        format: Node,
        args: Vec<Node>,
    },
    /// Without branches, the truth of the condition.
    If {
        condition: Node,
        branches: Option<(Node, Node)>,
    },
    Condition {
        mode: Mode,
        args: Vec<Node>,
    },
    Enumerate {
        iterable: Node,
        output: Output,
        body: Node,
    },
    Index {
        depth: u32,
    },
    Value {
        depth: u32,
    },
    AtIndex {
        collection: Node,
        index: Node,
        default: Option<Node>,
    },
    ParseJSON {
        text: String,
        value: Value,
    },
}

/// What `!Find` and `!FindObject` look for: the first object that fulfils all conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct Find {
    pub model: Node,
    pub conditions: Vec<(Node, Node)>,
}

/// How `!Condition` joins its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    And,
    Nand,
    Or,
    Nor,
    Xor,
    Xnor,
}

/// What `!Enumerate` builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Sequence,
    Mapping,
}

/// All custom tags.
pub const TAG_NAMES: &[&str] = &[
    "!KeyOf",
    "!Find",
    "!FindObject",
    "!Context",
    "!Env",
    "!File",
    "!Format",
    "!If",
    "!Condition",
    "!Enumerate",
    "!Index",
    "!Value",
    "!AtIndex",
    "!ParseJSON",
];

impl Mode {
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::And, "AND"),
        (Self::Nand, "NAND"),
        (Self::Or, "OR"),
        (Self::Nor, "NOR"),
        (Self::Xor, "XOR"),
        (Self::Xnor, "XNOR"),
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Nand => "NAND",
            Self::Or => "OR",
            Self::Nor => "NOR",
            Self::Xor => "XOR",
            Self::Xnor => "XNOR",
        }
    }
}

impl Output {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sequence => "SEQ",
            Self::Mapping => "MAP",
        }
    }
}

impl Tag {
    pub fn name(&self) -> &'static str {
        match self {
            Self::KeyOf { .. } => "!KeyOf",
            Self::Find(_) => "!Find",
            Self::FindObject(_) => "!FindObject",
            Self::Context { .. } => "!Context",
            Self::Env { .. } => "!Env",
            Self::File { .. } => "!File",
            Self::Format { .. } => "!Format",
            Self::If { .. } => "!If",
            Self::Condition { .. } => "!Condition",
            Self::Enumerate { .. } => "!Enumerate",
            Self::Index { .. } => "!Index",
            Self::Value { .. } => "!Value",
            Self::AtIndex { .. } => "!AtIndex",
            Self::ParseJSON { .. } => "!ParseJSON",
        }
    }

    /// Every argument that is a node, for walks over the tree.
    pub fn arguments(&self) -> Vec<&Node> {
        match self {
            Self::KeyOf { .. } | Self::Index { .. } | Self::Value { .. } | Self::ParseJSON { .. } => Vec::new(),
            Self::Find(find) | Self::FindObject(find) => std::iter::once(&find.model)
                .chain(find.conditions.iter().flat_map(|(field, value)| [field, value]))
                .collect(),
            Self::Context { default, .. } | Self::Env { default, .. } | Self::File { default, .. } => {
                default.iter().collect()
            }
            Self::Format { format, args } => std::iter::once(format).chain(args).collect(),
            Self::If { condition, branches } => std::iter::once(condition)
                .chain(branches.iter().flat_map(|(when, otherwise)| [when, otherwise]))
                .collect(),
            Self::Condition { args, .. } => args.iter().collect(),
            Self::Enumerate { iterable, body, .. } => vec![iterable, body],
            Self::AtIndex { collection, index, default } => [collection, index].into_iter().chain(default).collect(),
        }
    }
}

/// Why a tag could not be parsed; boxed because it travels through many small results.
type Parsed = Result<Tag, Box<Problem>>;

/// Reads a tag written on a scalar, like `!KeyOf flow`.
pub(crate) fn from_text(name: &str, text: &str, span: Span) -> Parsed {
    let syntax = syntax_of(name, span)?;
    let malformed = || {
        let found = if text.is_empty() { "nothing".to_owned() } else { format!("the text {text:?}") };
        syntax.problem(span, &found)
    };
    let named = || {
        if text.is_empty() { Err(malformed()) } else { Ok(text.to_owned()) }
    };
    match name {
        "!KeyOf" => Ok(Tag::KeyOf { id: named()? }),
        "!Context" => Ok(Tag::Context { name: named()?, default: None }),
        "!Env" => Ok(Tag::Env { name: named()?, default: None }),
        "!File" => Ok(Tag::File { path: named()?, default: None }),
        "!Index" => Ok(Tag::Index { depth: depth(text).ok_or_else(malformed)? }),
        "!Value" => Ok(Tag::Value { depth: depth(text).ok_or_else(malformed)? }),
        "!ParseJSON" => match serde_json::from_str(text) {
            Ok(value) => Ok(Tag::ParseJSON { text: text.to_owned(), value }),
            Err(error) => Err(syntax.problem(span, &format!("text that is not JSON ({error})"))),
        },
        _ => Err(malformed()),
    }
}

/// Reads a tag written on a sequence or a mapping, like `!Find [model, [field, value]]`.
pub(crate) fn from_node(name: &str, node: Node) -> Parsed {
    let span = node.span;
    let syntax = syntax_of(name, span)?;
    let found = node.describe();
    let malformed = || syntax.problem(span, &found);
    let Kind::Sequence(items) = node.kind else {
        return Err(malformed());
    };
    let count = items.len();
    let mut items = items.into_iter();
    // The number of items is checked in each arm before they are taken.
    let mut next = || items.next().unwrap_or_else(|| Node::null(span));
    match (name, count) {
        ("!Context", 2) => Ok(Tag::Context { name: text(&next(), &syntax)?, default: Some(next()) }),
        ("!Env", 2) => Ok(Tag::Env { name: text(&next(), &syntax)?, default: Some(next()) }),
        ("!File", 2) => Ok(Tag::File { path: text(&next(), &syntax)?, default: Some(next()) }),
        ("!Find", 1..) => Ok(Tag::Find(find(next(), items, &syntax)?)),
        ("!FindObject", 1..) => Ok(Tag::FindObject(find(next(), items, &syntax)?)),
        ("!Format", 1..) => {
            let format = next();
            if !matches!(format.kind, Kind::Scalar(Scalar::String(_)) | Kind::Tagged(_)) {
                let found = format!("{} as the format", format.describe());
                return Err(syntax.problem(format.span, &found));
            }
            Ok(Tag::Format { format, args: items.collect() })
        }
        ("!If", 1) => Ok(Tag::If { condition: next(), branches: None }),
        ("!If", 3) => Ok(Tag::If { condition: next(), branches: Some((next(), next())) }),
        ("!Condition", 1) => Err(syntax.problem(span, "a mode without any value")),
        ("!Condition", 2..) => {
            let word = next();
            let mode = Mode::ALL
                .into_iter()
                .find(|(_, name)| word.as_str().is_some_and(|word| word.to_uppercase() == *name))
                .map(|(mode, _)| mode);
            let Some(mode) = mode else {
                return Err(syntax.problem(word.span, &format!("{} as the mode", word.describe())));
            };
            Ok(Tag::Condition { mode, args: items.collect() })
        }
        ("!Enumerate", 3) => {
            let (iterable, word, body) = (next(), next(), next());
            let output = match word.as_str().map(str::to_uppercase).as_deref() {
                Some("SEQ") => Output::Sequence,
                Some("MAP") => Output::Mapping,
                _ => {
                    let found = format!("{} as the kind of output", word.describe());
                    return Err(syntax.problem(word.span, &found));
                }
            };
            if matches!(&iterable.kind, Kind::Tagged(tag)
                if matches!(**tag, Tag::Index { depth: 0 } | Tag::Value { depth: 0 }))
            {
                let found = "its own current item as what to go through (depth 0 means this very \
                             !Enumerate; use a depth above 0)";
                return Err(syntax.problem(iterable.span, found));
            }
            Ok(Tag::Enumerate { iterable, output, body })
        }
        ("!AtIndex", 2) => Ok(Tag::AtIndex { collection: next(), index: next(), default: None }),
        ("!AtIndex", 3) => Ok(Tag::AtIndex { collection: next(), index: next(), default: Some(next()) }),
        _ => Err(malformed()),
    }
}

/// How a tag is written, for its error messages.
struct Syntax {
    name: &'static str,
    expected: &'static str,
    example: &'static str,
}

impl Syntax {
    #[expect(clippy::unnecessary_box_returns, reason = "every caller returns it as a boxed error")]
    fn problem(&self, span: Span, found: &str) -> Box<Problem> {
        let message = format!("the tag {} is malformed: found {found}, expected {}", self.name, self.expected);
        let remedy = format!("write it like `{}`", self.example);
        Box::new(Problem::error(ProblemKind::Tag, span, message).remedy(remedy))
    }
}

fn syntax_of(name: &str, span: Span) -> Result<Syntax, Box<Problem>> {
    let (name, expected, example) = match name {
        "!KeyOf" => ("!KeyOf", "the `id` of another entry", "!KeyOf my-flow"),
        "!Find" | "!FindObject" => (
            if name == "!Find" { "!Find" } else { "!FindObject" },
            "a sequence of a model and pairs of field and value",
            if name == "!Find" {
                "!Find [authentik_flows.flow, [slug, my-flow]]"
            } else {
                "!FindObject [authentik_flows.flow, [slug, my-flow]]"
            },
        ),
        "!Context" => ("!Context", "a name, or a sequence of a name and a default", "!Context [region, europe]"),
        "!Env" => (
            "!Env",
            "the name of an environment variable, or a sequence of a name and a default",
            "!Env [ADMIN_EMAIL, admin@example.com]",
        ),
        "!File" => ("!File", "a path, or a sequence of a path and a default", "!File [/run/secrets/client, unset]"),
        "!Format" => {
            ("!Format", "a sequence of a format text and its values", "!Format [\"%s-%d\", !Context region, 1]")
        }
        "!If" => (
            "!If",
            "a sequence of a condition, or of a condition and the values for true and for false",
            "!If [!Context is_production, strict, relaxed]",
        ),
        "!Condition" => (
            "!Condition",
            "a sequence of AND, NAND, OR, NOR, XOR or XNOR and at least one value",
            "!Condition [AND, !Context a, !Context b]",
        ),
        "!Enumerate" => (
            "!Enumerate",
            "a sequence of a sequence or mapping to go through, SEQ or MAP, and the body of an item",
            "!Enumerate [!Context names, SEQ, !Format [\"user-%s\", !Value 0]]",
        ),
        "!Index" => ("!Index", "a depth, 0 being the innermost !Enumerate", "!Index 0"),
        "!Value" => ("!Value", "a depth, 0 being the innermost !Enumerate", "!Value 0"),
        "!AtIndex" => (
            "!AtIndex",
            "a sequence of a sequence or mapping, an index or key, and optionally a default",
            "!AtIndex [!Context regions, 0, none]",
        ),
        "!ParseJSON" => ("!ParseJSON", "a text that is JSON", "!ParseJSON '{\"key\": [1, 2]}'"),
        _ => {
            let shown: String = name.chars().take(60).collect();
            let message = format!("the tag {shown} is unknown");
            let remedy = match nearest(name, TAG_NAMES.iter().copied()) {
                Some(known) => format!("did you mean {known}?"),
                None => format!("the known tags are {}", TAG_NAMES.join(", ")),
            };
            return Err(Box::new(Problem::error(ProblemKind::Tag, span, message).remedy(remedy)));
        }
    };
    Ok(Syntax { name, expected, example })
}

fn find(model: Node, items: impl Iterator<Item = Node>, syntax: &Syntax) -> Result<Find, Box<Problem>> {
    if !matches!(model.kind, Kind::Scalar(Scalar::String(_)) | Kind::Tagged(_)) {
        return Err(syntax.problem(model.span, &format!("{} as the model", model.describe())));
    }
    if let Some(name) = model.as_str()
        && name.split('.').filter(|part| !part.is_empty()).count() != 2
    {
        return Err(syntax.problem(model.span, &format!("the model {name:?}, which is not of the form app.model")));
    }
    let mut conditions = Vec::new();
    for item in items {
        let found = format!("{} as a condition", item.describe());
        let span = item.span;
        match item.kind {
            Kind::Sequence(pair) => match <[Node; 2]>::try_from(pair) {
                Ok([field, value]) => conditions.push((field, value)),
                Err(_) => return Err(syntax.problem(span, &found)),
            },
            _ => return Err(syntax.problem(span, &found)),
        }
    }
    Ok(Find { model, conditions })
}

fn text(node: &Node, syntax: &Syntax) -> Result<String, Box<Problem>> {
    match &node.kind {
        Kind::Scalar(Scalar::String(text) | Scalar::Timestamp(text)) => Ok(text.clone()),
        Kind::Scalar(Scalar::Number(number)) => Ok(number.to_string()),
        _ => Err(syntax.problem(node.span, &format!("{} as the first item", node.describe()))),
    }
}

fn depth(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests;

//! The tree of a blueprint file: typed scalars, sequences, ordered mappings and custom tags, each
//! with the place it was written at.

use serde_json::{Number, Value};

use crate::tag::Tag;

/// A place in the source text. Lines and columns count from one; line zero means that the node
/// does not come from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

impl Span {
    /// Whether this span points into a text at all.
    pub fn is_known(self) -> bool {
        self.line != 0
    }
}

/// One value of the file.
#[derive(Debug, Clone)]
pub struct Node {
    pub span: Span,
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    /// In the order of the file; keys are unique.
    Mapping(Vec<(Key, Node)>),
    Tagged(Box<Tag>),
}

/// A scalar as YAML 1.1 types it. Numbers are finite and fit 64 bits.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    /// A date or date and time in ISO 8601, which is how it appears in JSON.
    Timestamp(String),
}

/// The key of a mapping; numbers, booleans and null are spelled as JSON spells them.
#[derive(Debug, Clone)]
pub struct Key {
    pub span: Span,
    pub text: String,
}

/// Equal nodes mean the same, wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Scalar {
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(value.clone()),
            Self::String(text) | Self::Timestamp(text) => Value::String(text.clone()),
        }
    }

    /// The scalar as the key of a JSON object.
    pub fn to_key(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::String(text) | Self::Timestamp(text) => text.clone(),
        }
    }
}

impl Key {
    /// A key that does not come from a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { span: Span::default(), text: text.into() }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        let kind = match value {
            Value::Null => Kind::Scalar(Scalar::Null),
            Value::Bool(value) => Kind::Scalar(Scalar::Bool(value)),
            Value::Number(value) => Kind::Scalar(Scalar::Number(value)),
            Value::String(text) => Kind::Scalar(Scalar::String(text)),
            Value::Array(items) => Kind::Sequence(items.into_iter().map(Self::from).collect()),
            Value::Object(fields) => {
                Kind::Mapping(fields.into_iter().map(|(key, value)| (Key::new(key), Self::from(value))).collect())
            }
        };
        Self { span: Span::default(), kind }
    }
}

impl From<Tag> for Node {
    fn from(tag: Tag) -> Self {
        Self { span: Span::default(), kind: Kind::Tagged(Box::new(tag)) }
    }
}

impl Node {
    pub fn null(span: Span) -> Self {
        Self { span, kind: Kind::Scalar(Scalar::Null) }
    }

    pub fn string(text: impl Into<String>) -> Self {
        Self { span: Span::default(), kind: Kind::Scalar(Scalar::String(text.into())) }
    }

    pub fn mapping(fields: impl IntoIterator<Item = (String, Self)>) -> Self {
        let fields = fields.into_iter().map(|(key, node)| (Key::new(key), node)).collect();
        Self { span: Span::default(), kind: Kind::Mapping(fields) }
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Scalar::String(text)) => Some(text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Scalar(Scalar::Null))
    }

    /// The fields of a mapping; nothing for any other node.
    pub fn fields(&self) -> &[(Key, Self)] {
        match &self.kind {
            Kind::Mapping(fields) => fields,
            _ => &[],
        }
    }

    /// The items of a sequence; nothing for any other node.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The field of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.fields().iter().find(|(field, _)| field.text == key).map(|(_, node)| node)
    }

    /// Follows keys and positions as far as they exist and returns where that ends, so that a
    /// complaint about `["redirect_uris", "0", "url"]` points as closely as the file allows.
    pub fn locate(&self, segments: &[&str]) -> Option<&Self> {
        let (first, rest) = segments.split_first()?;
        let child = match &self.kind {
            Kind::Mapping(_) => self.get(first),
            Kind::Sequence(items) => first.parse::<usize>().ok().and_then(|at| items.get(at)),
            _ => None,
        }?;
        Some(child.locate(rest).unwrap_or(child))
    }

    /// What the node is, in words, for "expected x, found y".
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Scalar(Scalar::Null) => "null".to_owned(),
            Kind::Scalar(Scalar::Bool(value)) => format!("the boolean {value}"),
            Kind::Scalar(Scalar::Number(value)) => format!("the number {value}"),
            Kind::Scalar(Scalar::String(text)) => {
                let mut short: String = text.chars().take(40).collect();
                if short.len() < text.len() {
                    short.push('…');
                }
                format!("the text {short:?}")
            }
            Kind::Scalar(Scalar::Timestamp(text)) => format!("the date {text}"),
            Kind::Sequence(items) if items.len() == 1 => "a sequence of 1 item".to_owned(),
            Kind::Sequence(items) => format!("a sequence of {} items", items.len()),
            Kind::Mapping(fields) if fields.len() == 1 => "a mapping of 1 key".to_owned(),
            Kind::Mapping(fields) => format!("a mapping of {} keys", fields.len()),
            Kind::Tagged(tag) => format!("the tag {}", tag.name()),
        }
    }
}

//! Writes blueprints and nodes as YAML text, for exports.
//!
//! What is written reads back as the same nodes: texts that YAML 1.1 would take for something
//! else are quoted, texts of several lines become blocks, tags are written as tags.

use crate::blueprint::{Blueprint, Entry, Permission};
use crate::node::{Key, Kind, Node, Scalar};
use crate::scalar;
use crate::tag::{Find, Tag};

/// The whole file.
pub fn blueprint(blueprint: &Blueprint) -> String {
    let mut fields = vec![field("version", Node::from(serde_json::Value::from(blueprint.version)))];
    if let Some(metadata) = &blueprint.metadata {
        let mut inner = vec![field("name", Node::string(&metadata.name))];
        if !metadata.labels.is_empty() {
            let labels = metadata.labels.iter();
            let labels = labels.map(|(key, value)| (key.clone(), Node::string(value)));
            inner.push(field("labels", Node::mapping(labels)));
        }
        fields.push(field("metadata", mapping(inner)));
    }
    if !blueprint.context.fields().is_empty() {
        fields.push(field("context", blueprint.context.clone()));
    }
    fields.push(field("entries", sequence(blueprint.entries.iter().map(entry).collect())));
    node(&mapping(fields))
}

/// One value as a document.
pub fn node(node: &Node) -> String {
    let mut writer = Writer::default();
    match &node.kind {
        Kind::Mapping(fields) if !fields.is_empty() => writer.fields(fields, 0, false),
        Kind::Sequence(items) if !items.is_empty() => writer.items(items, 0, false),
        _ => {
            writer.inline(node, 0);
            writer.out.push('\n');
        }
    }
    writer.out
}

fn field(name: &str, node: Node) -> (Key, Node) {
    (Key::new(name), node)
}

fn mapping(fields: Vec<(Key, Node)>) -> Node {
    Node { span: crate::Span::default(), kind: Kind::Mapping(fields) }
}

fn sequence(items: Vec<Node>) -> Node {
    Node { span: crate::Span::default(), kind: Kind::Sequence(items) }
}

fn entry(entry: &Entry) -> Node {
    let mut fields = vec![field("model", entry.model.clone())];
    if let Some(id) = &entry.id {
        fields.push(field("id", Node::string(id)));
    }
    if !entry.state.is_null() {
        fields.push(field("state", entry.state.clone()));
    }
    if !entry.conditions.is_empty() {
        fields.push(field("conditions", sequence(entry.conditions.clone())));
    }
    fields.push(field("identifiers", entry.identifiers.clone()));
    if !entry.attrs.fields().is_empty() {
        fields.push(field("attrs", entry.attrs.clone()));
    }
    if !entry.permissions.is_empty() {
        let permissions = entry.permissions.iter().map(permission).collect();
        fields.push(field("permissions", sequence(permissions)));
    }
    mapping(fields)
}

fn permission(permission: &Permission) -> Node {
    let mut fields = vec![field("permission", permission.permission.clone())];
    fields.extend(permission.user.iter().map(|user| field("user", user.clone())));
    fields.extend(permission.role.iter().map(|role| field("role", role.clone())));
    mapping(fields)
}

#[derive(Default)]
struct Writer {
    out: String,
}

impl Writer {
    fn indent(&mut self, width: usize) {
        self.out.extend(std::iter::repeat_n(' ', width));
    }

    /// The fields of a block mapping; the first line is already indented if it `continues` one.
    fn fields(&mut self, fields: &[(Key, Node)], indent: usize, continues: bool) {
        for (index, (key, value)) in fields.iter().enumerate() {
            if index > 0 || !continues {
                self.indent(indent);
            }
            self.key(&key.text, indent);
            self.value(value, indent);
        }
    }

    fn items(&mut self, items: &[Node], indent: usize, continues: bool) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 || !continues {
                self.indent(indent);
            }
            self.out.push('-');
            match &item.kind {
                Kind::Mapping(fields) if !fields.is_empty() => {
                    self.out.push(' ');
                    self.fields(fields, indent + 2, true);
                }
                Kind::Sequence(inner) if !inner.is_empty() => {
                    self.out.push(' ');
                    self.items(inner, indent + 2, true);
                }
                _ => {
                    self.out.push(' ');
                    self.inline(item, indent);
                    self.out.push('\n');
                }
            }
        }
    }

    fn value(&mut self, value: &Node, indent: usize) {
        match &value.kind {
            Kind::Mapping(fields) if !fields.is_empty() => {
                self.out.push('\n');
                self.fields(fields, indent + 2, false);
            }
            Kind::Sequence(items) if !items.is_empty() => {
                self.out.push('\n');
                self.items(items, indent + 2, false);
            }
            _ => {
                self.out.push(' ');
                self.inline(value, indent);
                self.out.push('\n');
            }
        }
    }

    /// YAML reads keys longer than 1024 characters only with a question mark.
    fn key(&mut self, text: &str, indent: usize) {
        let text = one_line(text);
        if text.chars().count() > 1000 {
            self.out.push_str("? ");
            self.out.push_str(&text);
            self.out.push('\n');
            self.indent(indent);
            self.out.push(':');
        } else {
            self.out.push_str(&text);
            self.out.push(':');
        }
    }

    /// A value that starts on the current line.
    fn inline(&mut self, node: &Node, indent: usize) {
        match node.as_str() {
            Some(text) if is_block(text) => self.block(text, indent + 2),
            _ => self.flow(node),
        }
    }

    fn block(&mut self, text: &str, indent: usize) {
        self.out.push_str(match text.strip_suffix('\n') {
            None => "|-",
            Some(_) => "|",
        });
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            self.out.push('\n');
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
        }
    }

    fn flow(&mut self, node: &Node) {
        match &node.kind {
            Kind::Scalar(Scalar::Null) => self.out.push_str("null"),
            Kind::Scalar(Scalar::Bool(value)) => self.out.push_str(&value.to_string()),
            Kind::Scalar(Scalar::Number(value)) => self.out.push_str(&number(value)),
            Kind::Scalar(Scalar::Timestamp(text)) => self.out.push_str(text),
            Kind::Scalar(Scalar::String(text)) => self.out.push_str(&one_line(text)),
            Kind::Sequence(items) => self.list(items),
            Kind::Mapping(fields) => {
                self.out.push('{');
                for (index, (key, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    if key.text.chars().count() > 1000 {
                        self.out.push_str("? ");
                    }
                    self.out.push_str(&one_line(&key.text));
                    self.out.push_str(": ");
                    self.flow(value);
                }
                self.out.push('}');
            }
            Kind::Tagged(tag) => self.tag(tag),
        }
    }

    fn list<'n>(&mut self, items: impl IntoIterator<Item = &'n Node>) {
        self.out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.flow(item);
        }
        self.out.push(']');
    }

    fn tag(&mut self, tag: &Tag) {
        self.out.push_str(tag.name());
        self.out.push(' ');
        let word = |word: &str| Node::string(word);
        match tag {
            Tag::KeyOf { id } => self.out.push_str(&verbatim(id)),
            Tag::Index { depth } | Tag::Value { depth } => self.out.push_str(&depth.to_string()),
            Tag::ParseJSON { text, .. } => self.out.push_str(&quoted(text)),
            Tag::Context { name, default: None }
            | Tag::Env { name, default: None }
            | Tag::File { path: name, default: None } => self.out.push_str(&verbatim(name)),
            Tag::Context { name, default: Some(default) }
            | Tag::Env { name, default: Some(default) }
            | Tag::File { path: name, default: Some(default) } => {
                self.list([&word(name), default]);
            }
            Tag::Find(find) | Tag::FindObject(find) => self.find(find),
            Tag::Format { format, args } => self.list(std::iter::once(format).chain(args)),
            Tag::If { condition, branches: None } => self.list([condition]),
            Tag::If { condition, branches: Some((when_true, when_false)) } => {
                self.list([condition, when_true, when_false]);
            }
            Tag::Condition { mode, args } => {
                self.list(std::iter::once(&word(mode.as_str())).chain(args));
            }
            Tag::Enumerate { iterable, output, body } => {
                self.list([iterable, &word(output.as_str()), body]);
            }
            Tag::AtIndex { collection, index, default } => {
                self.list([collection, index].into_iter().chain(default));
            }
        }
    }

    fn find(&mut self, find: &Find) {
        let conditions: Vec<Node> =
            find.conditions.iter().map(|(field, value)| sequence(vec![field.clone(), value.clone()])).collect();
        self.list(std::iter::once(&find.model).chain(&conditions));
    }
}

/// Whether a text is written as a block: several lines that a block can hold unchanged.
fn is_block(text: &str) -> bool {
    let is_plain = |letter: char| letter == '\n' || letter == '\t' || is_printable(letter);
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n', '\t'])
        && text.chars().all(is_plain)
        && text.split('\n').all(|line| !line.ends_with([' ', '\t']))
}

/// A text on one line, plain where YAML reads it back as the same text.
fn one_line(text: &str) -> String {
    let is_text = matches!(scalar::plain(text), Ok(Scalar::String(_)));
    if is_text && is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// The text after a tag, which is taken as it stands, so that numbers need no quotes.
fn verbatim(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Conservative on purpose: a quote too many harms nobody.
fn is_plain(text: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || "_./-+@%()=".contains(letter);
    let Some(first) = text.chars().next() else {
        return false;
    };
    (first.is_alphanumeric() || first == '/' || first == '_')
        && !text.ends_with(' ')
        && text.chars().all(|letter| is_word(letter) || letter == ' ')
}

fn is_printable(letter: char) -> bool {
    !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}')
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if is_printable(letter) => out.push(letter),
            letter => out.push_str(&format!("\\U{:08X}", u32::from(letter))),
        }
    }
    out.push('"');
    out
}

/// YAML 1.1 knows a float by its dot and the sign of its exponent.
fn number(number: &serde_json::Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let text = format!("{float:?}");
    match text.split_once('e') {
        None => text,
        Some((mantissa, exponent)) => {
            let dot = if mantissa.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            format!("{mantissa}{dot}e{sign}{exponent}")
        }
    }
}

#[cfg(test)]
mod tests;

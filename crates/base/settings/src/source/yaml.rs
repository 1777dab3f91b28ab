//! A YAML file as a flat list of dotted keys with their positions.

use saphyr::{LoadableYamlNode, MarkedYaml, Marker, Scalar, YamlData};

use crate::value::Raw;

/// One key of the file that is a setting, an ignored key, or unknown.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// `None` for a null, which counts as not written; `Err` for a shape no setting has.
    pub(crate) value: Result<Option<Raw>, &'static str>,
}

/// What is wrong with the file as such.
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

/// Reads `text`. `is_leaf` tells for a dotted key whether to stop there instead of descending.
pub(crate) fn read(text: &str, is_leaf: &dyn Fn(&str) -> bool) -> Result<Vec<Entry>, Malformed> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| Malformed {
        line: error.marker().line(),
        column: error.marker().col() + 1,
        message: error.info().to_owned(),
    })?;
    let mut entries = Vec::new();
    match documents.as_slice() {
        [] => {}
        [document] => match &document.data {
            YamlData::Mapping(_) => {
                // Positions count characters, so slices are cut from characters.
                let characters: Vec<char> = text.chars().collect();
                Walk { characters: &characters, is_leaf, entries: &mut entries }.mapping("", document);
            }
            YamlData::Value(Scalar::Null) => {}
            _ => {
                return Err(malformed(document.span.start, "the file must hold keys and values"));
            }
        },
        [_, second, ..] => {
            return Err(malformed(second.span.start, "the file must hold a single document"));
        }
    }
    Ok(entries)
}

fn malformed(at: Marker, message: &str) -> Malformed {
    Malformed { line: at.line(), column: at.col() + 1, message: message.to_owned() }
}

struct Walk<'a> {
    characters: &'a [char],
    is_leaf: &'a dyn Fn(&str) -> bool,
    entries: &'a mut Vec<Entry>,
}

impl Walk<'_> {
    fn mapping(&mut self, prefix: &str, node: &MarkedYaml<'_>) {
        let YamlData::Mapping(mapping) = &node.data else {
            return;
        };
        for (key, value) in mapping {
            let start = key.span.start;
            let name = self.scalar(key).unwrap_or_default().to_lowercase();
            let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            if matches!(value.data, YamlData::Mapping(_)) && !(self.is_leaf)(&path) {
                self.mapping(&path, value);
                continue;
            }
            let value = self.value(value);
            self.entries.push(Entry { key: path, line: start.line(), column: start.col() + 1, value });
        }
    }

    fn value(&self, node: &MarkedYaml<'_>) -> Result<Option<Raw>, &'static str> {
        match &node.data {
            YamlData::Value(Scalar::Null) => Ok(None),
            YamlData::Sequence(parts) => {
                let parts: Option<Vec<String>> = parts.iter().map(|part| self.scalar(part)).collect();
                parts.map(Raw::List).map(Some).ok_or("a list of something else than texts")
            }
            YamlData::Mapping(_) => Err("a mapping"),
            _ => self.scalar(node).map(Raw::Text).map(Some).ok_or("a tagged or unreadable value"),
        }
    }

    /// The text of a scalar as written: `0123` must not become the number 123 in a password.
    fn scalar(&self, node: &MarkedYaml<'_>) -> Option<String> {
        match &node.data {
            YamlData::Value(Scalar::String(text)) => Some(text.clone().into_owned()),
            YamlData::Value(_) => {
                let range = node.span.start.index()..node.span.end.index();
                Some(self.characters.get(range)?.iter().collect::<String>().trim().to_owned())
            }
            _ => None,
        }
    }
}

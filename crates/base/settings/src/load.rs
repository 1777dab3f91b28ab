//! Putting the sources together and reporting everything that is wrong at once.

mod folder;
mod missing;
mod together;

use std::{collections::BTreeMap, io, path::Path};

use crate::{
    Item, Notice, Origin, Problem, Problems, Settings, Sources, Value,
    declare::variable_name,
    ignored,
    nearest::nearest,
    source::{SECRETS_DIR, beside, read_text, read_yaml},
    value::Raw,
};

/// Prefixes of environment variables, weakest first.
const PREFIXES: [&str; 2] = ["AUTHENTIK_", "KEYWRIGHT_"];

/// Settings that are right, with what was ignored on the way.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Known keys that have no effect here; worth a line in the log each.
    pub notices: Vec<Notice>,
    /// Every setting with its value and origin, for `config check`.
    pub rows: Vec<Row>,
}

/// One setting as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Dotted key.
    pub key: &'static str,
    /// The value as written, `***` for secrets, empty when not set.
    pub shown: String,
    /// Where it came from.
    pub origin: Origin,
}

impl Settings {
    /// Reads all sources. The error lists every problem, not only the first.
    pub fn load(sources: &Sources) -> Result<Loaded, Problems> {
        let mut collected = Collected::default();
        for (path, is_required) in sources.files() {
            collected.file(&path, is_required);
        }
        if let Some(folder) = sources.secrets_dir() {
            collected.folder(&folder);
        }
        for prefix in PREFIXES {
            collected.variables(prefix, sources);
        }
        let Collected { found, notices, problems } = collected;
        let mut reader = Reader { sources, found, problems, rows: Vec::new() };
        let settings = Self::read(&mut reader);
        let Reader { mut problems, rows, .. } = reader;
        if let Some(settings) = &settings {
            together::check(settings, sources, &rows, &mut problems);
        }
        match settings {
            Some(settings) if problems.is_empty() => Ok(Loaded { settings, notices, rows }),
            _ => Err(Problems(problems)),
        }
    }
}

#[derive(Debug)]
struct Found {
    raw: Raw,
    origin: Origin,
}

/// What the sources say, before it is read as anything.
#[derive(Default)]
struct Collected {
    found: BTreeMap<&'static str, Found>,
    notices: Vec<Notice>,
    problems: Vec<Problem>,
}

/// The setting a key or one of its aliases belongs to.
fn item_of(key: &str) -> Option<&'static Item> {
    Settings::items().find(|item| item.keys().any(|known| known == key))
}

impl Collected {
    fn problem(&mut self, key: &str, origin: Origin, message: String) {
        self.problems.push(Problem { key: key.to_owned(), origin, message });
    }

    fn file(&mut self, path: &Path, is_required: bool) {
        let at = |line, column| Origin::File { path: path.to_owned(), line, column };
        let name = path.display().to_string();
        let text = match read_text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_required => return,
            Err(error) => {
                return self.problem(&name, Origin::Default, format!("cannot read the configuration file: {error}"));
            }
        };
        let is_leaf = |key: &str| item_of(key).is_some() || ignored::reason(key).is_some();
        let entries = match read_yaml(&text, &is_leaf) {
            Ok(entries) => entries,
            Err(wrong) => {
                let message = format!("not readable as YAML: {}", wrong.message);
                return self.problem(&name, at(wrong.line, wrong.column), message);
            }
        };
        let mut here: BTreeMap<&'static str, String> = BTreeMap::new();
        for entry in entries {
            let origin = at(entry.line, entry.column);
            let Some(item) = item_of(&entry.key) else {
                self.unknown(&entry.key, &entry.key, origin, &|key| key.to_owned());
                continue;
            };
            match entry.value {
                Ok(None) => {}
                Ok(Some(raw)) => {
                    if let Some(other) = here.insert(item.key, entry.key.clone()) {
                        self.problem(&entry.key, origin, format!("means the same as `{other}`; write one of them"));
                    } else {
                        self.insert(item, raw, origin);
                    }
                }
                Err(shape) => {
                    let message = format!("found {shape}, expected {}", (item.allowed)());
                    self.problem(&entry.key, origin, message);
                }
            }
        }
    }

    fn variables(&mut self, prefix: &str, sources: &Sources) {
        let mut here: BTreeMap<&'static str, &str> = BTreeMap::new();
        for (name, value) in sources.env() {
            let Some(rest) = name.strip_prefix(prefix) else {
                continue;
            };
            if matches!(name.as_str(), "KEYWRIGHT_CONFIG" | SECRETS_DIR) || ignored::is_service_link(rest, value) {
                continue;
            }
            let key = rest.to_lowercase().replace("__", ".");
            let origin = Origin::Variable(name.clone());
            let file_item = || key.strip_suffix("_file").and_then(item_of);
            let (item, raw) = match (item_of(&key), file_item()) {
                (Some(item), _) => (item, value.clone()),
                (None, Some(_)) if value.is_empty() => continue,
                (None, Some(item)) => match read_text(Path::new(value)) {
                    Ok(content) if item.is_secret && content.trim().is_empty() => {
                        self.problem(item.key, origin, format!("the file {value} is empty"));
                        continue;
                    }
                    Ok(content) => (item, content.trim_end_matches(['\r', '\n']).to_owned()),
                    Err(error) => {
                        let beside = beside(Path::new(value));
                        self.problem(item.key, origin, format!("cannot read the file {value}: {error}; {beside}"));
                        continue;
                    }
                },
                (None, None) => {
                    self.unknown(&key, name, origin, &|key| variable_name(prefix, key));
                    continue;
                }
            };
            if raw.is_empty() && !item.empty_is_value {
                continue;
            }
            // Which of two spellings wins would depend on the alphabet; better nobody wins.
            if let Some(other) = here.insert(item.key, name) {
                self.problem(item.key, origin, format!("{other} sets the same; set one of them"));
            } else {
                self.insert(item, Raw::Text(raw), origin);
            }
        }
    }

    fn insert(&mut self, item: &'static Item, raw: Raw, origin: Origin) {
        let by = origin.clone();
        if let (Some(Found { raw: other, origin: weaker }), Origin::Variable(stronger)) =
            (self.found.insert(item.key, Found { raw: raw.clone(), origin }), by)
            && matches!(weaker, Origin::Variable(_))
            && other != raw
        {
            let message = format!("{stronger} is set to something else and wins");
            self.notices.push(Notice { key: item.key.to_owned(), origin: weaker, message });
        }
    }

    /// A key that is no setting: known to authentik, or a mistake.
    fn unknown(&mut self, key: &str, written: &str, origin: Origin, spell: &dyn Fn(&str) -> String) {
        if let Some(reason) = ignored::reason(key) {
            let message = reason.to_owned();
            return self.notices.push(Notice { key: key.to_owned(), origin, message });
        }
        let section = format!("{key}.");
        let inside: Vec<&str> = Settings::items().filter_map(|item| item.key.strip_prefix(&section)).collect();
        if !inside.is_empty() {
            let message = format!("found a value, expected a section with: {}", inside.join(", "));
            return self.problem(written, origin, message);
        }
        let ignored = ignored::IGNORED.iter().map(|(key, _)| *key);
        let known = Settings::items().flat_map(Item::keys).chain(ignored);
        let message = match nearest(key, known) {
            Some(near) => format!("unknown setting; did you mean `{}`?", spell(near)),
            None => "unknown setting; remove it, `keywright config reference` explains all there are".to_owned(),
        };
        self.problem(written, origin, message);
    }
}

/// Hands out values by key and notes what is wrong with them.
pub(crate) struct Reader<'a> {
    sources: &'a Sources,
    found: BTreeMap<&'static str, Found>,
    problems: Vec<Problem>,
    rows: Vec<Row>,
}

impl Reader<'_> {
    /// The value of `key`, or `None` after noting a problem.
    pub(crate) fn value<T: Value>(&mut self, key: &'static str) -> Option<T> {
        let item = Settings::items().find(|item| item.key == key)?;
        let default = || {
            let raw = Raw::Text(item.default?.to_owned());
            Some(Found { raw, origin: Origin::Default })
        };
        let Some(Found { raw, origin }) = self.found.remove(key).or_else(default) else {
            self.rows.push(Row { key, shown: String::new(), origin: Origin::Default });
            return T::absent().or_else(|| {
                let message = format!("required: set {} to {}", item.variable(), T::allowed());
                self.problems.push(Problem { key: key.to_owned(), origin: Origin::Default, message });
                None
            });
        };
        let file = matches!(&raw, Raw::Text(text) if text.starts_with("file://"));
        let result = self.follow(raw).and_then(|raw| {
            // A Secret whose key is empty must not count as no secret at all.
            if T::SECRET && file && matches!(&raw, Raw::Text(text) if text.is_empty()) {
                return Err("the file it refers to is empty".to_owned());
            }
            let value = T::parse(&raw).map_err(|wrong| {
                let wrong = if T::SECRET { "something else".to_owned() } else { format!("`{}`", clip(&wrong)) };
                format!("found {wrong}, expected {}", T::allowed())
            })?;
            Ok((value, show::<T>(&raw)))
        });
        match result {
            Ok((value, shown)) => {
                self.rows.push(Row { key, shown, origin });
                Some(value)
            }
            Err(message) => {
                self.problems.push(Problem { key: key.to_owned(), origin, message });
                None
            }
        }
    }

    fn follow(&self, raw: Raw) -> Result<Raw, String> {
        Ok(match raw {
            Raw::Text(text) => Raw::Text(self.sources.follow(text)?),
            Raw::List(parts) => {
                let parts: Result<_, String> = parts.into_iter().map(|part| self.sources.follow(part)).collect();
                Raw::List(parts?)
            }
        })
    }
}

fn show<T: Value>(raw: &Raw) -> String {
    match raw {
        Raw::Text(text) if text.is_empty() => String::new(),
        _ if T::SECRET => "***".to_owned(),
        Raw::Text(text) => text.clone(),
        Raw::List(parts) => parts.join(","),
    }
}

/// Keeps an absurdly long value from flooding the terminal.
fn clip(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;

//! `re`, over fancy-regex with a bound on backtracking.

mod methods;
mod translate;

use std::any::Any;
use std::sync::{Arc, LazyLock};

use fancy_regex::{Regex, RegexBuilder};

use crate::flow::{Flow, R, raise, type_error};
use crate::lib_object::LibObject;
use crate::native::Table;
use crate::ops;
use crate::value::{Exc, ExcType, LibType, Type, Value};
use crate::vm::Vm;

const BACKTRACK_LIMIT: usize = 100_000;
const PROGRAM_LIMIT: usize = 2 << 20;

const IGNORECASE: i64 = 2;
const MULTILINE: i64 = 8;
const DOTALL: i64 = 16;
const VERBOSE: i64 = 64;

pub fn module() -> Value {
    let flag = |bits: i64| Value::Int(bits);
    super::from_table(
        "re",
        methods::functions(),
        vec![
            ("IGNORECASE", flag(IGNORECASE)),
            ("I", flag(IGNORECASE)),
            ("MULTILINE", flag(MULTILINE)),
            ("M", flag(MULTILINE)),
            ("DOTALL", flag(DOTALL)),
            ("S", flag(DOTALL)),
            ("VERBOSE", flag(VERBOSE)),
            ("X", flag(VERBOSE)),
            ("UNICODE", flag(32)),
            ("U", flag(32)),
            ("ASCII", flag(256)),
            ("A", flag(256)),
            ("error", Value::Type(Type::Exc(ERROR.clone()))),
            ("PatternError", Value::Type(Type::Exc(ERROR.clone()))),
            ("Pattern", Value::Type(Type::Lib(&PATTERN))),
            ("Match", Value::Type(Type::Lib(&MATCH))),
        ],
    )
}

static ERROR: LazyLock<ExcType> = LazyLock::new(|| ExcType::define("re", "error", &ExcType::builtin("Exception")));

static PATTERN: LibType = LibType { name: "Pattern", module: "re", construct: None, statics: None, base: None };
static MATCH: LibType = LibType { name: "Match", module: "re", construct: None, statics: None, base: None };

/// How a pattern is laid against a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Search,
    Match,
    Full,
}

/// The byte ranges of a match and its groups.
type Groups = Vec<Option<(usize, usize)>>;

/// A compiled pattern.
pub struct Pattern {
    source: String,
    flags: i64,
    search: Regex,
    start: std::sync::OnceLock<Regex>,
    full: std::sync::OnceLock<Regex>,
    names: Vec<(String, usize)>,
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Pattern").field(&self.source).finish()
    }
}

fn bad_pattern(message: &str) -> Flow {
    Flow::Raise(Arc::new(Exc::new(ERROR.clone(), vec![Value::str(message)])))
}

fn build(pattern: &str) -> R<Regex> {
    RegexBuilder::new(pattern)
        .backtrack_limit(BACKTRACK_LIMIT)
        .delegate_size_limit(PROGRAM_LIMIT)
        .delegate_dfa_size_limit(PROGRAM_LIMIT)
        .build()
        .map_err(|error| bad_pattern(&error.to_string()))
}

impl Pattern {
    fn compile(vm: &mut Vm, source: &str, flags: i64) -> R<Self> {
        if source.len() > 8192 {
            return Err(bad_pattern("pattern is longer than 8192 bytes"));
        }
        vm.charge(4096 + source.len() * 64)?;
        vm.tick(50 + source.len() as u64)?;
        let search = build(&translate::translate(source, flags).map_err(|message| bad_pattern(&message))?)?;
        let names = search
            .capture_names()
            .enumerate()
            .filter_map(|(index, name)| name.map(|name| (name.to_owned(), index)))
            .collect();
        Ok(Self {
            source: source.to_owned(),
            flags,
            search,
            start: std::sync::OnceLock::new(),
            full: std::sync::OnceLock::new(),
            names,
        })
    }

    fn regex(&self, mode: Mode) -> R<&Regex> {
        let (cell, pattern) = match mode {
            Mode::Search => return Ok(&self.search),
            Mode::Match => (&self.start, format!("\\A(?:{})", self.search.as_str())),
            Mode::Full => (&self.full, format!("\\A(?:{})\\z", self.search.as_str())),
        };
        if let Some(regex) = cell.get() {
            return Ok(regex);
        }
        let built = build(&pattern)?;
        Ok(cell.get_or_init(|| built))
    }

    fn groups(&self) -> usize {
        self.search.captures_len().saturating_sub(1)
    }

    /// The groups of the first match at or after a byte offset.
    fn find(&self, vm: &mut Vm, text: &Arc<str>, from: usize, mode: Mode) -> R<Option<Groups>> {
        vm.tick(text.len().saturating_sub(from) as u64 / 16 + 4)?;
        vm.charge(64 + self.groups() * 24)?;
        let regex = self.regex(mode)?;
        // `match` is laid against the rest of the text; only look-behind could tell the difference.
        let (part, offset): (&str, usize) =
            if mode == Mode::Search { (text, 0) } else { (text.get(from..).unwrap_or(""), from) };
        let found = if mode == Mode::Search { regex.captures_from_pos(part, from) } else { regex.captures(part) };
        let captures = found.map_err(|_| raise("RuntimeError", "regular expression needs too much backtracking"))?;
        Ok(captures.map(|captures| {
            (0..captures.len())
                .map(|index| captures.get(index).map(|group| (group.start() + offset, group.end() + offset)))
                .collect()
        }))
    }
}

impl LibObject for Pattern {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &PATTERN
    }
    fn methods(&self) -> Option<&'static Table> {
        Some(methods::pattern_methods())
    }
    fn attr(&self, vm: &mut Vm, name: &str) -> R<Option<Value>> {
        Ok(match name {
            "pattern" => Some(Value::str(&self.source)),
            "flags" => Some(Value::Int(self.flags | 32)),
            "groups" => Some(Value::usize(self.groups())),
            "groupindex" => {
                vm.charge_items(self.names.len() * 4)?;
                let entries = self.names.iter().map(|(name, index)| (name.clone(), Value::usize(*index)));
                Some(Value::dict(entries))
            }
            _ => None,
        })
    }
    fn repr(&self, vm: &mut Vm) -> R<String> {
        let shown = ops::repr::repr(vm, &Value::str(&self.source))?;
        let mut names = Vec::new();
        for (bit, name) in
            [(IGNORECASE, "IGNORECASE"), (MULTILINE, "MULTILINE"), (DOTALL, "DOTALL"), (VERBOSE, "VERBOSE")]
        {
            if self.flags & bit != 0 {
                names.push(format!("re.{name}"));
            }
        }
        Ok(if names.is_empty() {
            format!("re.compile({shown})")
        } else {
            format!("re.compile({shown}, {})", names.join("|"))
        })
    }
    fn equals(&self, other: &Value) -> bool {
        other.downcast_lib::<Pattern>().is_some_and(|other| other.source == self.source && other.flags == self.flags)
    }
    fn hash_key(&self) -> Option<u64> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        (&self.source, self.flags).hash(&mut hasher);
        Some(hasher.finish())
    }
}

/// A match: the text and the byte ranges of the groups.
pub struct Match {
    pattern: Value,
    text: Arc<str>,
    groups: Groups,
}

impl std::fmt::Debug for Match {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Match").field(&self.groups).finish()
    }
}

impl Match {
    fn text_of(&self, index: usize) -> Option<&str> {
        let (start, end) = self.groups.get(index).copied().flatten()?;
        self.text.get(start..end)
    }
    fn pattern(&self) -> R<&Pattern> {
        self.pattern.downcast_lib::<Pattern>().ok_or_else(|| type_error("expected a pattern"))
    }
    fn index(&self, group: &Value) -> R<usize> {
        let found = match group {
            Value::Str(name) => {
                self.pattern()?.names.iter().find(|(known, _)| **known == **name).map(|(_, index)| *index)
            }
            other => other.as_i64().and_then(|n| usize::try_from(n).ok()).filter(|n| *n < self.groups.len()),
        };
        found.ok_or_else(|| crate::flow::index_error("no such group"))
    }
    fn value_of(&self, vm: &mut Vm, index: usize) -> R<Option<Value>> {
        match self.text_of(index) {
            Some(text) => vm.text(text.to_owned()).map(Some),
            None => Ok(None),
        }
    }
}

impl LibObject for Match {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &MATCH
    }
    fn methods(&self) -> Option<&'static Table> {
        Some(methods::match_methods())
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        Ok(match name {
            "string" => Some(Value::Str(self.text.clone())),
            "re" => Some(self.pattern.clone()),
            "pos" => Some(Value::Int(0)),
            "lastindex" => {
                let last = self.groups.iter().enumerate().skip(1).filter(|(_, group)| group.is_some());
                Some(last.map(|(index, _)| Value::usize(index)).next_back().unwrap_or(Value::None))
            }
            _ => None,
        })
    }
    fn get_item(&self, vm: &mut Vm, key: &Value) -> R<Option<Value>> {
        let index = self.index(key)?;
        Ok(Some(self.value_of(vm, index)?.unwrap_or(Value::None)))
    }
    fn repr(&self, vm: &mut Vm) -> R<String> {
        let (start, end) = self.groups.first().copied().flatten().unwrap_or((0, 0));
        let index = |at: usize| ops::sequence::char_index(&self.text, at);
        let shown = ops::repr::repr(vm, &Value::str(self.text_of(0).unwrap_or("")))?;
        Ok(format!("<re.Match object; span=({}, {}), match={shown}>", index(start), index(end)))
    }
}

//! The modules an expression can import.
//!
//! Separate modules, one file each; [`load`] is the list that makes a module exist.

pub mod collections;
mod json;
pub mod urllib;

use crate::native::Table;
use crate::value::{Module, Value};

pub use json::{from_json, to_json};

/// The module of this name, if the engine has it.
pub fn load(name: &str) -> Option<Value> {
    Some(match name {
        "collections" => collections::module(),
        "collections.abc" => collections::abc(),
        "json" => json::module(),
        "html" => from_table(name, urllib::html(), vec![]),
        "urllib" => Value::module(name, vec![("parse", load("urllib.parse")?)]),
        "urllib.parse" => from_table(name, urllib::functions(), vec![]),
        "typing" => typing(),
        "__future__" => Value::module(name, vec![("annotations", Value::None)]),
        _ => return None,
    })
}

/// A module of the functions in a table and other members.
pub(crate) fn from_table(
    name: &str,
    table: &'static Table,
    mut members: Vec<(&str, Value)>,
) -> Value {
    members.extend(table.iter().map(|def| (def.sig.name, Value::Native(def))));
    Value::Module(std::sync::Arc::new(Module::new(name, members)))
}

fn typing() -> Value {
    let object = Value::Type(crate::value::Type::Builtin(crate::value::Ty::Object));
    let names = [
        "Any",
        "Optional",
        "Union",
        "List",
        "Dict",
        "Tuple",
        "Set",
        "Iterable",
        "Callable",
        "Sequence",
        "Mapping",
        "Generator",
        "Iterator",
        "Literal",
    ];
    Value::module(
        "typing",
        names
            .into_iter()
            .map(|name| (name, object.clone()))
            .collect(),
    )
}

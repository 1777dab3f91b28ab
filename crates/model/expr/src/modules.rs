//! The modules an expression can import.
//!
//! Separate modules, one file each; [`load`] is the list that makes a module exist.

mod base64;
pub mod collections;
mod datetime;
mod functools;
mod hashlib;
mod ipaddress;
mod itertools;
mod json;
mod math;
mod operator;
mod random;
mod re;
mod string;
mod textwrap;
mod time;
pub mod urllib;
mod uuid;

use crate::native::Table;
use crate::value::{Module, Value};

pub use hashlib::md5;
pub use ipaddress::{Address, Network};
pub use itertools::function_attr;
pub use json::{from_json, to_json};

/// The module of this name, if the engine has it.
pub fn load(name: &str) -> Option<Value> {
    Some(match name {
        "base64" => from_table(name, base64::functions(), vec![]),
        "binascii" => from_table(name, base64::binascii(), vec![]),
        "collections" => collections::module(),
        "collections.abc" => collections::abc(),
        "datetime" => datetime::module(),
        "functools" => functools::module(),
        "hashlib" => from_table(name, hashlib::functions(), vec![]),
        "hmac" => from_table(name, hashlib::hmac_functions(), vec![]),
        "ipaddress" => ipaddress::module(),
        "itertools" => itertools::module(),
        "json" => json::module(),
        "math" => math::module(),
        "operator" => from_table(name, operator::functions(), vec![]),
        "random" => from_table(name, random::functions(), vec![]),
        "secrets" => from_table(name, random::secrets(), vec![]),
        "re" => re::module(),
        "string" => string::module(),
        "textwrap" => from_table(name, textwrap::functions(), vec![]),
        "time" => from_table(name, time::functions(), vec![]),
        "html" => from_table(name, urllib::html(), vec![]),
        "urllib" => Value::module(name, vec![("parse", load("urllib.parse")?)]),
        "urllib.parse" => from_table(name, urllib::functions(), vec![]),
        "uuid" => uuid::module(),
        "zoneinfo" => datetime::zoneinfo(),
        "typing" => typing(),
        "copy" => from_table(name, functools::copy_functions(), vec![]),
        "__future__" => Value::module(name, vec![("annotations", Value::None)]),
        _ => return None,
    })
}

/// A module of the functions in a table and other members.
pub(crate) fn from_table(name: &str, table: &'static Table, mut members: Vec<(&str, Value)>) -> Value {
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
    Value::module("typing", names.into_iter().map(|name| (name, object.clone())).collect())
}

//! Values of rows as values of expressions, and back.
//!
//! Times, UUIDs and addresses are objects of the language's own library. They are made by expressions of one line, so that
//! they are exactly what the library makes.

use std::net::IpAddr;
use std::sync::LazyLock;

use expr::{Globals, Limits, Program, Run, Value};
use jiff::Timestamp;
use object::{Field, Key, Kind, Value as Cell};
use uuid::Uuid;

struct Maker(LazyLock<Option<Program>>);

impl Maker {
    const fn new(make: fn() -> Option<Program>) -> Self {
        Self(LazyLock::new(make))
    }
    /// The object for this argument; the argument itself where the library refuses it.
    fn make(&self, argument: Value) -> Value {
        let Some(program) = &*self.0 else { return argument };
        let mut run = Run::new(program, &Globals::default(), vec![argument.clone()], Limits::default());
        run.finish().unwrap_or(argument)
    }
}

fn program(source: &str) -> Option<Program> {
    Program::compile(source, &["x"]).ok()
}

static UUID: Maker = Maker::new(|| program("import uuid\nreturn uuid.UUID(x)"));
static TIME: Maker = Maker::new(|| program("from datetime import datetime\nreturn datetime.fromisoformat(x)"));
static ADDRESS: Maker = Maker::new(|| program("import ipaddress\nreturn ipaddress.ip_address(x)"));

pub fn uuid(id: Uuid) -> Value {
    UUID.make(Value::from(id.hyphenated().to_string()))
}

pub fn time(at: Timestamp) -> Value {
    let micros = at.subsec_nanosecond() / 1000;
    TIME.make(Value::from(format!("{}.{micros:06}+00:00", at.strftime("%Y-%m-%dT%H:%M:%S"))))
}

/// COMPAT: a request whose client is not known comes from this address for upstream.
pub fn address(ip: Option<IpAddr>) -> Value {
    ADDRESS.make(ip.map_or_else(|| Value::from("255.255.255.255"), |ip| Value::from(ip.to_string())))
}

pub fn key(key: Key) -> Value {
    match key {
        Key::Int(n) => Value::Int(n),
        Key::Uuid(u) => uuid(u),
    }
}

/// A plain field's value. References and lists of keys are not plain.
pub fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::None,
        Cell::Bool(b) => Value::Bool(*b),
        Cell::Int(n) => Value::Int(*n),
        Cell::Float(f) => Value::Float(*f),
        Cell::Text(s) => Value::str(s),
        Cell::Uuid(u) => uuid(*u),
        Cell::Time(t) => time(*t),
        Cell::Json(j) => expr::from_json(j),
        Cell::Keys(keys) => Value::list(keys.iter().map(|k| key(*k)).collect()),
    }
}

/// A value to compare a field with.
pub fn operand(field: &Field, value: &Value) -> Cell {
    let cell = match value {
        Value::None => return Cell::Null,
        Value::Bool(b) => Cell::Bool(*b),
        Value::Int(n) => Cell::Int(*n),
        Value::Float(f) => Cell::Float(*f),
        Value::Str(s) => Cell::Text(s.to_string()),
        Value::Host(_) => return super::row::key_of(value).map_or(Cell::Null, Cell::from),
        other => match other.to_json_lenient() {
            Ok(serde_json::Value::String(s)) => Cell::Text(s),
            Ok(json) => Cell::Json(json),
            Err(_) => Cell::Null,
        },
    };
    let (Kind::Uuid | Kind::Time | Kind::Ref { .. } | Kind::Many { .. } | Kind::Reverse { .. }, Cell::Text(text)) =
        (&field.kind, &cell)
    else {
        return cell;
    };
    match field.kind {
        Kind::Time => text.replacen(' ', "T", 1).parse().map(Cell::Time).unwrap_or(cell),
        _ => match (Uuid::try_parse(text), text.parse()) {
            (Ok(id), _) => Cell::Uuid(id),
            (_, Ok(n)) if !matches!(field.kind, Kind::Uuid) => Cell::Int(n),
            _ => cell,
        },
    }
}

//! Values of rows as values of expressions, and back.

use std::net::{IpAddr, Ipv4Addr};

use expr::{Address, Value};
use object::{Field, Key, Kind, Value as Cell};
use uuid::Uuid;

/// COMPAT: a request whose client is not known comes from this address for upstream.
pub fn address(ip: Option<IpAddr>) -> Value {
    Value::lib(Address(ip.unwrap_or(IpAddr::V4(Ipv4Addr::BROADCAST))))
}

pub fn key(key: Key) -> Value {
    match key {
        Key::Int(n) => Value::Int(n),
        Key::Uuid(u) => Value::from(u),
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
        Cell::Uuid(u) => Value::from(*u),
        Cell::Time(t) => Value::datetime_utc(t.as_microsecond()),
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

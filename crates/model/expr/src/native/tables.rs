//! Which table of methods belongs to which type.

use std::sync::LazyLock;

use super::{Sig, Table, bytes, dict, list, number, set, str};
use crate::native::builtins_types;
use crate::value::{Ty, Value};

/// The methods of a value of a built-in type.
pub fn methods(value: &Value) -> Option<&'static Table> {
    Some(match value {
        Value::Str(_) => str::methods(),
        Value::List(_) => list::methods(),
        Value::Dict(dict) => match dict.kind {
            crate::value::DictKind::Counter => crate::modules::collections::counter_methods(),
            crate::value::DictKind::Ordered => crate::modules::collections::ordered_methods(),
            _ => dict::methods(),
        },
        Value::Set(set) if set.frozen => set::frozen_methods(),
        Value::Set(_) => set::methods(),
        Value::Tuple(tuple) if tuple.named.is_some() => list::named_tuple_methods(),
        Value::Tuple(_) => list::tuple_methods(),
        Value::Bytes(_) => bytes::methods(),
        Value::Bool(_) | Value::Int(_) | Value::Big(_) => number::int_methods(),
        Value::Float(_) => number::float_methods(),
        Value::Range(_) => list::range_methods(),
        Value::View(_) => dict::view_methods(),
        Value::Gen(_) => list::generator_methods(),
        Value::Iter(_) => list::iterator_methods(),
        Value::Exc(_) => builtins_types::exception_methods(),
        _ => return None,
    })
}

/// The methods a type object gives out unbound.
pub fn type_methods(ty: Ty) -> Option<&'static Table> {
    Some(match ty {
        Ty::Str => str::methods(),
        Ty::List => list::methods(),
        Ty::Dict | Ty::DefaultDict => dict::methods(),
        Ty::Counter => crate::modules::collections::counter_methods(),
        Ty::OrderedDict => crate::modules::collections::ordered_methods(),
        Ty::Set => set::methods(),
        Ty::FrozenSet => set::frozen_methods(),
        Ty::Tuple => list::tuple_methods(),
        Ty::Bytes => bytes::methods(),
        Ty::Int | Ty::Bool => number::int_methods(),
        Ty::Float => number::float_methods(),
        _ => return None,
    })
}

/// The class methods of a built-in type.
pub fn statics(ty: Ty, name: &str) -> Option<Value> {
    let table = match ty {
        Ty::Dict | Ty::DefaultDict | Ty::OrderedDict => dict::statics(),
        Ty::Int | Ty::Bool => number::int_statics(),
        Ty::Float => number::float_statics(),
        Ty::Bytes => bytes::statics(),
        Ty::Str => str::statics(),
        _ => return None,
    };
    table.get(name).map(Value::Native)
}

/// A signature that takes anything.
pub fn any_sig() -> &'static Sig {
    static ANY: LazyLock<Sig> = LazyLock::new(|| Sig::parse("call(*args, **kwargs)"));
    &ANY
}

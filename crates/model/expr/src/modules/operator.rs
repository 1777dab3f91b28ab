//! `operator`: the operators as functions, and getters.

use std::any::Any;

use crate::compile::code::CmpOp;
use crate::flow::{R, type_error};
use crate::lib_object::LibObject;
use crate::native::{Args, table};
use crate::ops::{
    self,
    arith::{self, BinOp},
};
use crate::value::{Deep, LibType, Value};
use crate::vm::Vm;

table! { functions:
    "itemgetter(item, /, *items)" => |_, _, a| getter(a, true),
    "attrgetter(attr, /, *attrs)" => |_, _, a| getter(a, false),
    "add(a, b, /)" => |vm, _, a| arith::binary(vm, BinOp::Add, a.at(0), a.at(1)),
    "sub(a, b, /)" => |vm, _, a| arith::binary(vm, BinOp::Sub, a.at(0), a.at(1)),
    "mul(a, b, /)" => |vm, _, a| arith::binary(vm, BinOp::Mul, a.at(0), a.at(1)),
    "truediv(a, b, /)" => |vm, _, a| arith::binary(vm, BinOp::Div, a.at(0), a.at(1)),
    "floordiv(a, b, /)" => |vm, _, a| arith::binary(vm, BinOp::FloorDiv, a.at(0), a.at(1)),
    "mod(a, b, /)" => |vm, _, a| arith::binary(vm, BinOp::Mod, a.at(0), a.at(1)),
    "or_(a, b, /)" => |vm, _, a| arith::binary(vm, BinOp::Or, a.at(0), a.at(1)),
    "and_(a, b, /)" => |vm, _, a| arith::binary(vm, BinOp::And, a.at(0), a.at(1)),
    "eq(a, b, /)" => |vm, _, a| ops::compare::rich(vm, CmpOp::Eq, a.at(0), a.at(1)).map(Value::Bool),
    "ne(a, b, /)" => |vm, _, a| ops::compare::rich(vm, CmpOp::Ne, a.at(0), a.at(1)).map(Value::Bool),
    "lt(a, b, /)" => |vm, _, a| ops::compare::rich(vm, CmpOp::Lt, a.at(0), a.at(1)).map(Value::Bool),
    "le(a, b, /)" => |vm, _, a| ops::compare::rich(vm, CmpOp::Le, a.at(0), a.at(1)).map(Value::Bool),
    "gt(a, b, /)" => |vm, _, a| ops::compare::rich(vm, CmpOp::Gt, a.at(0), a.at(1)).map(Value::Bool),
    "ge(a, b, /)" => |vm, _, a| ops::compare::rich(vm, CmpOp::Ge, a.at(0), a.at(1)).map(Value::Bool),
    "contains(a, b, /)" => |vm, _, a| ops::contains(vm, a.at(0), a.at(1)).map(Value::Bool),
    "not_(a, /)" => |vm, _, a| ops::truth(vm, a.at(0)).map(|t| Value::Bool(!t)),
    "truth(a, /)" => |vm, _, a| ops::truth(vm, a.at(0)).map(Value::Bool),
    "getitem(a, b, /)" => |vm, _, a| ops::subscript::get(vm, a.at(0), a.at(1)),
}

static TYPE: LibType = LibType { name: "getter", module: "operator", construct: None, statics: None, base: None };

struct Getter {
    keys: Deep<Vec<Value>>,
    items: bool,
}

impl std::fmt::Debug for Getter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Getter")
    }
}

fn getter(args: &Args<'_>, items: bool) -> R<Value> {
    let mut keys = vec![args.at(0).clone()];
    keys.extend(args.rest().iter().cloned());
    if !items && keys.iter().any(|key| key.as_str().is_none()) {
        return Err(type_error("attribute name must be a string"));
    }
    Ok(Value::lib(Getter { keys: Deep(keys), items }))
}

impl Getter {
    fn one(&self, vm: &mut Vm, object: &Value, key: &Value) -> R<Value> {
        if self.items {
            return ops::subscript::get(vm, object, key);
        }
        let mut value = object.clone();
        for name in key.as_str().unwrap_or("").split('.') {
            value = ops::attr::get(vm, &value, name)?;
        }
        Ok(value)
    }
}

impl LibObject for Getter {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &TYPE
    }
    fn call(&self, vm: &mut Vm, args: &Args<'_>) -> R<Option<Value>> {
        let [object] = args.positional else {
            return Err(type_error("getter expected 1 argument"));
        };
        if let [key] = self.keys.0.as_slice() {
            return self.one(vm, object, key).map(Some);
        }
        let mut out = Vec::new();
        for key in &self.keys.0 {
            out.push(self.one(vm, object, key)?);
        }
        vm.tuple(out).map(Some)
    }
}

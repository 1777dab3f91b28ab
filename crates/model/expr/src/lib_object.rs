//! What a library object (a datetime, a compiled pattern, an address) can do.
//!
//! Separate from [`crate::HostObject`] because these are pure: they never load, and they may use the
//! machine that runs them.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;

use crate::flow::{R, type_error};
use crate::native::{Args, Table};
use crate::ops::arith::BinOp;
use crate::value::{LibType, Value};
use crate::vm::Vm;

/// An immutable object of the library.
pub trait LibObject: Any + Send + Sync + fmt::Debug {
    fn as_any(&self) -> &dyn Any;
    fn lib_type(&self) -> &'static LibType;
    fn attr(&self, _vm: &mut Vm, _name: &str) -> R<Option<Value>> {
        Ok(None)
    }
    fn methods(&self) -> Option<&'static Table> {
        None
    }
    fn repr(&self, _vm: &mut Vm) -> R<String> {
        Ok(format!("<{}.{} object>", self.lib_type().module, self.lib_type().name))
    }
    fn str(&self, vm: &mut Vm) -> R<String> {
        self.repr(vm)
    }
    fn equals(&self, _other: &Value) -> bool {
        false
    }
    /// What equal objects share; `None` when it cannot be a key.
    fn hash_key(&self) -> Option<u64> {
        Some(std::ptr::from_ref(self).cast::<()>() as usize as u64)
    }
    /// `None` when the two cannot be ordered.
    fn compare(&self, _other: &Value) -> R<Option<Ordering>> {
        Ok(None)
    }
    /// A binary operation; `swapped` when this is the right operand. `None` when not supported.
    fn binary(&self, _vm: &mut Vm, _op: BinOp, _other: &Value, _swapped: bool) -> R<Option<Value>> {
        Ok(None)
    }
    fn negate(&self) -> Option<Value> {
        None
    }
    fn truth(&self) -> bool {
        true
    }
    fn len(&self) -> Option<usize> {
        None
    }
    fn iterate(&self, _vm: &mut Vm) -> R<Option<Value>> {
        Ok(None)
    }
    fn contains(&self, _vm: &mut Vm, _item: &Value) -> R<Option<bool>> {
        Ok(None)
    }
    fn get_item(&self, _vm: &mut Vm, _key: &Value) -> R<Option<Value>> {
        Ok(None)
    }
    fn format(&self, vm: &mut Vm, spec: &str) -> R<String> {
        if spec.is_empty() {
            return self.str(vm);
        }
        let name = self.lib_type().name;
        Err(type_error(format!("unsupported format string passed to {name}.__format__")))
    }
    fn call(&self, _vm: &mut Vm, _args: &Args<'_>) -> R<Option<Value>> {
        Ok(None)
    }
    /// The text `json.dumps(default=str)`-like conversions may use for it.
    fn json_text(&self) -> Option<String> {
        None
    }
}

//! The instructions that iterate, unpack and format.

use super::Vm;
use super::frame::Deliver;
use crate::compile::code::Conversion;
use crate::flow::{R, type_error, value_error};
use crate::ops;
use crate::value::Value;

impl Vm {
    pub(super) fn for_iter(&mut self, target: u32) -> R<()> {
        let iterator = self.f.stack.last().cloned().unwrap_or(Value::None);
        match &iterator {
            Value::Gen(generator) => {
                if let Some(frame) = self.take_frame(generator, Value::None, Deliver::Loop(target))? {
                    let caller = std::mem::replace(&mut self.f, frame);
                    self.callers.push(caller);
                    return Ok(());
                }
                self.pop();
                self.f.pc = target as usize;
            }
            Value::Iter(iter) => {
                if let Some(value) = self.step(iter)? {
                    self.push(value);
                } else {
                    self.pop();
                    self.returned = Value::None;
                    self.f.pc = target as usize;
                }
            }
            other => {
                return Err(type_error(format!("'{}' object is not an iterator", other.type_name())));
            }
        }
        Ok(())
    }

    pub(super) fn unpack(&mut self, value: &Value, count: usize) -> R<Vec<Value>> {
        let items = match value {
            Value::Tuple(tuple) => tuple.items().to_vec(),
            Value::List(list) if list.len() == count => list.to_vec(),
            other => self.collect_unpack(other)?,
        };
        match items.len() {
            len if len == count => Ok(items),
            len if len < count => {
                Err(value_error(format!("not enough values to unpack (expected {count}, got {len})")))
            }
            _ => Err(value_error(format!("too many values to unpack (expected {count})"))),
        }
    }

    pub(super) fn collect_unpack(&mut self, value: &Value) -> R<Vec<Value>> {
        if !self.is_iterable(value) {
            return Err(type_error(format!("cannot unpack non-iterable {} object", value.type_name())));
        }
        self.collect(value)
    }

    pub(super) fn collect_spread(&mut self, value: &Value) -> R<Vec<Value>> {
        if !self.is_iterable(value) {
            return Err(type_error(format!("Value after * must be an iterable, not {}", value.type_name())));
        }
        self.collect(value)
    }

    pub(super) fn format_field(&mut self, conversion: Conversion, has_spec: bool) -> R<()> {
        let spec = if has_spec { self.pop() } else { Value::str("") };
        let value = self.pop();
        let result = self.format_converted(conversion, &value, spec.as_str().unwrap_or(""));
        match result {
            Ok(text) => {
                self.charge(text.len())?;
                self.push(Value::from(text));
                Ok(())
            }
            Err(flow) => {
                self.push(value);
                if has_spec {
                    self.push(spec);
                }
                Err(flow)
            }
        }
    }

    pub(super) fn format_converted(&mut self, conversion: Conversion, value: &Value, spec: &str) -> R<String> {
        let converted = match conversion {
            Conversion::None => return crate::format::value(self, value, spec),
            Conversion::Str => ops::repr::str(self, value)?,
            Conversion::Repr => ops::repr::repr(self, value)?,
            Conversion::Ascii => ops::repr::ascii(&ops::repr::repr(self, value)?),
        };
        crate::format::value(self, &Value::from(converted), spec)
    }
}

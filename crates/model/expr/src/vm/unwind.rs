//! Raising: finding the handler, leaving frames, noting the way.

use std::sync::Arc;

use super::Vm;
use super::frame::{FrameKind, GenState};
use crate::flow::{Flow, R, raise, type_error};
use crate::value::{Exc, TraceEntry, Type, Value};

const MAX_TRACE: usize = 64;

impl Vm {
    /// Goes to the handler of `exc` above `base`, or out of all frames above it.
    pub(super) fn unwind(&mut self, mut exc: Arc<Exc>, base: usize) -> R<()> {
        self.settle();
        loop {
            if !std::mem::take(&mut self.already_noted) {
                self.note(&exc);
            }
            if let Some(block) = self.f.blocks.pop() {
                self.f.stack.truncate(block.depth as usize);
                self.f.handling.truncate(block.handling as usize);
                self.f.handling.push(exc);
                self.f.pc = block.target as usize;
                return Ok(());
            }
            if let FrameKind::Generator(generator, _) = &self.f.kind {
                *generator.state.0.lock() = GenState::Done;
                if exc.ty.is_named("StopIteration")
                    && let Flow::Raise(wrapped) = raise("RuntimeError", "generator raised StopIteration")
                {
                    wrapped.trace.lock().clone_from(&exc.trace.lock());
                    exc = wrapped;
                }
            }
            if self.callers.len() <= base {
                return Err(Flow::Raise(exc));
            }
            if let Some(caller) = self.callers.pop() {
                self.f = caller;
            }
        }
    }

    fn note(&self, exc: &Exc) {
        let code = &self.f.code;
        let offset = code.offsets.get(self.f.pc.saturating_sub(1)).copied().unwrap_or(0);
        let (line, column) = self.program.position(offset);
        let mut trace = exc.trace.lock();
        if trace.len() < MAX_TRACE {
            trace.push(TraceEntry { function: code.name.clone(), line, column });
        }
    }

    /// The exception being handled in this frame or the nearest caller that handles one.
    pub(super) fn handled(&self) -> Option<Arc<Exc>> {
        std::iter::once(&self.f).chain(self.callers.iter().rev()).find_map(|frame| frame.handling.last().cloned())
    }

    /// What `raise value` raises.
    pub(super) fn exception_of(&mut self, value: Value) -> R<Arc<Exc>> {
        let exc = match value {
            Value::Exc(exc) => exc,
            Value::Type(Type::Exc(ty)) => Arc::new(Exc::new(ty, Vec::new())),
            _ => return Err(type_error("exceptions must derive from BaseException")),
        };
        if let Some(context) = self.handled()
            && !Arc::ptr_eq(&context, &exc)
        {
            let mut linked = exc.linked.0.lock();
            if linked.context.is_none() {
                linked.context = Some(Value::Exc(context));
            }
        }
        Ok(exc)
    }

    /// Whether the handled exception is one of the types of an `except` clause.
    pub(super) fn matches_handler(&self, types: &Value) -> R<bool> {
        let Some(exc) = self.f.handling.last() else {
            return Ok(false);
        };
        match types {
            Value::Tuple(types) => {
                for ty in types.items() {
                    if one(exc, ty)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            ty => one(exc, ty),
        }
    }
}

/// Whether an exception is of a type.
fn one(exc: &Exc, ty: &Value) -> R<bool> {
    match ty {
        Value::Type(Type::Exc(ty)) => Ok(exc.ty.is_subtype(ty)),
        _ => Err(type_error("catching classes that do not inherit from BaseException is not allowed")),
    }
}

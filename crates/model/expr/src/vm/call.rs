//! Calling any value.

use std::sync::Arc;

use super::Vm;
use super::exec::Exit;
use super::frame::{Deliver, Frame, FrameKind, GenState};
use super::function_args::fill;
use crate::flow::{R, recursion_error, type_error};
use crate::host::HostArgs;
use crate::native::{Args, Def, builtins};
use crate::value::{Deep, Exc, Func, Gen, MethodTarget, Type, Value};

pub type Keywords<'a> = &'a [(Arc<str>, Value)];

impl Vm {
    /// Calls back from a native.
    pub fn call(&mut self, callee: &Value, positional: &[Value], keyword: Keywords<'_>) -> R<Value> {
        let result = self.operation(|vm| vm.call_now(callee, positional, keyword).map(Some))?;
        Ok(result.unwrap_or(Value::None))
    }

    /// A new frame for a function, or the generator it makes.
    pub(super) fn enter(
        &mut self,
        function: &Arc<Func>,
        positional: Vec<Value>,
        keyword: Keywords<'_>,
    ) -> R<Result<Frame, Value>> {
        if self.callers.len() >= self.limits.call_depth {
            return Err(recursion_error(""));
        }
        self.charge(256 + function.code.locals as usize * size_of::<Value>())?;
        let slots = fill(function, positional, keyword)?;
        let frame = Frame::new(function.code.clone(), slots, &function.refs.0.cells);
        self.track_cells(&frame);
        if function.code.is_generator {
            let state = Deep(parking_lot::Mutex::new(GenState::Suspended(Box::new(frame))));
            return Ok(Err(Value::Gen(Arc::new(Gen { state, code: function.code.clone() }))));
        }
        Ok(Ok(frame))
    }

    pub(super) fn track_cells(&mut self, frame: &Frame) {
        for cell in frame.cells.iter().take(frame.code.cells as usize) {
            self.cells.push(Arc::downgrade(cell));
        }
    }

    /// Calls a value to its end. Functions of the expression need to be inside of an operation.
    pub(super) fn call_now(&mut self, callee: &Value, positional: &[Value], keyword: Keywords<'_>) -> R<Value> {
        match callee {
            Value::Func(function) => {
                if self.has_saved() {
                    return self.finish_nested(Frame::idle());
                }
                match self.enter(function, positional.to_vec(), keyword)? {
                    Ok(frame) => self.finish_nested(frame),
                    Err(generator) => Ok(generator),
                }
            }
            Value::Native(def) => self.call_native(def, &Value::None, positional, keyword),
            Value::Method(method) => match &method.target {
                MethodTarget::Native(def) => self.call_native(def, method.receiver(), positional, keyword),
                MethodTarget::Host(name) => match method.receiver() {
                    Value::Host(object) => object.call_method(name, &HostArgs { positional, keyword }).into_result(),
                    other => Err(not_callable(other)),
                },
                MethodTarget::Unbound(def, ty) => match positional.split_first() {
                    Some((receiver, rest)) if receiver.type_of().is_subtype(ty) => {
                        self.call_native(def, receiver, rest, keyword)
                    }
                    Some((receiver, _)) => Err(type_error(format!(
                        "descriptor '{}' for '{}' objects doesn't apply to a '{}' object",
                        def.sig.name,
                        ty.name(),
                        receiver.type_name()
                    ))),
                    None => {
                        Err(type_error(format!("unbound method {}.{}() needs an argument", ty.name(), def.sig.name)))
                    }
                },
            },
            Value::Type(ty) => self.construct(ty, positional, keyword),
            Value::HostFn(function) => function.call(&HostArgs { positional, keyword }).into_result(),
            Value::Host(object) => object.call(&HostArgs { positional, keyword }).into_result(),
            Value::Lib(object) => {
                let object = object.clone();
                let sig = crate::native::tables::any_sig();
                let args = Args { sig, positional, keyword };
                object.call(self, &args)?.ok_or_else(|| not_callable(callee))
            }
            other => Err(not_callable(other)),
        }
    }

    fn finish_nested(&mut self, frame: Frame) -> R<Value> {
        match self.run_nested(frame)? {
            Exit::Return(value) | Exit::Yield(value) => Ok(value),
            Exit::End => Ok(Value::None),
        }
    }

    #[inline]
    pub(super) fn call_native(
        &mut self,
        def: &'static Def,
        receiver: &Value,
        positional: &[Value],
        keyword: Keywords<'_>,
    ) -> R<Value> {
        match Args::bind(&def.sig, positional, keyword) {
            Ok(args) => (def.run)(self, receiver, &args),
            Err(flow) => Err(qualify(def, receiver, flow)),
        }
    }

    fn construct(&mut self, ty: &Type, positional: &[Value], keyword: Keywords<'_>) -> R<Value> {
        let cannot = |name: &str| type_error(format!("cannot create '{name}' instances"));
        match ty {
            Type::Builtin(builtin) => match builtins::constructor(*builtin) {
                Some(def) => self.call_native(def, &Value::None, positional, keyword),
                None => Err(cannot(builtin.name())),
            },
            Type::Lib(lib) => match lib.construct {
                Some(def) => self.call_native(def(), &Value::None, positional, keyword),
                None => Err(cannot(lib.name)),
            },
            Type::Exc(exc) => {
                if !keyword.is_empty() {
                    return Err(type_error(format!("{}() takes no keyword arguments", exc.name())));
                }
                self.charge_items(positional.len() + 4)?;
                Ok(Value::Exc(Arc::new(Exc::new(exc.clone(), positional.to_vec()))))
            }
            Type::Named(named) => crate::modules::collections::construct_named(self, named, positional, keyword),
            Type::Host(name) => Err(cannot(name)),
        }
    }

    /// Continues a generator from a native.
    pub(super) fn resume_now(&mut self, generator: &Arc<Gen>, sent: Value) -> R<Option<Value>> {
        let frame = if self.has_saved() {
            Frame::idle()
        } else {
            match self.take_frame(generator, sent, Deliver::Native)? {
                Some(frame) => frame,
                None => return Ok(None),
            }
        };
        match self.run_nested(frame)? {
            Exit::Yield(value) => Ok(Some(value)),
            Exit::Return(_) | Exit::End => Ok(None),
        }
    }

    /// The frame of a suspended generator, made ready to continue; `None` when it has ended.
    pub(super) fn take_frame(&mut self, generator: &Arc<Gen>, sent: Value, deliver: Deliver) -> R<Option<Frame>> {
        if self.callers.len() >= self.limits.call_depth {
            return Err(recursion_error(""));
        }
        let mut state = generator.state.0.lock();
        match std::mem::replace(&mut *state, GenState::Running) {
            GenState::Suspended(mut frame) => {
                if frame.pc > 0 {
                    frame.stack.push(sent);
                }
                frame.kind = FrameKind::Generator(generator.clone(), deliver);
                Ok(Some(*frame))
            }
            GenState::Running => Err(crate::flow::value_error("generator already executing")),
            GenState::Done => {
                *state = GenState::Done;
                self.returned = Value::None;
                Ok(None)
            }
        }
    }
}

pub(super) fn not_callable(value: &Value) -> crate::flow::Flow {
    type_error(format!("'{}' object is not callable", value.type_name()))
}

/// Some messages about arguments name the type of a method too.
#[cold]
fn qualify(def: &Def, receiver: &Value, flow: crate::flow::Flow) -> crate::flow::Flow {
    let crate::flow::Flow::Raise(exc) = &flow else { return flow };
    let message = exc.args().first().and_then(Value::as_str).unwrap_or("");
    let tail = message.strip_prefix(def.sig.name).unwrap_or("");
    let named = tail.starts_with("() takes no ") || tail.starts_with("() takes exactly one");
    if receiver.is_none() || !named {
        return flow;
    }
    type_error(format!("{}.{message}", receiver.type_name()))
}

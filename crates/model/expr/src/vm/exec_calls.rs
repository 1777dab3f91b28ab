//! The instructions that call and make functions, and those that leave a frame.

use std::sync::Arc;

use super::Vm;
use super::exec::Exit;
use super::frame::{Deliver, Frame, FrameKind, GenState};
use crate::compile::code::NO_KEYWORDS;
use crate::flow::{R, type_error};
use crate::ops;
use crate::value::{Deep, Dict, Func, FuncRefs, Key, Value};

impl Vm {
    pub(super) fn enter_function(
        &mut self,
        function: &Arc<Func>,
        args: Vec<Value>,
        keyword: super::call::Keywords<'_>,
    ) -> R<()> {
        match self.enter(function, args, keyword)? {
            Ok(frame) => {
                let caller = std::mem::replace(&mut self.f, frame);
                self.callers.push(caller);
            }
            Err(generator) => self.push(generator),
        }
        Ok(())
    }

    pub(super) fn keywords(&self, index: u16, args: &mut Vec<Value>) -> Vec<(Arc<str>, Value)> {
        if index == NO_KEYWORDS {
            return Vec::new();
        }
        let names = &self.f.code.keywords[index as usize];
        let values = args.split_off(args.len().saturating_sub(names.len()));
        names.iter().cloned().zip(values).collect()
    }

    pub(super) fn call_op(&mut self, argc: usize, keywords: u16) -> R<()> {
        let mut args = self.pop_many(argc);
        let keyword = self.keywords(keywords, &mut args);
        let callee = self.pop();
        if let Value::Func(function) = &callee {
            return self.enter_function(function, args, &keyword);
        }
        match self.call_now(&callee, &args, &keyword) {
            Ok(value) => {
                self.push(value);
                Ok(())
            }
            Err(flow) => {
                self.push(callee);
                self.f.stack.extend(args);
                self.f.stack.extend(keyword.into_iter().map(|(_, value)| value));
                Err(flow)
            }
        }
    }

    pub(super) fn call_method_op(&mut self, name: u32, argc: usize, keywords: u16) -> R<()> {
        let mut args = self.pop_many(argc);
        let keyword = self.keywords(keywords, &mut args);
        let object = self.pop();
        let name = self.f.code.names[name as usize].clone();
        let result = match ops::attr::method(&object, &name) {
            Some(def) => self.call_native(def, &object, &args, &keyword),
            None => match &object {
                Value::Host(host) if host.has_method(&name) => {
                    let host_args = crate::host::HostArgs { positional: &args, keyword: &keyword };
                    host.call_method(&name, &host_args).into_result()
                }
                _ => match ops::attr::get(self, &object, &name) {
                    Ok(Value::Func(function)) => {
                        return self.enter_function(&function, args, &keyword);
                    }
                    Ok(callee) => self.call_now(&callee, &args, &keyword),
                    Err(flow) => Err(flow),
                },
            },
        };
        match result {
            Ok(value) => {
                self.push(value);
                Ok(())
            }
            Err(flow) => {
                self.push(object);
                self.f.stack.extend(args);
                self.f.stack.extend(keyword.into_iter().map(|(_, value)| value));
                Err(flow)
            }
        }
    }

    pub(super) fn merge_keywords(&mut self, into: &Arc<Dict>, mapping: &Value) -> R<()> {
        let Value::Dict(from) = mapping else {
            return Err(type_error(format!("argument after ** must be a mapping, not {}", mapping.type_name())));
        };
        let entries: Vec<(Key, Value)> = from.get().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        self.charge_items(entries.len() * 4)?;
        for (key, value) in entries {
            let Some(name) = key.value().as_str() else {
                return Err(type_error("keywords must be strings"));
            };
            if into.get().contains_key(&key) {
                return Err(type_error(format!("got multiple values for keyword argument '{name}'")));
            }
            into.set().insert(key, value);
        }
        Ok(())
    }

    pub(super) fn make_function(&mut self, code: u32, defaults: usize, kw_defaults: usize) -> R<()> {
        self.charge(160)?;
        let by_name = self.pop_many(kw_defaults * 2);
        let defaults = self.pop_many(defaults);
        let mut pairs = Vec::with_capacity(kw_defaults);
        let mut by_name = by_name.into_iter();
        while let (Some(slot), Some(value)) = (by_name.next(), by_name.next()) {
            pairs.push((slot.as_i64().unwrap_or(0) as u32, value));
        }
        let code = self.f.code.functions[code as usize].clone();
        let cells = code.captures.iter().map(|index| self.f.cells[*index as usize].clone()).collect();
        let refs = Deep(FuncRefs { defaults, kw_defaults: pairs, cells });
        self.push(Value::Func(Arc::new(Func { code, refs })));
        Ok(())
    }

    /// Leaves the current frame with a value.
    pub(super) fn return_(&mut self, value: Value, base: usize) -> Option<Exit> {
        let generator = match &self.f.kind {
            FrameKind::Call => None,
            FrameKind::Generator(generator, deliver) => Some((generator.clone(), *deliver)),
        };
        let Some((generator, deliver)) = generator else {
            if self.callers.len() <= base {
                return Some(Exit::Return(value));
            }
            if let Some(caller) = self.callers.pop() {
                self.f = caller;
            }
            self.push(value);
            return None;
        };
        *generator.state.0.lock() = GenState::Done;
        self.returned = value;
        if self.callers.len() <= base {
            return Some(Exit::End);
        }
        if let Some(caller) = self.callers.pop() {
            self.f = caller;
        }
        if let Deliver::Loop(target) = deliver {
            self.pop();
            self.f.pc = target as usize;
        }
        None
    }

    /// Suspends the current generator.
    pub(super) fn yield_(&mut self, value: Value, base: usize) -> Option<Exit> {
        let nested = self.callers.len() <= base;
        let caller = if nested { Frame::idle() } else { self.callers.pop().unwrap_or_else(Frame::idle) };
        let mut frame = std::mem::replace(&mut self.f, caller);
        if let FrameKind::Generator(generator, _) = std::mem::replace(&mut frame.kind, FrameKind::Call) {
            *generator.state.0.lock() = GenState::Suspended(Box::new(frame));
        }
        if nested {
            return Some(Exit::Yield(value));
        }
        self.push(value);
        None
    }
}

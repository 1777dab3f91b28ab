//! The loop over instructions.

use std::sync::Arc;

use super::Vm;
use super::frame::Block;
use crate::compile::code::{CmpOp, Op, UnOp};
use crate::flow::{Flow, R, raise, type_error, value_error};
use crate::ops;
use crate::value::{Cell, Dict, DictData, Exc, ExcType, Key, Slice, Value};

/// Why the loop stopped.
pub(super) enum Exit {
    Return(Value),
    Yield(Value),
    /// A generator ended.
    End,
}

/// Runs an operation on operands taken off the stack, and puts them back when it has to wait.
macro_rules! with_operands {
    ($vm:ident, [$($operand:ident),+], $work:expr) => {{
        match $work {
            Ok(value) => value,
            Err(flow) => {
                $($vm.f.stack.push($operand);)+
                return Err(flow);
            }
        }
    }};
}

impl Vm {
    #[inline]
    pub(super) fn pop(&mut self) -> Value {
        self.f.stack.pop().unwrap_or(Value::None)
    }

    #[inline]
    pub(super) fn push(&mut self, value: Value) {
        self.f.stack.push(value);
    }

    pub(super) fn pop_many(&mut self, count: usize) -> Vec<Value> {
        let at = self.f.stack.len().saturating_sub(count);
        self.f.stack.split_off(at)
    }

    /// Runs until the frames above `base` are done.
    pub(super) fn run(&mut self, base: usize) -> R<Exit> {
        loop {
            match self.exec(base) {
                Ok(exit) => return Ok(exit),
                Err(Flow::Raise(exc)) => self.unwind(exc, base)?,
                Err(Flow::Load(request)) => {
                    self.f.pc = self.f.pc.saturating_sub(1);
                    return Err(Flow::Load(request));
                }
                Err(limit) => return Err(limit),
            }
        }
    }

    fn exec(&mut self, base: usize) -> R<Exit> {
        loop {
            self.tick(1)?;
            let pc = self.f.pc;
            let Some(op) = self.f.code.ops.get(pc).copied() else {
                return Ok(Exit::Return(Value::None));
            };
            self.f.pc = pc + 1;
            match op {
                Op::Nop => {}
                Op::Const(index) => {
                    let value = self.f.code.consts[index as usize].clone();
                    self.push(value);
                }
                Op::LoadFast(slot) => match &self.f.stack[slot as usize] {
                    Value::Unbound => return Err(self.unbound_local(slot)),
                    value => {
                        let value = value.clone();
                        self.push(value);
                    }
                },
                Op::StoreFast(slot) => {
                    let value = self.pop();
                    self.f.stack[slot as usize] = value;
                }
                Op::DeleteFast(slot) => {
                    let slot_value = &mut self.f.stack[slot as usize];
                    if matches!(std::mem::replace(slot_value, Value::Unbound), Value::Unbound) {
                        return Err(self.unbound_local(slot));
                    }
                }
                Op::LoadCell(slot) => match self.f.cells[slot as usize].get() {
                    Some(value) => self.push(value),
                    None => return Err(self.unbound_cell(slot)),
                },
                Op::StoreCell(slot) => {
                    let value = self.pop();
                    self.f.cells[slot as usize].set(Some(value));
                }
                Op::DeleteCell(slot) => {
                    if self.f.cells[slot as usize].get().is_none() {
                        return Err(self.unbound_cell(slot));
                    }
                    self.f.cells[slot as usize].set(None);
                }
                Op::NewCell(slot) => {
                    let cell = Arc::new(Cell::default());
                    self.cells.push(Arc::downgrade(&cell));
                    self.f.cells[slot as usize] = cell;
                }
                Op::LoadGlobal(index) => {
                    let value = self.load_global(index)?;
                    self.push(value);
                }
                Op::StoreGlobal(index) => {
                    let value = self.pop();
                    let name = self.f.code.names[index as usize].clone();
                    self.module_globals.insert(name, value);
                }
                Op::DeleteGlobal(index) => {
                    let name = self.f.code.names[index as usize].clone();
                    if self.module_globals.remove(&name).is_none() {
                        return Err(undefined(&name));
                    }
                }
                Op::Pop => drop(self.pop()),
                Op::Dup => {
                    let top = self.f.stack.last().cloned().unwrap_or(Value::None);
                    self.push(top);
                }
                Op::Dup2 => {
                    let len = self.f.stack.len();
                    let pair = [self.f.stack[len - 2].clone(), self.f.stack[len - 1].clone()];
                    self.f.stack.extend(pair);
                }
                Op::Swap => {
                    let len = self.f.stack.len();
                    self.f.stack.swap(len - 1, len - 2);
                }
                Op::Rot3 => {
                    let len = self.f.stack.len();
                    self.f.stack[len - 3..].rotate_right(1);
                }
                Op::Rot4 => {
                    let len = self.f.stack.len();
                    self.f.stack[len - 4..].rotate_right(1);
                }
                Op::Binary(op) => {
                    let (b, a) = (self.pop(), self.pop());
                    let value = with_operands!(self, [a, b], ops::arith::binary(self, op, &a, &b));
                    self.push(value);
                }
                Op::InPlace(op) => {
                    let (b, a) = (self.pop(), self.pop());
                    let value = with_operands!(self, [a, b], ops::arith::in_place(self, op, &a, &b));
                    self.push(value);
                }
                Op::Unary(op) => {
                    let a = self.pop();
                    let result = match op {
                        UnOp::Not => ops::truth(self, &a).map(|truth| Value::Bool(!truth)),
                        other => ops::arith::unary(self, other, &a),
                    };
                    let value = with_operands!(self, [a], result);
                    self.push(value);
                }
                Op::Compare(op) => {
                    let (b, a) = (self.pop(), self.pop());
                    let value = with_operands!(self, [a, b], self.compare(op, &a, &b));
                    self.push(Value::Bool(value));
                }
                Op::Attr(index) => {
                    let a = self.pop();
                    let name = self.f.code.names[index as usize].clone();
                    let value = with_operands!(self, [a], ops::attr::get(self, &a, &name));
                    self.push(value);
                }
                Op::SetAttr(index) => {
                    let (object, value) = (self.pop(), self.pop());
                    let name = self.f.code.names[index as usize].clone();
                    with_operands!(self, [value, object], ops::attr::set(&object, &name, Some(&value)));
                }
                Op::DeleteAttr(index) => {
                    let object = self.pop();
                    let name = self.f.code.names[index as usize].clone();
                    with_operands!(self, [object], ops::attr::set(&object, &name, None));
                }
                Op::Index => {
                    let (b, a) = (self.pop(), self.pop());
                    let value = with_operands!(self, [a, b], ops::subscript::get(self, &a, &b));
                    self.push(value);
                }
                Op::SetIndex => {
                    let (key, object, value) = (self.pop(), self.pop(), self.pop());
                    let result = ops::subscript::set(self, &object, &key, &value);
                    with_operands!(self, [value, object, key], result);
                }
                Op::DeleteIndex => {
                    let (key, object) = (self.pop(), self.pop());
                    with_operands!(self, [object, key], ops::subscript::delete(self, &object, &key));
                }
                Op::List(count) => {
                    let items = self.pop_many(count as usize);
                    self.charge_items(items.len() + 2)?;
                    self.push(Value::list(items));
                }
                Op::Tuple(count) => {
                    let items = self.pop_many(count as usize);
                    self.charge_items(items.len() + 2)?;
                    self.push(Value::tuple(items));
                }
                Op::Set(count) => {
                    let items = self.pop_many(count as usize);
                    let set = ops::set_of(self, items, false)?;
                    self.push(set);
                }
                Op::Dict(count) => {
                    let items = self.pop_many(count as usize * 2);
                    self.charge_items(items.len() * 2 + 4)?;
                    let mut data = DictData::with_capacity(count as usize);
                    let mut items = items.into_iter();
                    while let (Some(key), Some(value)) = (items.next(), items.next()) {
                        data.insert(ops::key(key)?, value);
                    }
                    self.push(Value::Dict(Arc::new(Dict::new(data))));
                }
                Op::Slice => {
                    let (step, stop, start) = (self.pop(), self.pop(), self.pop());
                    self.charge(96)?;
                    self.push(Value::Slice(Arc::new(Slice { start, stop, step })));
                }
                Op::Join(count) => {
                    let parts = self.pop_many(count as usize);
                    let value = match parts.as_slice() {
                        [one @ Value::Str(_)] => one.clone(),
                        parts => {
                            let size: usize = parts.iter().filter_map(Value::as_str).map(str::len).sum();
                            self.charge(size)?;
                            let mut text = String::with_capacity(size);
                            parts.iter().filter_map(Value::as_str).for_each(|part| text.push_str(part));
                            Value::from(text)
                        }
                    };
                    self.push(value);
                }
                Op::ListAppend(depth) => {
                    let value = self.pop();
                    self.charge(size_of::<Value>())?;
                    if let Some(Value::List(list)) = self.below(depth) {
                        list.set().push(value);
                    }
                }
                Op::SetAdd(depth) => {
                    let value = self.pop();
                    self.charge(size_of::<Value>() * 2)?;
                    let key = ops::key(value)?;
                    if let Some(Value::Set(set)) = self.below(depth) {
                        set.set().insert(key);
                    }
                }
                Op::DictAdd(depth) => {
                    let (value, key) = (self.pop(), self.pop());
                    self.charge(size_of::<Value>() * 4)?;
                    let key = ops::key(key)?;
                    if let Some(Value::Dict(dict)) = self.below(depth) {
                        let old = dict.set().insert(key, value);
                        drop(old);
                    }
                }
                Op::ListExtend => {
                    let iterable = self.pop();
                    let result = self.collect_spread(&iterable);
                    let items = with_operands!(self, [iterable], result);
                    self.charge_items(items.len())?;
                    if let Some(Value::List(list)) = self.below(0) {
                        list.set().extend(items);
                    }
                }
                Op::SetExtend => {
                    let iterable = self.pop();
                    let items = with_operands!(self, [iterable], self.collect(&iterable));
                    self.charge_items(items.len() * 2)?;
                    let keys = items.into_iter().map(ops::key).collect::<R<Vec<Key>>>()?;
                    if let Some(Value::Set(set)) = self.below(0) {
                        set.set().extend(keys);
                    }
                }
                Op::DictMerge => {
                    let mapping = self.pop();
                    let Some(Value::Dict(dict)) = self.below(0).cloned() else {
                        continue;
                    };
                    with_operands!(self, [mapping], ops::merge_mapping(self, &dict, &mapping));
                }
                Op::KeywordMerge => {
                    let mapping = self.pop();
                    let Some(Value::Dict(dict)) = self.below(0).cloned() else {
                        continue;
                    };
                    with_operands!(self, [mapping], self.merge_keywords(&dict, &mapping));
                }
                Op::ListToTuple => {
                    if let Value::List(list) = self.pop() {
                        let items = std::mem::take(&mut *list.set());
                        self.push(Value::tuple(items));
                    }
                }
                Op::Call { argc, keywords } => {
                    self.call_op(argc as usize, keywords)?;
                }
                Op::CallMethod { name, argc, keywords } => {
                    self.call_method_op(name, argc as usize, keywords)?;
                }
                Op::CallSpread => {
                    let (keyword, positional, callee) = (self.pop(), self.pop(), self.pop());
                    let (args, kwargs) = (list_items(&positional), dict_keywords(&keyword));
                    if let Value::Func(function) = &callee {
                        self.enter_function(&function.clone(), args, &kwargs)?;
                        continue;
                    }
                    let result = self.call_now(&callee, &args, &kwargs);
                    let value = with_operands!(self, [callee, positional, keyword], result);
                    self.push(value);
                }
                Op::Jump(target) => {
                    self.f.pc = target as usize;
                    continue;
                }
                Op::JumpIfFalse(target) => {
                    let a = self.pop();
                    let truth = with_operands!(self, [a], ops::truth(self, &a));
                    if !truth {
                        self.f.pc = target as usize;
                    }
                }
                Op::JumpIfTrue(target) => {
                    let a = self.pop();
                    let truth = with_operands!(self, [a], ops::truth(self, &a));
                    if truth {
                        self.f.pc = target as usize;
                    }
                }
                Op::JumpIfFalseOrPop(target) | Op::JumpIfTrueOrPop(target) => {
                    let wanted = matches!(op, Op::JumpIfTrueOrPop(_));
                    let a = self.pop();
                    let truth = with_operands!(self, [a], ops::truth(self, &a));
                    if truth == wanted {
                        self.push(a);
                        self.f.pc = target as usize;
                    }
                }
                Op::GetIter => {
                    let a = self.pop();
                    let value = with_operands!(self, [a], self.iter(&a));
                    self.push(value);
                }
                Op::ForIter(target) => self.for_iter(target)?,
                Op::Unpack(count) => {
                    let a = self.pop();
                    let items = with_operands!(self, [a], self.unpack(&a, count as usize));
                    self.f.stack.extend(items.into_iter().rev());
                }
                Op::UnpackStar { before, after } => {
                    let a = self.pop();
                    let mut items = with_operands!(self, [a], self.collect_unpack(&a));
                    let (before, after) = (before as usize, after as usize);
                    if items.len() < before + after {
                        return Err(value_error(format!(
                            "not enough values to unpack (expected at least {}, got {})",
                            before + after,
                            items.len()
                        )));
                    }
                    let tail = items.split_off(items.len() - after);
                    let middle = items.split_off(before);
                    self.charge_items(middle.len())?;
                    self.f.stack.extend(tail.into_iter().rev());
                    self.push(Value::list(middle));
                    self.f.stack.extend(items.into_iter().rev());
                }
                Op::Function { code, defaults, kw_defaults } => {
                    self.make_function(code, defaults as usize, kw_defaults as usize)?;
                }
                Op::Return => {
                    let value = self.pop();
                    if let Some(exit) = self.return_(value, base) {
                        return Ok(exit);
                    }
                }
                Op::Yield => {
                    let value = self.pop();
                    if let Some(exit) = self.yield_(value, base) {
                        return Ok(exit);
                    }
                }
                Op::Returned => {
                    let value = std::mem::replace(&mut self.returned, Value::None);
                    self.push(value);
                }
                Op::SetupTry(target) => {
                    let depth = self.f.stack.len() as u32;
                    let handling = self.f.handling.len() as u32;
                    self.f.blocks.push(Block { target, depth, handling });
                }
                Op::PopBlock => {
                    self.f.blocks.pop();
                }
                Op::LoadExc => {
                    let exc = self.f.handling.last().cloned();
                    self.push(exc.map_or(Value::None, Value::Exc));
                }
                Op::MatchExc => {
                    let types = self.pop();
                    let matches = self.matches_handler(&types)?;
                    self.push(Value::Bool(matches));
                }
                Op::PopExc => {
                    self.f.handling.pop();
                }
                Op::Raise => {
                    let value = self.pop();
                    return Err(Flow::Raise(self.exception_of(value)?));
                }
                Op::RaiseFrom => {
                    let (cause, value) = (self.pop(), self.pop());
                    let exc = self.exception_of(value)?;
                    let cause = match cause {
                        Value::None => Value::None,
                        other => Value::Exc(
                            self.exception_of(other)
                                .map_err(|_| type_error("exception causes must derive from BaseException"))?,
                        ),
                    };
                    exc.linked.0.lock().cause = Some(cause);
                    return Err(Flow::Raise(exc));
                }
                Op::Reraise => match self.handled() {
                    Some(exc) => {
                        // The frame that handles it is in the trace already.
                        self.already_noted = !self.f.handling.is_empty();
                        return Err(Flow::Raise(exc));
                    }
                    None => return Err(raise("RuntimeError", "No active exception to reraise")),
                },
                Op::AssertionError { message } => {
                    let args = if message { vec![self.pop()] } else { Vec::new() };
                    let exc = Exc::new(ExcType::builtin("AssertionError"), args);
                    return Err(Flow::Raise(Arc::new(exc)));
                }
                Op::Format { conversion, spec } => self.format_field(conversion, spec)?,
                Op::Import(index) => {
                    let name = self.f.code.names[index as usize].clone();
                    let value = self.import_module(&name)?;
                    self.push(value);
                }
                Op::ImportFrom { module, name } => {
                    let module = self.f.code.names[module as usize].clone();
                    let name = self.f.code.names[name as usize].clone();
                    let value = self.import_from(&module, &name)?;
                    self.push(value);
                }
            }
            self.settle();
        }
    }

    /// The value this many places below the top.
    fn below(&self, depth: u32) -> Option<&Value> {
        let index = self.f.stack.len().checked_sub(1 + depth as usize)?;
        self.f.stack.get(index)
    }

    fn unbound_local(&self, slot: u32) -> Flow {
        let name = self.f.code.local_names.get(slot as usize).map_or("?", |name| name);
        raise(
            "UnboundLocalError",
            format!("cannot access local variable '{name}' where it is not associated with a value"),
        )
    }

    fn unbound_cell(&self, slot: u32) -> Flow {
        let name = self.f.code.cell_names.get(slot as usize).map_or("?", |name| name);
        if slot < self.f.code.cells {
            return raise(
                "UnboundLocalError",
                format!("cannot access local variable '{name}' where it is not associated with a value"),
            );
        }
        raise(
            "NameError",
            format!("cannot access free variable '{name}' where it is not associated with a value in enclosing scope"),
        )
    }

    fn load_global(&mut self, index: u32) -> R<Value> {
        let name = &self.f.code.names[index as usize];
        if !self.module_globals.is_empty()
            && let Some(value) = self.module_globals.get(name)
        {
            return Ok(value.clone());
        }
        if let Some(value) = self.globals.get(name) {
            return Ok(value.clone());
        }
        crate::native::builtins::lookup(name).ok_or_else(|| undefined(name))
    }

    fn compare(&mut self, op: CmpOp, a: &Value, b: &Value) -> R<bool> {
        match op {
            CmpOp::Is => Ok(a.is(b)),
            CmpOp::IsNot => Ok(!a.is(b)),
            CmpOp::In => ops::contains(self, b, a),
            CmpOp::NotIn => ops::contains(self, b, a).map(|found| !found),
            other => ops::compare::rich(self, other, a, b),
        }
    }
}

fn list_items(value: &Value) -> Vec<Value> {
    match value {
        Value::List(list) => list.to_vec(),
        _ => Vec::new(),
    }
}

fn dict_keywords(value: &Value) -> Vec<(Arc<str>, Value)> {
    let Value::Dict(dict) = value else {
        return Vec::new();
    };
    dict.get()
        .iter()
        .filter_map(|(key, value)| match key.value() {
            Value::Str(name) => Some((name.clone(), value.clone())),
            _ => None,
        })
        .collect()
}

fn undefined(name: &str) -> Flow {
    raise("NameError", format!("name '{name}' is not defined"))
}

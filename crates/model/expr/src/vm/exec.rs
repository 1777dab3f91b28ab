//! The loop over instructions.

use std::sync::Arc;

use super::Vm;
use super::frame::{Block, Deliver, Frame, FrameKind, GenState};
use crate::compile::code::{CmpOp, Conversion, NO_KEYWORDS, Op, UnOp};
use crate::flow::{Flow, R, raise, type_error, value_error};
use crate::ops;
use crate::value::{Cell, Deep, Dict, DictData, Exc, ExcType, Func, FuncRefs, Key, Slice, Value};

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
    fn pop(&mut self) -> Value {
        self.f.stack.pop().unwrap_or(Value::None)
    }

    #[inline]
    fn push(&mut self, value: Value) {
        self.f.stack.push(value);
    }

    fn pop_many(&mut self, count: usize) -> Vec<Value> {
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

    #[expect(
        clippy::cognitive_complexity,
        reason = "one arm an instruction reads best in one place"
    )]
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
                    if matches!(
                        std::mem::replace(slot_value, Value::Unbound),
                        Value::Unbound
                    ) {
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
                    let value =
                        with_operands!(self, [a, b], ops::arith::in_place(self, op, &a, &b));
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
                    with_operands!(
                        self,
                        [value, object],
                        ops::attr::set(&object, &name, Some(&value))
                    );
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
                    with_operands!(
                        self,
                        [object, key],
                        ops::subscript::delete(self, &object, &key)
                    );
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
                            let size: usize =
                                parts.iter().filter_map(Value::as_str).map(str::len).sum();
                            self.charge(size)?;
                            let mut text = String::with_capacity(size);
                            parts
                                .iter()
                                .filter_map(Value::as_str)
                                .for_each(|part| text.push_str(part));
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
                Op::CallMethod {
                    name,
                    argc,
                    keywords,
                } => {
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
                Op::Function {
                    code,
                    defaults,
                    kw_defaults,
                } => {
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
                    self.f.blocks.push(Block {
                        target,
                        depth,
                        handling,
                    });
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
                        other => Value::Exc(self.exception_of(other).map_err(|_| {
                            type_error("exception causes must derive from BaseException")
                        })?),
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
                    let args = if message {
                        vec![self.pop()]
                    } else {
                        Vec::new()
                    };
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
        let name = self
            .f
            .code
            .local_names
            .get(slot as usize)
            .map_or("?", |name| name);
        raise(
            "UnboundLocalError",
            format!(
                "cannot access local variable '{name}' where it is not associated with a value"
            ),
        )
    }

    fn unbound_cell(&self, slot: u32) -> Flow {
        let name = self
            .f
            .code
            .cell_names
            .get(slot as usize)
            .map_or("?", |name| name);
        if slot < self.f.code.cells {
            return raise(
                "UnboundLocalError",
                format!(
                    "cannot access local variable '{name}' where it is not associated with a value"
                ),
            );
        }
        raise(
            "NameError",
            format!(
                "cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
            ),
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

    fn enter_function(
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

    fn keywords(&self, index: u16, args: &mut Vec<Value>) -> Vec<(Arc<str>, Value)> {
        if index == NO_KEYWORDS {
            return Vec::new();
        }
        let names = &self.f.code.keywords[index as usize];
        let values = args.split_off(args.len().saturating_sub(names.len()));
        names.iter().cloned().zip(values).collect()
    }

    fn call_op(&mut self, argc: usize, keywords: u16) -> R<()> {
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
                self.f
                    .stack
                    .extend(keyword.into_iter().map(|(_, value)| value));
                Err(flow)
            }
        }
    }

    fn call_method_op(&mut self, name: u32, argc: usize, keywords: u16) -> R<()> {
        let mut args = self.pop_many(argc);
        let keyword = self.keywords(keywords, &mut args);
        let object = self.pop();
        let name = self.f.code.names[name as usize].clone();
        let result = match ops::attr::method(&object, &name) {
            Some(def) => self.call_native(def, &object, &args, &keyword),
            None => match &object {
                Value::Host(host) if host.has_method(&name) => {
                    let host_args = crate::host::HostArgs {
                        positional: &args,
                        keyword: &keyword,
                    };
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
                self.f
                    .stack
                    .extend(keyword.into_iter().map(|(_, value)| value));
                Err(flow)
            }
        }
    }

    fn merge_keywords(&mut self, into: &Arc<Dict>, mapping: &Value) -> R<()> {
        let Value::Dict(from) = mapping else {
            return Err(type_error(format!(
                "argument after ** must be a mapping, not {}",
                mapping.type_name()
            )));
        };
        let entries: Vec<(Key, Value)> = from
            .get()
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        self.charge_items(entries.len() * 4)?;
        for (key, value) in entries {
            let Some(name) = key.value().as_str() else {
                return Err(type_error("keywords must be strings"));
            };
            if into.get().contains_key(&key) {
                return Err(type_error(format!(
                    "got multiple values for keyword argument '{name}'"
                )));
            }
            into.set().insert(key, value);
        }
        Ok(())
    }

    fn make_function(&mut self, code: u32, defaults: usize, kw_defaults: usize) -> R<()> {
        self.charge(160)?;
        let by_name = self.pop_many(kw_defaults * 2);
        let defaults = self.pop_many(defaults);
        let mut pairs = Vec::with_capacity(kw_defaults);
        let mut by_name = by_name.into_iter();
        while let (Some(slot), Some(value)) = (by_name.next(), by_name.next()) {
            pairs.push((slot.as_i64().unwrap_or(0) as u32, value));
        }
        let code = self.f.code.functions[code as usize].clone();
        let cells = code
            .captures
            .iter()
            .map(|index| self.f.cells[*index as usize].clone())
            .collect();
        let refs = Deep(FuncRefs {
            defaults,
            kw_defaults: pairs,
            cells,
        });
        self.push(Value::Func(Arc::new(Func { code, refs })));
        Ok(())
    }

    /// Leaves the current frame with a value.
    fn return_(&mut self, value: Value, base: usize) -> Option<Exit> {
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
    fn yield_(&mut self, value: Value, base: usize) -> Option<Exit> {
        let nested = self.callers.len() <= base;
        let caller = if nested {
            Frame::idle()
        } else {
            self.callers.pop().unwrap_or_else(Frame::idle)
        };
        let mut frame = std::mem::replace(&mut self.f, caller);
        if let FrameKind::Generator(generator, _) =
            std::mem::replace(&mut frame.kind, FrameKind::Call)
        {
            *generator.state.0.lock() = GenState::Suspended(Box::new(frame));
        }
        if nested {
            return Some(Exit::Yield(value));
        }
        self.push(value);
        None
    }

    fn for_iter(&mut self, target: u32) -> R<()> {
        let iterator = self.f.stack.last().cloned().unwrap_or(Value::None);
        match &iterator {
            Value::Gen(generator) => {
                match self.take_frame(generator, Value::None, Deliver::Loop(target))? {
                    Some(frame) => {
                        let caller = std::mem::replace(&mut self.f, frame);
                        self.callers.push(caller);
                        return Ok(());
                    }
                    None => {
                        self.pop();
                        self.f.pc = target as usize;
                    }
                }
            }
            Value::Iter(iter) => match self.step(iter)? {
                Some(value) => self.push(value),
                None => {
                    self.pop();
                    self.returned = Value::None;
                    self.f.pc = target as usize;
                }
            },
            other => {
                return Err(type_error(format!(
                    "'{}' object is not an iterator",
                    other.type_name()
                )));
            }
        }
        Ok(())
    }

    fn unpack(&mut self, value: &Value, count: usize) -> R<Vec<Value>> {
        let items = match value {
            Value::Tuple(tuple) => tuple.items().to_vec(),
            Value::List(list) if list.len() == count => list.to_vec(),
            other => self.collect_unpack(other)?,
        };
        match items.len() {
            len if len == count => Ok(items),
            len if len < count => Err(value_error(format!(
                "not enough values to unpack (expected {count}, got {len})"
            ))),
            _ => Err(value_error(format!(
                "too many values to unpack (expected {count})"
            ))),
        }
    }

    fn collect_unpack(&mut self, value: &Value) -> R<Vec<Value>> {
        if !self.is_iterable(value) {
            return Err(type_error(format!(
                "cannot unpack non-iterable {} object",
                value.type_name()
            )));
        }
        self.collect(value)
    }

    fn collect_spread(&mut self, value: &Value) -> R<Vec<Value>> {
        if !self.is_iterable(value) {
            return Err(type_error(format!(
                "Value after * must be an iterable, not {}",
                value.type_name()
            )));
        }
        self.collect(value)
    }

    fn format_field(&mut self, conversion: Conversion, has_spec: bool) -> R<()> {
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

    fn format_converted(&mut self, conversion: Conversion, value: &Value, spec: &str) -> R<String> {
        let converted = match conversion {
            Conversion::None => return crate::format::value(self, value, spec),
            Conversion::Str => ops::repr::str(self, value)?,
            Conversion::Repr => ops::repr::repr(self, value)?,
            Conversion::Ascii => ops::repr::ascii(&ops::repr::repr(self, value)?),
        };
        crate::format::value(self, &Value::from(converted), spec)
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

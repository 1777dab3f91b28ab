//! One evaluation of a program.

use std::any::Any;
use std::sync::Arc;

use super::Vm;
use super::exec::Exit;
use super::frame::{Frame, GenState};
use crate::error::EvalError;
use crate::flow::{Flow, R};
use crate::host::Globals;
use crate::limits::Limits;
use crate::ops;
use crate::program::Program;
use crate::value::{Deep, Exc, Gen, Value};

/// How far a step came.
pub enum Outcome {
    Done(Value),
    /// The caller must perform this load and then step again.
    Load(Box<dyn Any + Send>),
    Failed(EvalError),
}

enum Phase {
    Body,
    /// The result is a generator, whose elements are the result.
    Draining {
        source: Value,
        items: Vec<Value>,
    },
    Over,
}

/// One evaluation, which may be waiting for a load.
pub struct Run {
    vm: Vm,
    phase: Phase,
}

impl Run {
    /// Prepares an evaluation; `args` are the values of [`Program::params`].
    pub fn new(program: &Program, globals: &Globals, mut args: Vec<Value>, limits: Limits) -> Self {
        let mut vm = Vm::new(program.clone(), globals.clone(), limits);
        let code = program.code().clone();
        args.resize(program.params().len(), Value::None);
        let frame = Frame::new(code.clone(), args, &[]);
        vm.track_cells(&frame);
        let mut phase = Phase::Body;
        if code.is_generator {
            let state = Deep(parking_lot::Mutex::new(GenState::Suspended(Box::new(frame))));
            let source = Value::Gen(Arc::new(Gen { state, code }));
            phase = Phase::Draining { source, items: Vec::new() };
        } else {
            vm.f = frame;
        }
        Self { vm, phase }
    }

    /// Runs until the end or the next load.
    pub fn step(&mut self) -> Outcome {
        self.vm.rewind();
        match self.advance() {
            Ok(value) => {
                self.phase = Phase::Over;
                Outcome::Done(value)
            }
            Err(Flow::Load(request)) => Outcome::Load(request),
            Err(flow) => {
                self.phase = Phase::Over;
                Outcome::Failed(self.error(flow))
            }
        }
    }

    /// Runs an evaluation that never loads; a load fails it.
    #[expect(clippy::result_large_err, reason = "made once at the end of an evaluation")]
    pub fn finish(&mut self) -> Result<Value, EvalError> {
        match self.step() {
            Outcome::Done(value) => Ok(value),
            Outcome::Failed(error) => Err(error),
            Outcome::Load(_) => Err(self.error(crate::flow::raise("RuntimeError", "nothing can be loaded here"))),
        }
    }

    /// What `print` wrote, a line each.
    pub fn logs(&self) -> &[String] {
        &self.vm.logs
    }

    pub fn take_logs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.vm.logs)
    }

    fn advance(&mut self) -> R<Value> {
        if matches!(self.phase, Phase::Body) {
            let value = match self.vm.run(0)? {
                Exit::Return(value) | Exit::Yield(value) => value,
                Exit::End => Value::None,
            };
            if !matches!(value, Value::Gen(_) | Value::Iter(_)) {
                return Ok(value);
            }
            self.vm.settle();
            self.phase = Phase::Draining { source: value, items: Vec::new() };
        }
        if let Phase::Draining { source, items } = &mut self.phase {
            while let Some(item) = self.vm.next(source)? {
                self.vm.settle();
                items.push(item);
            }
            return Ok(Value::list(std::mem::take(items)));
        }
        Err(crate::flow::raise("RuntimeError", "evaluation is over"))
    }

    fn error(&mut self, flow: Flow) -> EvalError {
        let mut limit = None;
        let exc = match flow {
            Flow::Raise(exc) => exc,
            Flow::Limit(used_up) => {
                limit = Some(used_up);
                let (name, message) = used_up.exception();
                let exc = Exc::new(crate::value::ExcType::builtin(name), vec![Value::str(message)]);
                let offset = self.vm.f.code.offsets.get(self.vm.f.pc.saturating_sub(1)).copied().unwrap_or(0);
                let (line, column) = self.vm.program.position(offset);
                let function = self.vm.f.code.name.clone();
                exc.trace.lock().push(crate::value::TraceEntry { function, line, column });
                Arc::new(exc)
            }
            Flow::Load(_) => Arc::new(Exc::new(crate::value::ExcType::builtin("RuntimeError"), Vec::new())),
        };
        let message = ops::repr::exception_message(&mut self.vm, &exc);
        let mut frames = exc.trace.lock().clone();
        frames.reverse();
        let (line, column) = frames.last().map_or((0, 0), |frame| (frame.line, frame.column));
        let mut error = EvalError {
            exception: exc.ty.name().to_owned(),
            module: exc.ty.module().to_owned(),
            message,
            line,
            column,
            frames,
            traceback: String::new(),
            limit,
            module_line: self.vm.program.module_line(),
        };
        error.render(self.vm.program.source());
        error
    }
}

//! The machine that runs compiled functions.
//!
//! Functions of the expression call each other without recursion here. A native that calls back
//! (`sorted(key=...)`, `sum(generator)`) runs a nested loop; when that has to wait for a load, the
//! native is abandoned and later run again from its start, with the answers it already had, see
//! [`replay`]. So natives are plain code, under one rule: change nothing before the last callback.

mod call;
mod exec;
mod exec_calls;
mod exec_values;
pub mod frame;
mod function_args;
mod imports;
pub mod iter;
mod iter_step;
mod replay;
pub mod run;
mod unwind;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use crate::flow::{Flow, Limit, R};
use crate::host::Globals;
use crate::limits::Limits;
use crate::program::Program;
use crate::value::{Cell, Value};
use frame::Frame;
use replay::Level;

const CHECK_EVERY: u64 = 2048;

/// The state of one evaluation.
pub struct Vm {
    pub(crate) program: Program,
    pub(crate) globals: Globals,
    pub(crate) module_globals: HashMap<Arc<str>, Value>,
    pub(crate) modules: HashMap<String, Value>,
    f: Frame,
    callers: Vec<Frame>,
    nest: usize,
    levels: Vec<Level>,
    steps: u64,
    until_check: u64,
    memory: u64,
    limits: Limits,
    pub(crate) logs: Vec<String>,
    /// What the last generator that ended returned.
    returned: Value,
    /// Set when the exception being raised has this frame in its trace.
    already_noted: bool,
    cells: Vec<Weak<Cell>>,
}

impl Vm {
    fn new(program: Program, globals: Globals, limits: Limits) -> Self {
        Self {
            program,
            globals,
            module_globals: HashMap::new(),
            modules: HashMap::new(),
            f: Frame::idle(),
            callers: Vec::new(),
            nest: 0,
            levels: Vec::new(),
            steps: limits.steps,
            until_check: CHECK_EVERY,
            memory: limits.memory,
            limits,
            logs: Vec::new(),
            returned: Value::None,
            already_noted: false,
            cells: Vec::new(),
        }
    }

    /// Counts steps of work; native loops call this too.
    #[inline]
    pub fn tick(&mut self, steps: u64) -> R<()> {
        if self.until_check > steps {
            self.until_check -= steps;
            return Ok(());
        }
        self.check_budgets(steps)
    }

    #[cold]
    fn check_budgets(&mut self, steps: u64) -> R<()> {
        let used = (CHECK_EVERY - self.until_check) + steps;
        self.until_check = CHECK_EVERY;
        if used > self.steps {
            self.steps = 0;
            return Err(Flow::Limit(Limit::Steps));
        }
        self.steps -= used;
        if self.limits.expired.as_ref().is_some_and(|expired| expired()) {
            return Err(Flow::Limit(Limit::Time));
        }
        Ok(())
    }

    /// Counts memory about to be allocated.
    #[inline]
    pub fn charge(&mut self, bytes: usize) -> R<()> {
        let bytes = bytes as u64;
        if bytes > self.memory {
            return Err(Flow::Limit(Limit::Memory));
        }
        self.memory -= bytes;
        Ok(())
    }

    /// Counts a container of `count` values, and the work of filling it.
    pub fn charge_items(&mut self, count: usize) -> R<()> {
        self.charge(count.saturating_mul(size_of::<Value>()))?;
        self.tick(count as u64 / 16)
    }

    /// A string result, counted.
    pub fn text(&mut self, text: String) -> R<Value> {
        self.charge(text.len())?;
        self.tick(text.len() as u64 / 256)?;
        Ok(Value::from(text))
    }

    /// A list result, counted.
    pub fn list(&mut self, items: Vec<Value>) -> R<Value> {
        self.charge_items(items.len())?;
        Ok(Value::list(items))
    }

    pub fn tuple(&mut self, items: Vec<Value>) -> R<Value> {
        self.charge_items(items.len())?;
        Ok(Value::tuple(items))
    }

    pub(crate) fn environment_now(&self) -> i64 {
        self.globals.environment().now_micros()
    }

    pub(crate) fn random_bytes(&self, bytes: &mut [u8]) {
        self.globals.environment().fill_random(bytes);
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        // A function that refers to itself through a cell would keep itself alive for ever.
        for cell in self.cells.drain(..) {
            if let Some(cell) = cell.upgrade() {
                cell.set(None);
            }
        }
    }
}

//! From the syntax tree to instructions.
//!
//! Two passes: [`scope`] decides where each name lives, then statements and expressions become the
//! instructions of [`code`]. Constructs the machine does not have are refused here, with their line.

pub mod code;
mod expression;
mod function;
mod scope;
mod statement;
mod target;

use std::collections::HashMap;
use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use crate::value::Value;
use code::{Code, Op};
use scope::{Place, ScopeId, Scopes};

const MAX_DEPTH: usize = 400;
const MAX_OPS: usize = 200_000;

/// Something the source may not contain.
pub struct Refusal {
    pub kind: &'static str,
    pub message: String,
    pub range: TextRange,
}

impl Refusal {
    pub fn new(message: impl Into<String>, range: TextRange) -> Self {
        Self { kind: "SyntaxError", message: message.into(), range }
    }
}

pub type C<T> = Result<T, Refusal>;

/// Compiles the one function of a wrapped source.
pub fn compile(function: &ast::StmtFunctionDef) -> C<Arc<Code>> {
    let scopes = Scopes::build(function)?;
    let root = scopes.of_function(function);
    let mut unit = Unit::new(&scopes, root, "handler".to_owned(), "handler".to_owned());
    unit.parameters(&function.parameters)?;
    unit.block(&function.body)?;
    unit.finish_function(function.range)
}

/// A statement that an early exit must unwind.
enum Context<'a> {
    /// A loop: where `continue` jumps and which jumps are `break`s.
    Loop { start: usize, breaks: Vec<usize>, has_iterator: bool },
    /// The body of a `try`: its block must be taken off.
    Try,
    /// The body of a `try` with `finally`: take the block off and run the statements.
    Finally(&'a [ast::Stmt]),
    /// A handler: the handled exception must be forgotten.
    Handler,
    /// A `finally` block on the way out of a `return`, whose value is on the stack.
    Result,
}

/// A function being compiled.
struct Unit<'a> {
    scopes: &'a Scopes,
    /// The scope names are looked up in: the function's, or a comprehension's inside of it.
    scope: ScopeId,
    code: Code,
    names: HashMap<String, u32>,
    contexts: Vec<Context<'a>>,
    depth: usize,
    range: TextRange,
}

impl<'a> Unit<'a> {
    fn new(scopes: &'a Scopes, scope: ScopeId, name: String, qualified: String) -> Self {
        let layout = scopes.layout(scope);
        let code = Code {
            name,
            qualified,
            locals: layout.locals.len() as u32,
            cells: layout.cells.len() as u32,
            local_names: layout.locals.iter().map(|name| Arc::from(name.as_str())).collect(),
            cell_names: layout
                .cells
                .iter()
                .chain(layout.frees.iter().map(|(name, _)| name))
                .map(|name| Arc::from(name.as_str()))
                .collect(),
            is_generator: scopes.is_generator(scope),
            ..Code::default()
        };
        Self { scopes, scope, code, names: HashMap::new(), contexts: Vec::new(), depth: 0, range: TextRange::default() }
    }

    fn emit(&mut self, op: Op) -> usize {
        self.code.ops.push(op);
        self.code.offsets.push(self.range.start().to_u32());
        self.code.ops.len() - 1
    }

    fn here(&self) -> usize {
        self.code.ops.len()
    }

    /// Makes the jump at `at` lead to the next instruction.
    fn land(&mut self, at: usize) {
        let target = self.code.ops.len() as u32;
        match &mut self.code.ops[at] {
            Op::Jump(to)
            | Op::JumpIfFalse(to)
            | Op::JumpIfTrue(to)
            | Op::JumpIfFalseOrPop(to)
            | Op::JumpIfTrueOrPop(to)
            | Op::ForIter(to)
            | Op::SetupTry(to) => *to = target,
            _ => {}
        }
    }

    fn constant(&mut self, value: Value) {
        let index = self.code.consts.len() as u32;
        self.code.consts.push(value);
        self.emit(Op::Const(index));
    }

    fn name_index(&mut self, name: &str) -> u32 {
        if let Some(index) = self.names.get(name) {
            return *index;
        }
        let index = self.code.names.len() as u32;
        self.code.names.push(Arc::from(name));
        self.names.insert(name.to_owned(), index);
        index
    }

    fn load(&mut self, name: &str) {
        let op = match self.scopes.resolve(self.scope, name) {
            Place::Local(slot) => Op::LoadFast(slot),
            Place::Cell(slot) => Op::LoadCell(slot),
            Place::Global => Op::LoadGlobal(self.name_index(name)),
        };
        self.emit(op);
    }

    fn store(&mut self, name: &str) {
        let op = match self.scopes.resolve(self.scope, name) {
            Place::Local(slot) => Op::StoreFast(slot),
            Place::Cell(slot) => Op::StoreCell(slot),
            Place::Global => Op::StoreGlobal(self.name_index(name)),
        };
        self.emit(op);
    }

    fn delete(&mut self, name: &str) {
        let op = match self.scopes.resolve(self.scope, name) {
            Place::Local(slot) => Op::DeleteFast(slot),
            Place::Cell(slot) => Op::DeleteCell(slot),
            Place::Global => Op::DeleteGlobal(self.name_index(name)),
        };
        self.emit(op);
    }

    /// Runs `work` one level deeper, at the place of `node`.
    fn within<T>(&mut self, node: &impl Ranged, work: impl FnOnce(&mut Self) -> C<T>) -> C<T> {
        let outer = self.range;
        self.range = node.range();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Refusal::new("too many nested expressions or statements", self.range));
        }
        if self.code.ops.len() > MAX_OPS {
            return Err(Refusal::new("expression is too large", self.range));
        }
        let result = work(self);
        self.depth -= 1;
        self.range = outer;
        result
    }

    fn finish_function(mut self, range: TextRange) -> C<Arc<Code>> {
        self.range = TextRange::empty(range.end());
        self.constant(Value::None);
        self.emit(Op::Return);
        Ok(Arc::new(self.code))
    }
}

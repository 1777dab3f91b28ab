//! The state of one running function.

use std::sync::Arc;

use crate::compile::code::Code;
use crate::value::{Cell, Exc, Gen, Value};

/// Where a raised exception is caught.
#[derive(Clone, Copy)]
pub struct Block {
    pub target: u32,
    pub depth: u32,
    pub handling: u32,
}

/// Who receives what a generator yields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deliver {
    /// A `for` loop, which continues at this instruction when the generator ends.
    Loop(u32),
    /// Native code that waits for the frame.
    Native,
}

pub enum FrameKind {
    Call,
    Generator(Arc<Gen>, Deliver),
}

/// A running function: its variables, operands and position.
pub struct Frame {
    pub code: Arc<Code>,
    pub pc: usize,
    /// Local variables, then operands.
    pub stack: Vec<Value>,
    pub cells: Vec<Arc<Cell>>,
    pub blocks: Vec<Block>,
    pub handling: Vec<Arc<Exc>>,
    pub kind: FrameKind,
}

impl Frame {
    /// A frame whose arguments are in place already.
    pub fn new(code: Arc<Code>, mut stack: Vec<Value>, captured: &[Arc<Cell>]) -> Self {
        stack.resize(code.locals as usize, Value::Unbound);
        let mut cells = Vec::new();
        let own = code.cells as usize;
        if own + captured.len() > 0 {
            cells.reserve(own + captured.len());
            cells.extend((0..own).map(|_| Arc::new(Cell::default())));
            cells.extend(captured.iter().cloned());
            for (slot, cell) in &code.cell_params {
                let value = std::mem::replace(&mut stack[*slot as usize], Value::Unbound);
                cells[*cell as usize].set(Some(value));
            }
        }
        Self { code, pc: 0, stack, cells, blocks: Vec::new(), handling: Vec::new(), kind: FrameKind::Call }
    }
    pub fn idle() -> Self {
        Self::new(Arc::new(Code::default()), Vec::new(), &[])
    }
}

/// What a generator is doing.
#[derive(Default)]
pub enum GenState {
    #[default]
    Done,
    Running,
    Suspended(Box<Frame>),
}

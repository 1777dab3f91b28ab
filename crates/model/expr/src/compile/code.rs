//! The instructions of one function.

use std::sync::Arc;

use crate::ops::arith::BinOp;
use crate::value::Value;

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CmpOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Is,
    IsNot,
    In,
    NotIn,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnOp {
    Not,
    Neg,
    Pos,
    Invert,
}

/// Which conversion an f-string field asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conversion {
    None,
    Str,
    Repr,
    Ascii,
}

/// No keyword arguments.
pub const NO_KEYWORDS: u16 = u16::MAX;

/// One instruction. Operands are on the stack, the last one on top.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    Const(u32),
    LoadFast(u32),
    StoreFast(u32),
    DeleteFast(u32),
    LoadCell(u32),
    StoreCell(u32),
    DeleteCell(u32),
    /// Gives the variable a new cell of its own.
    NewCell(u32),
    LoadGlobal(u32),
    StoreGlobal(u32),
    DeleteGlobal(u32),
    Pop,
    Dup,
    /// Repeats the top two.
    Dup2,
    Swap,
    /// Moves the top below the two under it.
    Rot3,
    /// Moves the top below the three under it.
    Rot4,
    Binary(BinOp),
    InPlace(BinOp),
    Unary(UnOp),
    Compare(CmpOp),
    Attr(u32),
    SetAttr(u32),
    DeleteAttr(u32),
    Index,
    SetIndex,
    DeleteIndex,
    List(u32),
    Tuple(u32),
    Set(u32),
    Dict(u32),
    Slice,
    /// Joins strings.
    Join(u32),
    /// Adds to the container this many places below.
    ListAppend(u32),
    SetAdd(u32),
    DictAdd(u32),
    ListExtend,
    SetExtend,
    DictMerge,
    /// Adds `**kwargs` of a call: keys must be strings and new.
    KeywordMerge,
    ListToTuple,
    Call {
        argc: u16,
        keywords: u16,
    },
    CallMethod {
        name: u32,
        argc: u16,
        keywords: u16,
    },
    /// Function, list and dict are on the stack.
    CallSpread,
    Jump(u32),
    JumpIfFalse(u32),
    JumpIfTrue(u32),
    JumpIfFalseOrPop(u32),
    JumpIfTrueOrPop(u32),
    GetIter,
    ForIter(u32),
    Unpack(u32),
    UnpackStar {
        before: u16,
        after: u16,
    },
    /// Default arguments are on the stack: positional ones, then those by name.
    Function {
        code: u32,
        defaults: u16,
        kw_defaults: u16,
    },
    Return,
    Yield,
    /// What the generator that just ended returned.
    Returned,
    SetupTry(u32),
    PopBlock,
    LoadExc,
    /// Whether the handled exception is of the type on top.
    MatchExc,
    PopExc,
    Raise,
    RaiseFrom,
    Reraise,
    AssertionError {
        message: bool,
    },
    Format {
        conversion: Conversion,
        spec: bool,
    },
    Import(u32),
    ImportFrom {
        module: u32,
        name: u32,
    },
    Nop,
}

/// How a function takes its arguments. Slots are in the order: positional, keyword-only, `*`, `**`.
#[derive(Default, Debug)]
pub struct Params {
    pub positional_only: usize,
    pub positional: usize,
    pub keyword_only: usize,
    pub var_positional: bool,
    pub var_keyword: bool,
}

/// A compiled function.
#[derive(Default)]
pub struct Code {
    pub name: String,
    pub qualified: String,
    pub ops: Vec<Op>,
    /// Where in the wrapped source each instruction comes from.
    pub offsets: Vec<u32>,
    pub consts: Vec<Value>,
    pub names: Vec<Arc<str>>,
    pub keywords: Vec<Vec<Arc<str>>>,
    pub functions: Vec<Arc<Code>>,
    pub params: Params,
    pub locals: u32,
    pub cells: u32,
    pub local_names: Vec<Arc<str>>,
    pub cell_names: Vec<Arc<str>>,
    /// Parameters that closures share: from slot to cell.
    pub cell_params: Vec<(u32, u32)>,
    /// Cells of the enclosing function this one takes along.
    pub captures: Vec<u32>,
    pub is_generator: bool,
}

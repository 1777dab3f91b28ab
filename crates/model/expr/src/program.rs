//! A compiled expression, and why a source cannot become one.
//!
//! COMPAT: authentik indents the source into the body of `def handler(<context>):` and calls it; line
//! numbers of syntax errors, the content of multi-line strings and "unexpected indent" follow from
//! that, so the same text is built here before it is parsed.

use std::fmt;
use std::sync::Arc;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Mod, Stmt};
use ruff_python_parser::{
    InterpolatedStringErrorType, LexicalErrorType, Mode, ParseErrorType, ParseOptions, Parsed, parse_unchecked,
};
use ruff_text_size::Ranged;

use crate::compile::code::Code;
use crate::compile::{self, Refusal};

/// The longest source that is accepted.
pub const MAX_SOURCE: usize = 64 << 10;
const COMPILER_STACK: usize = 64 << 20;

/// A compiled expression. Cheap to clone and shared by all its evaluations.
#[derive(Clone)]
pub struct Program(Arc<ProgramData>);

pub(crate) struct ProgramData {
    pub(crate) code: Arc<Code>,
    pub(crate) source: String,
    pub(crate) params: Vec<String>,
    /// Where each line of the wrapped source starts.
    line_starts: Vec<u32>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("source", &self.0.source).finish_non_exhaustive()
    }
}

impl Program {
    /// Compiles a source whose context variables are `params`; names that are no identifiers are
    /// left out, as nothing could refer to them.
    pub fn compile(source: &str, params: &[&str]) -> Result<Self, CompileError> {
        if source.len() > MAX_SOURCE {
            let message = format!("expression is longer than {MAX_SOURCE} bytes");
            return Err(CompileError { kind: "SyntaxError", message, line: 1, column: 1 });
        }
        let params: Vec<String> =
            params.iter().filter(|name| is_identifier(name)).map(|name| (*name).to_owned()).collect();
        // Parser, compiler and the drop of the tree recurse; deep sources need a stack of their own.
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(COMPILER_STACK)
                .spawn_scoped(scope, || compile_here(source, params))
                .map_err(|_| CompileError::internal())?
                .join()
                .unwrap_or_else(|_| Err(CompileError::internal()))
        })
    }
    pub fn source(&self) -> &str {
        &self.0.source
    }
    /// The context variables, in the order in which their values are given.
    pub fn params(&self) -> &[String] {
        &self.0.params
    }
    /// Every name that it takes from outside its own variables: globals, attributes, modules.
    pub fn names(&self) -> Vec<Arc<str>> {
        let mut names = Vec::new();
        let mut codes = vec![&self.0.code];
        while let Some(code) = codes.pop() {
            names.extend(code.names.iter().cloned());
            codes.extend(&code.functions);
        }
        names
    }
    pub(crate) fn code(&self) -> &Arc<Code> {
        &self.0.code
    }
    /// Line and column of the source, from 1, for an offset in the wrapped source.
    pub(crate) fn position(&self, offset: u32) -> (u32, u32) {
        position(&self.0.line_starts, offset)
    }
    /// The line on which upstream's wrapped source calls the handler.
    pub(crate) fn module_line(&self) -> u32 {
        self.0.line_starts.len() as u32 + 1
    }
}

/// Why a source cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// `SyntaxError` or `IndentationError`.
    pub kind: &'static str,
    /// CPython's wording where it has one.
    pub message: String,
    /// Line of the source, from 1.
    pub line: u32,
    /// Column of the line, from 1.
    pub column: u32,
}

impl CompileError {
    fn internal() -> Self {
        let message = "expression is too complex".to_owned();
        Self { kind: "SyntaxError", message, line: 1, column: 1 }
    }
    /// The line as authentik counts it: in the wrapped source.
    pub fn wrapped_line(&self) -> u32 {
        self.line + 1
    }
    /// What `str()` of CPython's exception gives for a source compiled under this file name.
    pub fn upstream_message(&self, filename: &str) -> String {
        format!("{} ({filename}, line {})", self.message, self.wrapped_line())
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (line {}, column {})", self.kind, self.message, self.line, self.column)
    }
}

impl std::error::Error for CompileError {}

fn is_identifier(name: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
        && !KEYWORDS.contains(&name)
}

fn wrap(source: &str, params: &[String]) -> String {
    let mut text = format!("def handler({}):\n", params.join(","));
    for line in source.split_inclusive('\n') {
        if !line.trim().is_empty() {
            text.push_str("    ");
        }
        text.push_str(line);
    }
    text.push('\n');
    text
}

fn position(line_starts: &[u32], offset: u32) -> (u32, u32) {
    let index = line_starts.partition_point(|start| *start <= offset).max(1) - 1;
    let column = offset.saturating_sub(line_starts.get(index).copied().unwrap_or(0));
    // The first line is the wrapper's, and each line is indented by four.
    ((index as u32).max(1), column.saturating_sub(4) + 1)
}

fn compile_here(source: &str, params: Vec<String>) -> Result<Program, CompileError> {
    let wrapped = wrap(source, &params);
    let mut line_starts = vec![0u32];
    line_starts.extend(wrapped.match_indices('\n').map(|(at, _)| at as u32 + 1));
    line_starts.pop();
    let at = |offset: u32| position(&line_starts, offset);
    let parsed = parse_unchecked(&wrapped, ParseOptions::from(Mode::Module).with_max_recursion_depth(300));
    if let Some(error) = parsed.errors().first() {
        let (kind, mut message) = wording(&error.error, &wrapped, error.location.start().to_usize());
        let (mut line, mut column) = at(error.location.start().to_u32());
        // CPython names a bracket that stays open rather than the place on a later line where that shows.
        let at_end = message == "unexpected EOF while parsing";
        if (at_end || message == "invalid syntax")
            && let Some((bracket, offset)) = unclosed(&parsed)
            && (at_end || at(offset).0 < line)
        {
            message = format!("'{bracket}' was never closed");
            (line, column) = at(offset);
        }
        return Err(CompileError { kind, message, line, column });
    }
    let Mod::Module(module) = parsed.into_syntax() else {
        return Err(CompileError::internal());
    };
    let function = match module.body.as_slice() {
        [Stmt::FunctionDef(function)] => function,
        [_, other, ..] => {
            let (line, column) = at(other.range().start().to_u32());
            let message = "unexpected statement outside of the expression".to_owned();
            return Err(CompileError { kind: "SyntaxError", message, line, column });
        }
        _ => return Err(CompileError::internal()),
    };
    let code = compile::compile(function).map_err(|Refusal { kind, message, range }| {
        let (line, column) = at(range.start().to_u32());
        CompileError { kind, message, line, column }
    })?;
    let data = ProgramData { code, source: source.to_owned(), params, line_starts: line_starts.clone() };
    Ok(Program(Arc::new(data)))
}

/// The last bracket that is open when the source ends, and where it is.
fn unclosed(parsed: &Parsed<Mod>) -> Option<(char, u32)> {
    let mut open = Vec::new();
    for token in parsed.tokens() {
        let bracket = match token.kind() {
            TokenKind::Lpar => '(',
            TokenKind::Lsqb => '[',
            TokenKind::Lbrace => '{',
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                open.pop();
                continue;
            }
            _ => continue,
        };
        open.push((bracket, token.start().to_u32()));
    }
    open.pop()
}

/// CPython's words for a parse error, where they are known.
fn wording(error: &ParseErrorType, wrapped: &str, offset: usize) -> (&'static str, String) {
    let syntax = |message: &str| ("SyntaxError", message.to_owned());
    match error {
        ParseErrorType::UnexpectedIndentation => ("IndentationError", "unexpected indent".to_owned()),
        ParseErrorType::Lexical(LexicalErrorType::IndentationError) => {
            ("IndentationError", "unindent does not match any outer indentation level".to_owned())
        }
        ParseErrorType::Lexical(LexicalErrorType::UnclosedStringError) => {
            let line = wrapped[..offset.min(wrapped.len())].matches('\n').count() + 1;
            syntax(&format!("unterminated string literal (detected at line {line})"))
        }
        ParseErrorType::Lexical(LexicalErrorType::Eof) => syntax("unexpected EOF while parsing"),
        ParseErrorType::Lexical(LexicalErrorType::LineContinuationError) => {
            syntax("unexpected character after line continuation character")
        }
        ParseErrorType::FStringError(inner) | ParseErrorType::Lexical(LexicalErrorType::FStringError(inner)) => {
            syntax(match inner {
                InterpolatedStringErrorType::UnclosedLbrace => "f-string: expecting '}'",
                InterpolatedStringErrorType::SingleRbrace => "f-string: single '}' is not allowed",
                InterpolatedStringErrorType::InvalidConversionFlag => "f-string: invalid conversion character",
                _ => "f-string: invalid syntax",
            })
        }
        ParseErrorType::PositionalAfterKeywordArgument => syntax("positional argument follows keyword argument"),
        ParseErrorType::PositionalAfterKeywordUnpacking => {
            syntax("positional argument follows keyword argument unpacking")
        }
        ParseErrorType::DuplicateKeywordArgumentError(name) => syntax(&format!("keyword argument repeated: {name}")),
        ParseErrorType::NonDefaultParamAfterDefaultParam => {
            syntax("parameter without a default follows parameter with a default")
        }
        ParseErrorType::RecursionLimitExceeded => syntax("too many nested parentheses"),
        ParseErrorType::OtherError(message) => other_wording(message),
        ParseErrorType::InvalidAssignmentTarget => syntax("cannot assign to expression"),
        ParseErrorType::InvalidDeleteTarget => syntax("cannot delete expression"),
        ParseErrorType::SimpleStatementsOnSameLine
        | ParseErrorType::ExpectedExpression
        | ParseErrorType::ExpectedToken { .. }
        | ParseErrorType::UnexpectedExpressionToken => syntax("invalid syntax"),
        other => syntax(&other.to_string()),
    }
}

fn other_wording(message: &str) -> (&'static str, String) {
    if let Some(after) = message.strip_prefix("Expected an indented block after ") {
        return ("IndentationError", format!("expected an indented block after {}", after.replace('`', "'")));
    }
    ("SyntaxError", message.to_owned())
}

//! Statements.

use ruff_python_ast as ast;
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use super::code::Op;
use super::{C, Context, Refusal, Unit};
use crate::value::Value;

impl<'a> Unit<'a> {
    pub(super) fn block(&mut self, body: &'a [Stmt]) -> C<()> {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> C<()> {
        self.within(stmt, |unit| unit.statement(stmt))
    }

    fn statement(&mut self, stmt: &'a Stmt) -> C<()> {
        let refuse = |what: &str| Err(Refusal::new(format!("{what} not supported"), stmt.range()));
        match stmt {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::Return(node) => self.return_(node.value.as_deref()),
            Stmt::Delete(node) => node.targets.iter().try_for_each(|target| self.delete_target(target)),
            Stmt::Assign(node) => {
                self.expr(&node.value)?;
                for (index, target) in node.targets.iter().enumerate() {
                    if index + 1 < node.targets.len() {
                        self.emit(Op::Dup);
                    }
                    self.assign(target)?;
                }
                Ok(())
            }
            Stmt::AugAssign(node) => self.augmented(node),
            Stmt::AnnAssign(node) => match &node.value {
                Some(value) => {
                    self.expr(value)?;
                    self.assign(&node.target)
                }
                None => Ok(()),
            },
            Stmt::For(node) => self.for_(node),
            Stmt::While(node) => self.while_(node),
            Stmt::If(node) => self.if_(node),
            Stmt::Raise(node) => match (&node.exc, &node.cause) {
                (Some(exc), Some(cause)) => {
                    self.expr(exc)?;
                    self.expr(cause)?;
                    self.emit(Op::RaiseFrom);
                    Ok(())
                }
                (Some(exc), None) => {
                    self.expr(exc)?;
                    self.emit(Op::Raise);
                    Ok(())
                }
                _ => {
                    self.emit(Op::Reraise);
                    Ok(())
                }
            },
            Stmt::Try(node) => self.try_(node),
            Stmt::Assert(node) => {
                self.expr(&node.test)?;
                let end = self.emit(Op::JumpIfTrue(0));
                if let Some(message) = &node.msg {
                    self.expr(message)?;
                }
                self.emit(Op::AssertionError { message: node.msg.is_some() });
                self.land(end);
                Ok(())
            }
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Global(_) | Stmt::Nonlocal(_) => Ok(()),
            Stmt::Pass(_) => {
                self.emit(Op::Nop);
                Ok(())
            }
            Stmt::Expr(node) => {
                self.expr(&node.value)?;
                self.emit(Op::Pop);
                Ok(())
            }
            Stmt::Break(_) => self.leave_loop(true),
            Stmt::Continue(_) => self.leave_loop(false),
            Stmt::ClassDef(_) => refuse("class definitions are"),
            Stmt::With(_) => refuse("'with' statements are"),
            Stmt::Match(_) => refuse("'match' statements are"),
            Stmt::TypeAlias(_) => refuse("type aliases are"),
            Stmt::IpyEscapeCommand(_) => refuse("escape commands are"),
        }
    }

    /// Leaves the contexts above `down_to`, running `finally` blocks. When `returning`, the result
    /// is on top of the stack meanwhile.
    fn unwind(&mut self, down_to: usize, returning: bool) -> C<()> {
        let mut left: Vec<Context<'a>> = Vec::new();
        let mut result = Ok(());
        while result.is_ok() && self.contexts.len() > down_to {
            let Some(context) = self.contexts.pop() else { break };
            match &context {
                Context::Loop { has_iterator, .. } => {
                    let matters = self.contexts.iter().any(|outer| matches!(outer, Context::Finally(_)));
                    if returning && *has_iterator && matters {
                        self.emit(Op::Swap);
                        self.emit(Op::Pop);
                    }
                }
                Context::Result if returning => {
                    self.emit(Op::Swap);
                    self.emit(Op::Pop);
                }
                Context::Result => {
                    self.emit(Op::Pop);
                }
                Context::Try => {
                    self.emit(Op::PopBlock);
                }
                Context::Handler => {
                    self.emit(Op::PopExc);
                }
                Context::Finally(body) => {
                    let body = *body;
                    self.emit(Op::PopBlock);
                    if returning {
                        self.contexts.push(Context::Result);
                    }
                    // The statements run as if they stood outside of the `try`.
                    if let Some(first) = body.first() {
                        result = self.within(first, |unit| unit.block(body));
                    }
                    if returning {
                        self.contexts.pop();
                    }
                }
            }
            left.push(context);
        }
        self.contexts.extend(left.into_iter().rev());
        result
    }

    fn return_(&mut self, value: Option<&'a Expr>) -> C<()> {
        match value {
            Some(value) => self.expr(value)?,
            None => self.constant(Value::None),
        }
        self.unwind(0, true)?;
        self.emit(Op::Return);
        Ok(())
    }

    fn leave_loop(&mut self, is_break: bool) -> C<()> {
        let found = self.contexts.iter().rposition(|context| matches!(context, Context::Loop { .. }));
        let Some(at) = found else {
            let message = if is_break { "'break' outside loop" } else { "'continue' not properly in loop" };
            return Err(Refusal::new(message, self.range));
        };
        self.unwind(at + 1, false)?;
        let Context::Loop { start, has_iterator, .. } = &self.contexts[at] else {
            return Ok(());
        };
        let (start, has_iterator) = (*start, *has_iterator);
        if !is_break {
            self.emit(Op::Jump(start as u32));
            return Ok(());
        }
        if has_iterator {
            self.emit(Op::Pop);
        }
        let jump = self.emit(Op::Jump(0));
        if let Context::Loop { breaks, .. } = &mut self.contexts[at] {
            breaks.push(jump);
        }
        Ok(())
    }

    /// The body of a loop that began at `start`, and what follows when it is left by the jump at `end` or by `break`.
    fn rest_of_loop(&mut self, start: usize, end: usize, body: &'a [Stmt], orelse: &'a [Stmt]) -> C<()> {
        self.block(body)?;
        self.emit(Op::Jump(start as u32));
        let breaks = match self.contexts.pop() {
            Some(Context::Loop { breaks, .. }) => breaks,
            _ => Vec::new(),
        };
        self.land(end);
        self.block(orelse)?;
        for jump in breaks {
            self.land(jump);
        }
        Ok(())
    }

    fn for_(&mut self, node: &'a ast::StmtFor) -> C<()> {
        if node.is_async {
            return Err(Refusal::new("'async for' loops are not supported", node.range));
        }
        self.expr(&node.iter)?;
        self.emit(Op::GetIter);
        let start = self.here();
        let end = self.emit(Op::ForIter(0));
        self.assign(&node.target)?;
        self.contexts.push(Context::Loop { start, breaks: Vec::new(), has_iterator: true });
        self.rest_of_loop(start, end, &node.body, &node.orelse)
    }

    fn while_(&mut self, node: &'a ast::StmtWhile) -> C<()> {
        let start = self.here();
        self.expr(&node.test)?;
        let end = self.emit(Op::JumpIfFalse(0));
        self.contexts.push(Context::Loop { start, breaks: Vec::new(), has_iterator: false });
        self.rest_of_loop(start, end, &node.body, &node.orelse)
    }

    fn if_(&mut self, node: &'a ast::StmtIf) -> C<()> {
        let mut ends = Vec::new();
        self.expr(&node.test)?;
        let mut next = Some(self.emit(Op::JumpIfFalse(0)));
        self.block(&node.body)?;
        for clause in &node.elif_else_clauses {
            ends.push(self.emit(Op::Jump(0)));
            if let Some(jump) = next.take() {
                self.land(jump);
            }
            if let Some(test) = &clause.test {
                self.expr(test)?;
                next = Some(self.emit(Op::JumpIfFalse(0)));
            }
            self.block(&clause.body)?;
        }
        if let Some(jump) = next {
            self.land(jump);
        }
        for jump in ends {
            self.land(jump);
        }
        Ok(())
    }

    fn try_(&mut self, node: &'a ast::StmtTry) -> C<()> {
        if node.is_star {
            return Err(Refusal::new("'except*' is not supported", node.range));
        }
        if node.finalbody.is_empty() {
            return self.try_except(node);
        }
        let handler = self.emit(Op::SetupTry(0));
        self.contexts.push(Context::Finally(&node.finalbody));
        if node.handlers.is_empty() {
            self.block(&node.body)?;
            self.block(&node.orelse)?;
        } else {
            self.try_except(node)?;
        }
        self.contexts.pop();
        self.emit(Op::PopBlock);
        self.block(&node.finalbody)?;
        let end = self.emit(Op::Jump(0));
        self.land(handler);
        self.contexts.push(Context::Handler);
        self.block(&node.finalbody)?;
        self.contexts.pop();
        self.emit(Op::Reraise);
        self.land(end);
        Ok(())
    }

    fn try_except(&mut self, node: &'a ast::StmtTry) -> C<()> {
        let start = self.emit(Op::SetupTry(0));
        self.contexts.push(Context::Try);
        self.block(&node.body)?;
        self.contexts.pop();
        self.emit(Op::PopBlock);
        self.block(&node.orelse)?;
        let mut ends = vec![self.emit(Op::Jump(0))];
        self.land(start);
        self.contexts.push(Context::Handler);
        let last = node.handlers.len().saturating_sub(1);
        for (index, handler) in node.handlers.iter().enumerate() {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            let mut next = None;
            if let Some(ty) = &handler.type_ {
                let jump = self.within(ty.as_ref(), |unit| {
                    unit.expr(ty)?;
                    unit.emit(Op::MatchExc);
                    Ok(unit.emit(Op::JumpIfFalse(0)))
                })?;
                next = Some(jump);
            } else if index != last {
                return Err(Refusal::new("default 'except:' must be last", handler.range));
            }
            if let Some(name) = &handler.name {
                self.emit(Op::LoadExc);
                self.store(name.as_str());
            }
            self.block(&handler.body)?;
            if let Some(name) = &handler.name {
                // The name may be gone already; store something before deleting it.
                self.constant(Value::None);
                self.store(name.as_str());
                self.delete(name.as_str());
            }
            self.emit(Op::PopExc);
            ends.push(self.emit(Op::Jump(0)));
            if let Some(jump) = next {
                self.land(jump);
            }
        }
        self.contexts.pop();
        self.emit(Op::Reraise);
        for jump in ends {
            self.land(jump);
        }
        Ok(())
    }

    fn import(&mut self, node: &'a ast::StmtImport) -> C<()> {
        for alias in &node.names {
            let module = alias.name.as_str();
            let index = self.name_index(module);
            self.emit(Op::Import(index));
            if let Some(name) = &alias.asname {
                self.store(name.as_str());
                continue;
            }
            let first = module.split('.').next().unwrap_or(module);
            if first != module {
                // `import a.b` binds `a`; the submodule only has to exist.
                self.emit(Op::Pop);
                let index = self.name_index(first);
                self.emit(Op::Import(index));
            }
            self.store(first);
        }
        Ok(())
    }

    fn import_from(&mut self, node: &'a ast::StmtImportFrom) -> C<()> {
        let Some(module) = node.module.as_ref().filter(|_| node.level == 0) else {
            return Err(Refusal::new("relative imports are not supported", node.range));
        };
        let module = self.name_index(module.as_str());
        for alias in &node.names {
            if alias.name.as_str() == "*" {
                return Err(Refusal::new("import * only allowed at module level", node.range));
            }
            let name = self.name_index(alias.name.as_str());
            self.emit(Op::ImportFrom { module, name });
            self.store(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
        }
        Ok(())
    }
}

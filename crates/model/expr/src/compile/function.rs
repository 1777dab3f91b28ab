//! Functions, lambdas, generator expressions and comprehensions.

use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use super::code::{Code, Op, Params};
use super::scope::{Place, ScopeId};
use super::{C, Refusal, Unit};

/// What a comprehension makes of its elements.
pub(super) enum Product<'a> {
    List(&'a Expr),
    Set(&'a Expr),
    Dict(&'a Expr, &'a Expr),
    Yield(&'a Expr),
}

impl<'a> Unit<'a> {
    /// Notes how the function being compiled takes its arguments.
    pub(super) fn parameters(&mut self, parameters: &ast::Parameters) -> C<()> {
        self.code.params = Params {
            positional_only: parameters.posonlyargs.len(),
            positional: parameters.posonlyargs.len() + parameters.args.len(),
            keyword_only: parameters.kwonlyargs.len(),
            var_positional: parameters.vararg.is_some(),
            var_keyword: parameters.kwarg.is_some(),
        };
        let count = parameters.len();
        for slot in 0..count {
            let name = self.code.local_names[slot].clone();
            if let Place::Cell(cell) = self.scopes.resolve(self.scope, &name) {
                self.code.cell_params.push((slot as u32, cell));
            }
        }
        Ok(())
    }

    fn child(&self, scope: ScopeId, name: &str) -> Unit<'a> {
        let qualified = format!("{}.<locals>.{name}", self.code.qualified);
        let mut unit = Unit::new(self.scopes, scope, name.to_owned(), qualified);
        unit.depth = self.depth;
        unit
    }

    /// Emits the creation of a function whose defaults are already on the stack.
    fn make(&mut self, scope: ScopeId, code: Arc<Code>, defaults: usize, kw_defaults: usize) -> C<()> {
        let own = self.scopes_function();
        let mut captures = Vec::new();
        for (name, owner) in &self.scopes.layout(scope).frees {
            if let Place::Cell(cell) = self.scopes.place_in(own, *owner, name) {
                captures.push(cell);
            } else {
                return Err(Refusal::new(format!("cannot capture '{name}'"), self.range));
            }
        }
        let code = match Arc::try_unwrap(code) {
            Ok(mut code) => {
                code.captures = captures;
                Arc::new(code)
            }
            Err(code) => code,
        };
        let index = self.code.functions.len() as u32;
        self.code.functions.push(code);
        self.emit(Op::Function { code: index, defaults: defaults as u16, kw_defaults: kw_defaults as u16 });
        Ok(())
    }

    fn scopes_function(&self) -> ScopeId {
        self.scopes.function_of(self.scope)
    }

    fn defaults(&mut self, parameters: &'a ast::Parameters) -> C<(usize, usize)> {
        let mut positional = 0;
        for param in parameters.posonlyargs.iter().chain(&parameters.args) {
            if let Some(default) = &param.default {
                self.expr(default)?;
                positional += 1;
            }
        }
        let mut by_name = 0;
        let first = parameters.posonlyargs.len() + parameters.args.len();
        for (index, param) in parameters.kwonlyargs.iter().enumerate() {
            if let Some(default) = &param.default {
                self.constant(crate::value::Value::Int((first + index) as i64));
                self.expr(default)?;
                by_name += 1;
            }
        }
        if positional > 250 || by_name > 250 {
            return Err(Refusal::new("more than 250 default arguments", parameters.range()));
        }
        Ok((positional, by_name))
    }

    pub(super) fn function(&mut self, node: &'a ast::StmtFunctionDef) -> C<()> {
        if node.is_async {
            return Err(Refusal::new("async functions are not supported", node.range));
        }
        if node.type_params.is_some() {
            return Err(Refusal::new("type parameters are not supported", node.range));
        }
        for decorator in &node.decorator_list {
            self.expr(&decorator.expression)?;
        }
        let (defaults, kw_defaults) = self.defaults(&node.parameters)?;
        let scope = self.scopes.of_function(node);
        let mut unit = self.child(scope, node.name.as_str());
        unit.parameters(&node.parameters)?;
        unit.block(&node.body)?;
        let code = unit.finish_function(node.range)?;
        self.make(scope, code, defaults, kw_defaults)?;
        for _ in &node.decorator_list {
            self.emit(Op::Call { argc: 1, keywords: super::code::NO_KEYWORDS });
        }
        self.store(node.name.as_str());
        Ok(())
    }

    pub(super) fn lambda(&mut self, node: &'a ast::ExprLambda) -> C<()> {
        let (defaults, kw_defaults) = match &node.parameters {
            Some(parameters) => self.defaults(parameters)?,
            None => (0, 0),
        };
        let scope = self.scopes.of_lambda(node);
        let mut unit = self.child(scope, "<lambda>");
        if let Some(parameters) = &node.parameters {
            unit.parameters(parameters)?;
        }
        unit.expr(&node.body)?;
        unit.range = node.body.range();
        unit.emit(Op::Return);
        self.make(scope, Arc::new(unit.code), defaults, kw_defaults)
    }

    pub(super) fn generator(&mut self, node: &'a ast::ExprGenerator) -> C<()> {
        let Some(first) = node.generators.first() else {
            return Ok(());
        };
        let scope = self.scopes.of_comprehension(&node.generators);
        let mut unit = self.child(scope, "<genexpr>");
        unit.code.params.positional = 1;
        unit.range = node.range;
        unit.emit(Op::LoadFast(0));
        unit.loops(&node.generators, 0, &Product::Yield(&node.elt))?;
        let code = unit.finish_function(TextRange::empty(node.range.end()))?;
        self.make(scope, code, 0, 0)?;
        self.expr(&first.iter)?;
        self.emit(Op::GetIter);
        self.emit(Op::Call { argc: 1, keywords: super::code::NO_KEYWORDS });
        Ok(())
    }

    /// A list, set or dict comprehension: runs in place, with variables of its own.
    pub(super) fn comprehension(&mut self, generators: &'a [ast::Comprehension], product: &Product<'a>) -> C<()> {
        let Some(first) = generators.first() else {
            return Ok(());
        };
        self.emit(match product {
            Product::List(_) | Product::Yield(_) => Op::List(0),
            Product::Set(_) => Op::Set(0),
            Product::Dict(..) => Op::Dict(0),
        });
        self.expr(&first.iter)?;
        self.emit(Op::GetIter);
        let scope = self.scopes.of_comprehension(generators);
        let outer = std::mem::replace(&mut self.scope, scope);
        for name in self.scopes.bound(scope) {
            if let Place::Cell(cell) = self.scopes.resolve(scope, name) {
                self.emit(Op::NewCell(cell));
            }
        }
        let result = self.loops(generators, 0, product);
        self.scope = outer;
        result
    }

    /// The loops from `index` on; the iterator of the first is on the stack.
    fn loops(&mut self, generators: &'a [ast::Comprehension], index: usize, product: &Product<'a>) -> C<()> {
        let generator = &generators[index];
        let start = self.here();
        let end = self.emit(Op::ForIter(0));
        self.assign(&generator.target)?;
        let mut skips = Vec::new();
        for condition in &generator.ifs {
            self.expr(condition)?;
            skips.push(self.emit(Op::JumpIfFalse(0)));
        }
        if let Some(next) = generators.get(index + 1) {
            self.expr(&next.iter)?;
            self.emit(Op::GetIter);
            self.within(next, |unit| unit.loops(generators, index + 1, product))?;
        } else {
            let depth = generators.len() as u32;
            match product {
                Product::List(element) => {
                    self.expr(element)?;
                    self.emit(Op::ListAppend(depth));
                }
                Product::Set(element) => {
                    self.expr(element)?;
                    self.emit(Op::SetAdd(depth));
                }
                Product::Dict(key, value) => {
                    self.expr(key)?;
                    self.expr(value)?;
                    self.emit(Op::DictAdd(depth));
                }
                Product::Yield(element) => {
                    self.expr(element)?;
                    self.emit(Op::Yield);
                    self.emit(Op::Pop);
                }
            }
        }
        for skip in skips {
            if let Op::JumpIfFalse(to) = &mut self.code.ops[skip] {
                *to = start as u32;
            }
        }
        self.emit(Op::Jump(start as u32));
        self.land(end);
        Ok(())
    }
}

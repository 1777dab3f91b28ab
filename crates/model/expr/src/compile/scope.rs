//! Where each name lives: a slot, a cell shared with closures, or the globals.
//!
//! Separate because it needs the whole function before the first instruction can be written. A
//! comprehension runs in the frame of its function but has names of its own, so it is a scope whose
//! variables are slots of the enclosing function.

use std::collections::{BTreeSet, HashMap, HashSet};

use ruff_python_ast as ast;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprContext, Stmt};
use ruff_text_size::Ranged;

use super::{C, MAX_DEPTH, Refusal};

pub type ScopeId = usize;

/// Where a name is found at run time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Local(u32),
    Cell(u32),
    Global,
}

#[derive(Default)]
struct Scope {
    parent: Option<ScopeId>,
    /// The function whose frame this scope runs in.
    function: ScopeId,
    bound: Vec<String>,
    globals: HashSet<String>,
    nonlocals: HashSet<String>,
    uses: BTreeSet<String>,
    is_generator: bool,
}

/// What a function's frame holds.
#[derive(Default)]
pub struct Layout {
    pub locals: Vec<String>,
    pub cells: Vec<String>,
    /// Variables of enclosing functions: name and the scope that binds it.
    pub frees: Vec<(String, ScopeId)>,
}

/// All scopes of a program.
#[expect(clippy::struct_field_names, reason = "they are the scopes")]
pub struct Scopes {
    scopes: Vec<Scope>,
    by_node: HashMap<usize, ScopeId>,
    places: HashMap<(ScopeId, String), (ScopeId, Place)>,
    layouts: HashMap<ScopeId, Layout>,
}

fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node) as usize
}

impl Scopes {
    pub fn build(function: &ast::StmtFunctionDef) -> C<Self> {
        let mut builder = Builder { scopes: Vec::new(), by_node: HashMap::new(), current: 0, depth: 0, refusal: None };
        builder.function(address(function), None, |builder| {
            builder.parameters(&function.parameters);
            builder.visit_body(&function.body);
        });
        if let Some(refusal) = builder.refusal {
            return Err(refusal);
        }
        let mut scopes =
            Self { scopes: builder.scopes, by_node: builder.by_node, places: HashMap::new(), layouts: HashMap::new() };
        scopes.lay_out();
        Ok(scopes)
    }

    pub fn of_function(&self, node: &ast::StmtFunctionDef) -> ScopeId {
        self.by_node.get(&address(node)).copied().unwrap_or(0)
    }
    pub fn of_lambda(&self, node: &ast::ExprLambda) -> ScopeId {
        self.by_node.get(&address(node)).copied().unwrap_or(0)
    }
    /// The scope of a comprehension, by its list of generators.
    pub fn of_comprehension(&self, generators: &[ast::Comprehension]) -> ScopeId {
        self.by_node.get(&(generators.as_ptr() as usize)).copied().unwrap_or(0)
    }
    pub fn function_of(&self, scope: ScopeId) -> ScopeId {
        self.scopes[scope].function
    }
    pub fn is_generator(&self, scope: ScopeId) -> bool {
        self.scopes[scope].is_generator
    }
    pub fn layout(&self, scope: ScopeId) -> &Layout {
        static EMPTY: Layout = Layout { locals: Vec::new(), cells: Vec::new(), frees: Vec::new() };
        self.layouts.get(&scope).unwrap_or(&EMPTY)
    }
    /// The names a scope binds, for giving captured comprehension variables fresh cells.
    pub fn bound(&self, scope: ScopeId) -> &[String] {
        &self.scopes[scope].bound
    }

    /// Where `name`, used in `scope`, is found.
    pub fn resolve(&self, scope: ScopeId, name: &str) -> Place {
        let Some(owner) = self.owner(scope, name) else {
            return Place::Global;
        };
        self.place_in(self.scopes[scope].function, owner, name)
    }

    /// Where the frame of `function` finds the variable that scope `owner` binds.
    pub fn place_in(&self, function: ScopeId, owner: ScopeId, name: &str) -> Place {
        if self.scopes[owner].function == function {
            return self.places.get(&(owner, name.to_owned())).map_or(Place::Global, |(_, place)| *place);
        }
        let layout = self.layout(function);
        let free = layout.frees.iter().position(|(key, scope)| key == name && *scope == owner);
        free.map_or(Place::Global, |index| Place::Cell((layout.cells.len() + index) as u32))
    }

    /// The scope that binds `name` as seen from `scope`; `None` for a global.
    fn owner(&self, scope: ScopeId, name: &str) -> Option<ScopeId> {
        let mut current = Some(scope);
        while let Some(id) = current {
            let here = &self.scopes[id];
            if here.globals.contains(name) {
                return None;
            }
            if !here.nonlocals.contains(name) && here.bound.iter().any(|bound| bound == name) {
                return Some(id);
            }
            current = here.parent;
        }
        None
    }

    fn lay_out(&mut self) {
        let mut captured: HashSet<(ScopeId, String)> = HashSet::new();
        let mut frees: HashMap<ScopeId, Vec<(String, ScopeId)>> = HashMap::new();
        for id in 0..self.scopes.len() {
            for name in &self.scopes[id].uses {
                let Some(owner) = self.owner(id, name) else {
                    continue;
                };
                let home = self.scopes[owner].function;
                let mut function = self.scopes[id].function;
                // Every function between the use and the home takes the variable along.
                while function != home {
                    captured.insert((owner, name.clone()));
                    let list = frees.entry(function).or_default();
                    if !list.iter().any(|(key, scope)| key == name && *scope == owner) {
                        list.push((name.clone(), owner));
                    }
                    match self.scopes[function].parent {
                        Some(parent) => function = self.scopes[parent].function,
                        None => break,
                    }
                }
            }
        }
        for id in 0..self.scopes.len() {
            let function = self.scopes[id].function;
            let layout = self.layouts.entry(function).or_default();
            for name in &self.scopes[id].bound {
                if self.scopes[id].globals.contains(name) || self.scopes[id].nonlocals.contains(name) {
                    continue;
                }
                let is_param_slot = id == function;
                let place = if captured.contains(&(id, name.clone())) {
                    // Arguments arrive in slots, so a captured parameter has both.
                    if is_param_slot {
                        layout.locals.push(name.clone());
                    }
                    layout.cells.push(name.clone());
                    Place::Cell(layout.cells.len() as u32 - 1)
                } else {
                    layout.locals.push(name.clone());
                    Place::Local(layout.locals.len() as u32 - 1)
                };
                self.places.insert((id, name.clone()), (function, place));
            }
        }
        for (function, list) in frees {
            self.layouts.entry(function).or_default().frees = list;
        }
    }
}

struct Builder {
    scopes: Vec<Scope>,
    by_node: HashMap<usize, ScopeId>,
    current: ScopeId,
    depth: usize,
    refusal: Option<Refusal>,
}

impl Builder {
    fn enter(&mut self, node: usize, parent: Option<ScopeId>, is_function: bool) -> ScopeId {
        let id = self.scopes.len();
        let function = if is_function { id } else { parent.map_or(id, |parent| self.scopes[parent].function) };
        self.scopes.push(Scope { parent, function, ..Scope::default() });
        self.by_node.insert(node, id);
        id
    }

    fn function(&mut self, node: usize, parent: Option<ScopeId>, work: impl FnOnce(&mut Self)) {
        let id = self.enter(node, parent, true);
        let outer = std::mem::replace(&mut self.current, id);
        work(self);
        self.current = outer;
    }

    fn bind(&mut self, name: &str) {
        self.bind_in(self.current, name);
    }

    fn bind_in(&mut self, scope: ScopeId, name: &str) {
        let scope = &mut self.scopes[scope];
        scope.uses.insert(name.to_owned());
        if !scope.bound.iter().any(|bound| bound == name) {
            scope.bound.push(name.to_owned());
        }
    }

    fn refuse(&mut self, message: impl Into<String>, node: &impl Ranged) {
        if self.refusal.is_none() {
            self.refusal = Some(Refusal::new(message, node.range()));
        }
    }

    fn parameters(&mut self, parameters: &ast::Parameters) {
        let named = parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs);
        let mut seen = HashSet::new();
        let names: Vec<_> = named
            .map(|param| &param.parameter)
            .chain(parameters.vararg.as_deref())
            .chain(parameters.kwarg.as_deref())
            .collect();
        for param in names {
            if !seen.insert(param.name.as_str()) {
                let message = format!("duplicate argument '{}' in function definition", param.name.as_str());
                self.refuse(message, param);
            }
            self.bind(param.name.as_str());
        }
    }

    fn defaults(&mut self, parameters: &ast::Parameters) {
        for param in parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs) {
            if let Some(default) = &param.default {
                self.visit_expr(default);
            }
        }
    }

    fn comprehension(&mut self, generators: &[ast::Comprehension], elements: &[&Expr], is_function: bool) {
        let Some(first) = generators.first() else {
            return;
        };
        self.visit_expr(&first.iter);
        let id = self.enter(generators.as_ptr() as usize, Some(self.current), is_function);
        let outer = std::mem::replace(&mut self.current, id);
        if is_function {
            self.scopes[id].is_generator = true;
            self.bind(".0");
        }
        for (index, generator) in generators.iter().enumerate() {
            if generator.is_async {
                self.refuse("async comprehensions are not supported", generator);
            }
            if index > 0 {
                self.visit_expr(&generator.iter);
            }
            self.visit_expr(&generator.target);
            for condition in &generator.ifs {
                self.visit_expr(condition);
            }
        }
        for element in elements {
            self.visit_expr(element);
        }
        self.current = outer;
    }

    /// The scope an assignment expression binds in: the nearest that is no comprehension.
    fn walrus_scope(&self) -> ScopeId {
        let mut id = self.current;
        while let Some(parent) = self.scopes[id].parent {
            let is_comprehension =
                self.scopes[id].function != id || self.scopes[id].bound.first().is_some_and(|name| name == ".0");
            if !is_comprehension {
                break;
            }
            id = parent;
        }
        id
    }
}

impl<'a> Visitor<'a> for Builder {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.refuse("too many nested statements", stmt);
        }
        if self.refusal.is_some() {
            self.depth -= 1;
            return;
        }
        match stmt {
            Stmt::FunctionDef(node) => {
                self.bind(node.name.as_str());
                for decorator in &node.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                self.defaults(&node.parameters);
                self.function(address(node), Some(self.current), |builder| {
                    builder.parameters(&node.parameters);
                    builder.visit_body(&node.body);
                });
            }
            Stmt::Global(node) => {
                for name in &node.names {
                    self.scopes[self.current].globals.insert(name.as_str().to_owned());
                }
            }
            Stmt::Nonlocal(node) => {
                for name in &node.names {
                    let name = name.as_str();
                    let mut outer = self.scopes[self.current].parent;
                    let mut found = false;
                    while let Some(id) = outer {
                        found |= self.scopes[id].bound.iter().any(|bound| bound == name);
                        outer = self.scopes[id].parent;
                    }
                    if !found {
                        self.refuse(format!("no binding for nonlocal '{name}' found"), node);
                    }
                    self.scopes[self.current].nonlocals.insert(name.to_owned());
                    self.scopes[self.current].uses.insert(name.to_owned());
                }
            }
            Stmt::Import(node) => {
                for alias in &node.names {
                    let name = alias.asname.as_ref().map_or_else(
                        || alias.name.as_str().split('.').next().unwrap_or_default(),
                        |name| name.as_str(),
                    );
                    self.bind(name);
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
                }
            }
            Stmt::Try(node) => {
                for handler in &node.handlers {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    if let Some(name) = &handler.name {
                        self.bind(name.as_str());
                    }
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::AnnAssign(node) => {
                // The annotation is never evaluated.
                self.visit_expr(&node.target);
                if let Some(value) = &node.value {
                    self.visit_expr(value);
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
        self.depth -= 1;
    }

    fn visit_annotation(&mut self, _annotation: &'a Expr) {}

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            self.refuse("too many nested parentheses or operators", expr);
        }
        if self.refusal.is_some() {
            self.depth -= 1;
            return;
        }
        match expr {
            Expr::Name(node) => match node.ctx {
                ExprContext::Load => {
                    self.scopes[self.current].uses.insert(node.id.to_string());
                }
                _ => self.bind(node.id.as_str()),
            },
            Expr::Named(node) => {
                self.visit_expr(&node.value);
                if let Expr::Name(name) = &*node.target {
                    let scope = self.walrus_scope();
                    self.bind_in(scope, name.id.as_str());
                    self.scopes[self.current].uses.insert(name.id.to_string());
                }
            }
            Expr::Lambda(node) => {
                if let Some(parameters) = &node.parameters {
                    self.defaults(parameters);
                }
                self.function(address(node), Some(self.current), |builder| {
                    if let Some(parameters) = &node.parameters {
                        builder.parameters(parameters);
                    }
                    builder.visit_expr(&node.body);
                });
            }
            Expr::ListComp(node) => self.comprehension(&node.generators, &[&node.elt], false),
            Expr::SetComp(node) => self.comprehension(&node.generators, &[&node.elt], false),
            Expr::DictComp(node) => match &node.key {
                Some(key) => self.comprehension(&node.generators, &[key, &node.value], false),
                None => self.refuse("dict unpacking cannot be used in dict comprehension", node),
            },
            Expr::Generator(node) => self.comprehension(&node.generators, &[&node.elt], true),
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                let function = self.scopes[self.current].function;
                if function != self.current || self.scopes[function].bound.first().is_some_and(|n| n == ".0") {
                    self.refuse("'yield' inside comprehension", expr);
                }
                self.scopes[function].is_generator = true;
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
        self.depth -= 1;
    }
}

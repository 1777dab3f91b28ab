//! Expressions.

use std::str::FromStr;

use num_bigint::BigInt;
use ruff_python_ast as ast;
use ruff_python_ast::{Expr, InterpolatedStringElement, Number};
use ruff_text_size::Ranged;

use super::code::{CmpOp, Conversion, NO_KEYWORDS, Op, UnOp};
use super::function::Product;
use super::{C, Refusal, Unit};
use crate::ops::arith::BinOp;
use crate::value::Value;

pub(super) fn binary(op: ast::Operator) -> BinOp {
    match op {
        ast::Operator::Add => BinOp::Add,
        ast::Operator::Sub => BinOp::Sub,
        ast::Operator::Mult => BinOp::Mul,
        ast::Operator::MatMult => BinOp::MatMul,
        ast::Operator::Div => BinOp::Div,
        ast::Operator::Mod => BinOp::Mod,
        ast::Operator::Pow => BinOp::Pow,
        ast::Operator::LShift => BinOp::LShift,
        ast::Operator::RShift => BinOp::RShift,
        ast::Operator::BitOr => BinOp::Or,
        ast::Operator::BitXor => BinOp::Xor,
        ast::Operator::BitAnd => BinOp::And,
        ast::Operator::FloorDiv => BinOp::FloorDiv,
    }
}

fn comparison(op: ast::CmpOp) -> CmpOp {
    match op {
        ast::CmpOp::Eq => CmpOp::Eq,
        ast::CmpOp::NotEq => CmpOp::Ne,
        ast::CmpOp::Lt => CmpOp::Lt,
        ast::CmpOp::LtE => CmpOp::Le,
        ast::CmpOp::Gt => CmpOp::Gt,
        ast::CmpOp::GtE => CmpOp::Ge,
        ast::CmpOp::Is => CmpOp::Is,
        ast::CmpOp::IsNot => CmpOp::IsNot,
        ast::CmpOp::In => CmpOp::In,
        ast::CmpOp::NotIn => CmpOp::NotIn,
    }
}

impl<'a> Unit<'a> {
    /// Leaves the value of the expression on the stack.
    pub(super) fn expr(&mut self, expr: &'a Expr) -> C<()> {
        self.within(expr, |unit| unit.expression(expr))
    }

    fn expression(&mut self, expr: &'a Expr) -> C<()> {
        match expr {
            Expr::BoolOp(node) => self.bool_op(node),
            Expr::Named(node) => {
                self.expr(&node.value)?;
                self.emit(Op::Dup);
                self.assign(&node.target)
            }
            Expr::BinOp(node) => {
                self.expr(&node.left)?;
                self.expr(&node.right)?;
                self.emit(Op::Binary(binary(node.op)));
                Ok(())
            }
            Expr::UnaryOp(node) => {
                self.expr(&node.operand)?;
                self.emit(Op::Unary(match node.op {
                    ast::UnaryOp::Invert => UnOp::Invert,
                    ast::UnaryOp::Not => UnOp::Not,
                    ast::UnaryOp::UAdd => UnOp::Pos,
                    ast::UnaryOp::USub => UnOp::Neg,
                }));
                Ok(())
            }
            Expr::Lambda(node) => self.lambda(node),
            Expr::If(node) => {
                self.expr(&node.test)?;
                let other = self.emit(Op::JumpIfFalse(0));
                self.expr(&node.body)?;
                let end = self.emit(Op::Jump(0));
                self.land(other);
                self.expr(&node.orelse)?;
                self.land(end);
                Ok(())
            }
            Expr::Dict(node) => self.dict(node),
            Expr::Set(node) => self.elements(&node.elts, Op::Set),
            Expr::List(node) => self.elements(&node.elts, Op::List),
            Expr::Tuple(node) => self.elements(&node.elts, Op::Tuple),
            Expr::ListComp(node) => self.comprehension(&node.generators, &Product::List(&node.elt)),
            Expr::SetComp(node) => self.comprehension(&node.generators, &Product::Set(&node.elt)),
            Expr::DictComp(node) => match &node.key {
                Some(key) => self.comprehension(&node.generators, &Product::Dict(key, &node.value)),
                None => Err(Refusal::new("dict unpacking cannot be used in dict comprehension", node.range)),
            },
            Expr::Generator(node) => self.generator(node),
            Expr::Await(node) => Err(Refusal::new("'await' is not supported", node.range)),
            Expr::Yield(node) => {
                match &node.value {
                    Some(value) => self.expr(value)?,
                    None => self.constant(Value::None),
                }
                self.emit(Op::Yield);
                Ok(())
            }
            Expr::YieldFrom(node) => {
                self.expr(&node.value)?;
                self.emit(Op::GetIter);
                let start = self.here();
                let end = self.emit(Op::ForIter(0));
                self.emit(Op::Yield);
                self.emit(Op::Pop);
                self.emit(Op::Jump(start as u32));
                self.land(end);
                self.emit(Op::Returned);
                Ok(())
            }
            Expr::Compare(node) => self.compare(node),
            Expr::Call(node) => self.call(node),
            Expr::FString(node) => self.f_string(node),
            Expr::TString(node) => Err(Refusal::new("t-strings are not supported", node.range)),
            Expr::StringLiteral(node) => {
                self.constant(Value::str(node.value.to_str()));
                Ok(())
            }
            Expr::BytesLiteral(node) => {
                let bytes: Vec<u8> = node.value.bytes().collect();
                self.constant(Value::bytes(bytes));
                Ok(())
            }
            Expr::NumberLiteral(node) => self.number(node),
            Expr::BooleanLiteral(node) => {
                self.constant(Value::Bool(node.value));
                Ok(())
            }
            Expr::NoneLiteral(_) => {
                self.constant(Value::None);
                Ok(())
            }
            Expr::EllipsisLiteral(_) => {
                self.constant(Value::Ellipsis);
                Ok(())
            }
            Expr::Attribute(node) => {
                self.expr(&node.value)?;
                let name = self.attribute_name(&node.attr)?;
                self.emit(Op::Attr(name));
                Ok(())
            }
            Expr::Subscript(node) => {
                self.expr(&node.value)?;
                self.expr(&node.slice)?;
                self.emit(Op::Index);
                Ok(())
            }
            Expr::Starred(node) => Err(Refusal::new("can't use starred expression here", node.range)),
            Expr::Name(node) => {
                self.load(node.id.as_str());
                Ok(())
            }
            Expr::Slice(node) => {
                for part in [&node.lower, &node.upper, &node.step] {
                    match part {
                        Some(part) => self.expr(part)?,
                        None => self.constant(Value::None),
                    }
                }
                self.emit(Op::Slice);
                Ok(())
            }
            Expr::IpyEscapeCommand(node) => Err(Refusal::new("escape commands are not supported", node.range)),
        }
    }

    pub(super) fn attribute_name(&mut self, name: &ast::Identifier) -> C<u32> {
        Ok(self.name_index(name.as_str()))
    }

    fn number(&mut self, node: &ast::ExprNumberLiteral) -> C<()> {
        let value = match &node.value {
            Number::Float(value) => Value::Float(*value),
            Number::Complex { .. } => {
                return Err(Refusal::new("complex numbers are not supported", node.range));
            }
            Number::Int(int) => match int.as_i64() {
                Some(small) => Value::Int(small),
                None => Value::int(
                    parse_big(&int.to_string())
                        .ok_or_else(|| Refusal::new("integer literal is too large", node.range))?,
                ),
            },
        };
        self.constant(value);
        Ok(())
    }

    fn bool_op(&mut self, node: &'a ast::ExprBoolOp) -> C<()> {
        let mut jumps = Vec::new();
        let last = node.values.len().saturating_sub(1);
        for (index, value) in node.values.iter().enumerate() {
            self.expr(value)?;
            if index < last {
                jumps.push(self.emit(match node.op {
                    ast::BoolOp::And => Op::JumpIfFalseOrPop(0),
                    ast::BoolOp::Or => Op::JumpIfTrueOrPop(0),
                }));
            }
        }
        for jump in jumps {
            self.land(jump);
        }
        Ok(())
    }

    fn compare(&mut self, node: &'a ast::ExprCompare) -> C<()> {
        self.expr(&node.left)?;
        let last = node.ops.len().saturating_sub(1);
        let mut jumps = Vec::new();
        for (index, (op, right)) in node.ops.iter().zip(&node.comparators).enumerate() {
            self.expr(right)?;
            if index == last {
                self.emit(Op::Compare(comparison(*op)));
            } else {
                self.emit(Op::Dup);
                self.emit(Op::Rot3);
                self.emit(Op::Compare(comparison(*op)));
                jumps.push(self.emit(Op::JumpIfFalseOrPop(0)));
            }
        }
        if !jumps.is_empty() {
            // A failed link leaves the middle operand below its result.
            let end = self.emit(Op::Jump(0));
            for jump in jumps {
                self.land(jump);
            }
            self.emit(Op::Swap);
            self.emit(Op::Pop);
            self.land(end);
        }
        Ok(())
    }

    fn elements(&mut self, elements: &'a [Expr], build: fn(u32) -> Op) -> C<()> {
        if !elements.iter().any(Expr::is_starred_expr) {
            for element in elements {
                self.expr(element)?;
            }
            self.emit(build(elements.len() as u32));
            return Ok(());
        }
        let is_set = matches!(build(0), Op::Set(_));
        self.emit(if is_set { Op::Set(0) } else { Op::List(0) });
        for element in elements {
            if let Expr::Starred(star) = element {
                self.expr(&star.value)?;
                self.emit(if is_set { Op::SetExtend } else { Op::ListExtend });
            } else {
                self.expr(element)?;
                self.emit(if is_set { Op::SetAdd(0) } else { Op::ListAppend(0) });
            }
        }
        if matches!(build(0), Op::Tuple(_)) {
            self.emit(Op::ListToTuple);
        }
        Ok(())
    }

    fn dict(&mut self, node: &'a ast::ExprDict) -> C<()> {
        if node.items.iter().all(|item| item.key.is_some()) && node.items.len() < 1000 {
            for item in &node.items {
                if let Some(key) = &item.key {
                    self.expr(key)?;
                }
                self.expr(&item.value)?;
            }
            self.emit(Op::Dict(node.items.len() as u32));
            return Ok(());
        }
        self.emit(Op::Dict(0));
        for item in &node.items {
            if let Some(key) = &item.key {
                self.expr(key)?;
                self.expr(&item.value)?;
                self.emit(Op::DictAdd(0));
            } else {
                self.expr(&item.value)?;
                self.emit(Op::DictMerge);
            }
        }
        Ok(())
    }

    fn call(&mut self, node: &'a ast::ExprCall) -> C<()> {
        let arguments = &node.arguments;
        let spread = arguments.args.iter().any(Expr::is_starred_expr)
            || arguments.keywords.iter().any(|keyword| keyword.arg.is_none());
        let count = arguments.args.len() + arguments.keywords.len();
        if spread || count > 60_000 {
            self.expr(&node.func)?;
            self.emit(Op::List(0));
            for argument in &arguments.args {
                if let Expr::Starred(star) = argument {
                    self.expr(&star.value)?;
                    self.emit(Op::ListExtend);
                } else {
                    self.expr(argument)?;
                    self.emit(Op::ListAppend(0));
                }
            }
            self.emit(Op::Dict(0));
            for keyword in &arguments.keywords {
                if let Some(name) = &keyword.arg {
                    self.constant(Value::str(name.as_str()));
                    self.expr(&keyword.value)?;
                    self.emit(Op::Dict(1));
                } else {
                    self.expr(&keyword.value)?;
                }
                self.emit(Op::KeywordMerge);
            }
            self.emit(Op::CallSpread);
            return Ok(());
        }
        let method = match &*node.func {
            Expr::Attribute(attribute) => {
                self.expr(&attribute.value)?;
                Some(self.attribute_name(&attribute.attr)?)
            }
            function => {
                self.expr(function)?;
                None
            }
        };
        for argument in &arguments.args {
            self.expr(argument)?;
        }
        let mut names = Vec::new();
        for keyword in &arguments.keywords {
            let Some(name) = &keyword.arg else { continue };
            if names.iter().any(|known: &std::sync::Arc<str>| **known == *name.as_str()) {
                let message = format!("keyword argument repeated: {}", name.as_str());
                return Err(Refusal::new(message, keyword.range()));
            }
            names.push(std::sync::Arc::from(name.as_str()));
            self.expr(&keyword.value)?;
        }
        let keywords = if names.is_empty() {
            NO_KEYWORDS
        } else {
            self.code.keywords.push(names);
            let index = self.code.keywords.len() - 1;
            u16::try_from(index)
                .ok()
                .filter(|index| *index != NO_KEYWORDS)
                .ok_or_else(|| Refusal::new("expression is too large", node.range()))?
        };
        let argc = count as u16;
        self.emit(match method {
            Some(name) => Op::CallMethod { name, argc, keywords },
            None => Op::Call { argc, keywords },
        });
        Ok(())
    }

    fn f_string(&mut self, node: &'a ast::ExprFString) -> C<()> {
        let mut parts = 0;
        for part in &node.value {
            match part {
                ast::FStringPart::Literal(literal) => {
                    self.constant(Value::str(&literal.value));
                    parts += 1;
                }
                ast::FStringPart::FString(string) => {
                    for element in &string.elements {
                        parts += self.f_string_element(element)?;
                    }
                }
            }
        }
        self.emit(Op::Join(parts));
        Ok(())
    }

    /// Leaves one or two strings on the stack and says how many.
    fn f_string_element(&mut self, element: &'a InterpolatedStringElement) -> C<u32> {
        let field = match element {
            InterpolatedStringElement::Literal(literal) => {
                self.constant(Value::str(&literal.value));
                return Ok(1);
            }
            InterpolatedStringElement::Interpolation(field) => field,
        };
        let mut parts = 1;
        let mut conversion = match field.conversion {
            ast::ConversionFlag::None => Conversion::None,
            ast::ConversionFlag::Str => Conversion::Str,
            ast::ConversionFlag::Repr => Conversion::Repr,
            ast::ConversionFlag::Ascii => Conversion::Ascii,
        };
        if let Some(debug) = &field.debug_text {
            let text = format!("{}{}{}", debug.leading(), debug.expression(), debug.trailing());
            self.constant(Value::str(text));
            parts += 1;
            if conversion == Conversion::None && field.format_spec.is_none() {
                conversion = Conversion::Repr;
            }
        }
        self.expr(&field.expression)?;
        if let Some(spec) = &field.format_spec {
            let mut spec_parts = 0;
            for element in &spec.elements {
                spec_parts += self.within(spec.as_ref(), |unit| unit.f_string_element(element))?;
            }
            self.emit(Op::Join(spec_parts));
        }
        self.emit(Op::Format { conversion, spec: field.format_spec.is_some() });
        Ok(parts)
    }
}

fn parse_big(text: &str) -> Option<BigInt> {
    let text = text.replace('_', "");
    let (digits, radix) = match text.get(..2) {
        Some("0x" | "0X") => (&text[2..], 16),
        Some("0o" | "0O") => (&text[2..], 8),
        Some("0b" | "0B") => (&text[2..], 2),
        _ => (text.as_str(), 10),
    };
    if radix == 10 {
        if digits.len() > 4300 {
            return None;
        }
        return BigInt::from_str(digits).ok();
    }
    BigInt::parse_bytes(digits.as_bytes(), radix)
}

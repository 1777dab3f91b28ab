//! Assignment and deletion targets.

use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::code::Op;
use super::{C, Refusal, Unit};

impl<'a> Unit<'a> {
    /// Stores the value on top of the stack.
    pub(super) fn assign(&mut self, target: &'a Expr) -> C<()> {
        self.within(target, |unit| match target {
            Expr::Name(node) => {
                unit.store(node.id.as_str());
                Ok(())
            }
            Expr::Attribute(node) => {
                unit.expr(&node.value)?;
                let name = unit.attribute_name(&node.attr)?;
                unit.emit(Op::SetAttr(name));
                Ok(())
            }
            Expr::Subscript(node) => {
                unit.expr(&node.value)?;
                unit.expr(&node.slice)?;
                unit.emit(Op::SetIndex);
                Ok(())
            }
            Expr::Tuple(node) => unit.unpack(&node.elts),
            Expr::List(node) => unit.unpack(&node.elts),
            Expr::Starred(node) => {
                Err(Refusal::new("starred assignment target must be in a list or tuple", node.range))
            }
            other => Err(Refusal::new("cannot assign to expression", other.range())),
        })
    }

    fn unpack(&mut self, targets: &'a [Expr]) -> C<()> {
        let stars: Vec<_> = targets.iter().enumerate().filter(|(_, target)| target.is_starred_expr()).collect();
        match stars.as_slice() {
            [] => {
                self.emit(Op::Unpack(targets.len() as u32));
            }
            [(at, _)] => {
                let after = targets.len() - at - 1;
                if targets.len() > 60_000 {
                    return Err(Refusal::new("too many targets", self.range));
                }
                self.emit(Op::UnpackStar { before: *at as u16, after: after as u16 });
            }
            [_, (_, second), ..] => {
                return Err(Refusal::new("multiple starred expressions in assignment", second.range()));
            }
        }
        for target in targets {
            match target {
                Expr::Starred(star) => self.assign(&star.value)?,
                other => self.assign(other)?,
            }
        }
        Ok(())
    }

    pub(super) fn delete_target(&mut self, target: &'a Expr) -> C<()> {
        self.within(target, |unit| match target {
            Expr::Name(node) => {
                unit.delete(node.id.as_str());
                Ok(())
            }
            Expr::Attribute(node) => {
                unit.expr(&node.value)?;
                let name = unit.attribute_name(&node.attr)?;
                unit.emit(Op::DeleteAttr(name));
                Ok(())
            }
            Expr::Subscript(node) => {
                unit.expr(&node.value)?;
                unit.expr(&node.slice)?;
                unit.emit(Op::DeleteIndex);
                Ok(())
            }
            Expr::Tuple(node) => node.elts.iter().try_for_each(|item| unit.delete_target(item)),
            Expr::List(node) => node.elts.iter().try_for_each(|item| unit.delete_target(item)),
            other => Err(Refusal::new("cannot delete expression", other.range())),
        })
    }

    pub(super) fn augmented(&mut self, node: &'a ast::StmtAugAssign) -> C<()> {
        let op = super::expression::binary(node.op);
        match &*node.target {
            Expr::Name(name) => {
                self.load(name.id.as_str());
                self.expr(&node.value)?;
                self.emit(Op::InPlace(op));
                self.store(name.id.as_str());
            }
            Expr::Attribute(attribute) => {
                self.expr(&attribute.value)?;
                let name = self.attribute_name(&attribute.attr)?;
                self.emit(Op::Dup);
                self.emit(Op::Attr(name));
                self.expr(&node.value)?;
                self.emit(Op::InPlace(op));
                self.emit(Op::Swap);
                self.emit(Op::SetAttr(name));
            }
            Expr::Subscript(subscript) => {
                self.expr(&subscript.value)?;
                self.expr(&subscript.slice)?;
                self.emit(Op::Dup2);
                self.emit(Op::Index);
                self.expr(&node.value)?;
                self.emit(Op::InPlace(op));
                self.emit(Op::Rot3);
                self.emit(Op::SetIndex);
            }
            other => {
                return Err(Refusal::new("illegal expression for augmented assignment", other.range()));
            }
        }
        Ok(())
    }
}

//! The context that `!Context` reads: defaults, the blueprint's own values and the instance's,
//! laid over each other.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::blueprint::Blueprint;
use crate::node::{Kind, Node};

/// Named values, which may still hold tags; those are evaluated where they are used.
#[derive(Debug, Clone, Default)]
pub struct Context {
    values: HashMap<String, Node>,
}

impl Context {
    /// Later layers win; mappings are merged and sequences joined.
    pub fn layered(defaults: &Map<String, Value>, blueprint: &Blueprint, instance: &Map<String, Value>) -> Self {
        let mut context = Self::default();
        context.extend(defaults);
        for (key, node) in blueprint.context.fields() {
            context.lay(&key.text, node.clone());
        }
        context.extend(instance);
        context
    }

    fn extend(&mut self, values: &Map<String, Value>) {
        for (name, value) in values {
            self.lay(name, Node::from(value.clone()));
        }
    }

    fn lay(&mut self, name: &str, node: Node) {
        match self.values.get_mut(name) {
            Some(base) => overlay(base, node),
            None => {
                self.values.insert(name.to_owned(), node);
            }
        }
    }

    pub fn get(&self, name: &str) -> Option<&Node> {
        self.values.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

fn overlay(base: &mut Node, over: Node) {
    match (&mut base.kind, over.kind) {
        (Kind::Mapping(fields), Kind::Mapping(added)) => {
            for (key, node) in added {
                match fields.iter_mut().find(|(field, _)| *field == key) {
                    Some((_, field)) => overlay(field, node),
                    None => fields.push((key, node)),
                }
            }
        }
        (Kind::Sequence(items), Kind::Sequence(added)) => items.extend(added),
        (_, kind) => *base = Node { span: over.span, kind },
    }
}

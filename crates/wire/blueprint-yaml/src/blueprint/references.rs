//! Ids given twice, and `!KeyOf` of ids that do not exist.
//!
//! Warnings, because a tag in a branch that is not taken is never evaluated.

use std::collections::BTreeSet;

use super::Entry;
use crate::MAX_PROBLEMS;
use crate::nearest::nearest;
use crate::node::{Kind, Node};
use crate::problem::{Problem, ProblemKind};
use crate::tag::Tag;

pub(super) fn check(entries: &[Entry]) -> Vec<Problem> {
    let mut checker = Checker::default();
    for entry in entries {
        if let Some(id) = entry.id.as_deref()
            && !checker.ids.insert(id)
            && checker.problems.len() < MAX_PROBLEMS
        {
            let message = format!("the id {id:?} is given to more than one entry");
            checker.problems.push(
                Problem::warning(ProblemKind::Reference, entry.span, message)
                    .at(format!("{}.id", entry.path))
                    .remedy("!KeyOf takes the first of them; give each its own id"),
            );
        }
    }
    for entry in entries {
        checker.entry(entry);
    }
    checker.problems
}

#[derive(Default)]
struct Checker<'a> {
    ids: BTreeSet<&'a str>,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn entry(&mut self, entry: &Entry) {
        let mut nodes: Vec<(&Node, &str)> =
            vec![(&entry.identifiers, "identifiers"), (&entry.attrs, "attrs"), (&entry.state, "state")];
        nodes.extend(entry.conditions.iter().map(|node| (node, "conditions")));
        for permission in &entry.permissions {
            let parts = permission.user.iter().chain(&permission.role);
            nodes.extend(parts.map(|node| (node, "permissions")));
        }
        for (node, group) in nodes {
            self.node(node, &format!("{}.{group}", entry.path));
        }
    }

    fn node(&mut self, node: &Node, path: &str) {
        match &node.kind {
            Kind::Scalar(_) => {}
            Kind::Sequence(items) => {
                for item in items {
                    self.node(item, path);
                }
            }
            Kind::Mapping(fields) => {
                for (_, value) in fields {
                    self.node(value, path);
                }
            }
            Kind::Tagged(tag) => {
                if let Tag::KeyOf { id } = &**tag
                    && !self.ids.contains(id.as_str())
                    && self.problems.len() < MAX_PROBLEMS
                {
                    self.missing(id, node, path);
                }
                for argument in tag.arguments() {
                    self.node(argument, path);
                }
            }
        }
    }

    fn missing(&mut self, id: &str, node: &Node, path: &str) {
        let message = format!("!KeyOf names the id {id:?}, which no entry has");
        let remedy = match nearest(id, self.ids.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("give the entry that is meant `id: {id}`"),
        };
        self.problems.push(Problem::warning(ProblemKind::Reference, node.span, message).at(path).remedy(remedy));
    }
}

//! Builds the tree of nodes from the events of the YAML parser.
//!
//! The parser's events are taken one by one, on a stack of our own, so that depth, size and
//! aliases are bounded before anything is built, and so that no key of a mapping is lost.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::node::{Key, Kind, Node, Scalar, Span};
use crate::problem::{Problem, ProblemKind};
use crate::tag::{self, Tag};
use crate::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_PROBLEMS, scalar};

/// What a text holds: a root unless it is empty or not YAML, and everything noticed on the way.
#[derive(Debug, Default)]
pub struct Tree {
    pub root: Option<Node>,
    pub problems: Vec<Problem>,
}

/// Reads a text. Never panics and never fails: what is wrong is among the problems.
pub fn parse_tree(text: &str) -> Tree {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len());
        let problem = Problem::error(ProblemKind::Limit, Span::default(), message)
            .remedy("split the blueprint into several files and join them with metaapplyblueprint");
        return Tree { root: None, problems: vec![problem] };
    }
    let mut builder = Builder::default();
    if let Err(problem) = builder.run(text) {
        builder.tree.problems.push(*problem);
        builder.tree.root = None;
    }
    builder.tree
}

/// An error after which reading cannot go on.
type Step<T = ()> = Result<T, Box<Problem>>;

#[derive(Default)]
struct Builder {
    tree: Tree,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
}

struct Anchored {
    node: Node,
    nodes: usize,
    height: usize,
}

struct Frame {
    span: Span,
    anchor: usize,
    tag: Option<String>,
    /// Nodes counted before this collection, to know its own size at its end.
    nodes_before: usize,
    height: usize,
    body: Body,
}

enum Body {
    Sequence(Vec<Node>),
    Mapping(Box<Fields>),
}

#[derive(Default)]
struct Fields {
    pairs: Vec<(Key, Node)>,
    places: HashMap<String, usize>,
    /// Fields taken over by `<<`; they stand first and every field of the mapping wins over them.
    merged: Vec<(Key, Node)>,
    key: Option<PendingKey>,
}

enum PendingKey {
    Name(Key),
    Merge,
}

impl Builder {
    fn run(&mut self, text: &str) -> Step {
        let mut parser = Parser::new_from_str(text);
        let mut documents = 0;
        let length = text.chars().count();
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| {
                let marker = error.marker();
                let span = point(marker.line(), marker.col());
                Box::new(syntax_problem(error.info(), span, text).at(self.path()))
            })?;
            let end = span.end.index();
            let span = convert(span);
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        let message = "the file holds more than one YAML document";
                        return Err(Box::new(
                            Problem::error(ProblemKind::Syntax, span, message)
                                .remedy("keep one document per file; remove the second `---`"),
                        ));
                    }
                }
                Event::Alias(id) => self.alias(id, span)?,
                Event::Scalar(mut value, style, anchor, tag) => {
                    let tag = tag.map(|tag| full_name(&tag));
                    // The text is looked at only once, for the last scalar.
                    if end >= length && is_open_block(style, &value, text) {
                        value.to_mut().pop();
                    }
                    let is_plain = style == ScalarStyle::Plain;
                    self.scalar(&value, is_plain, anchor, tag.as_deref(), span)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.open(span, anchor, tag, Body::Sequence(Vec::new()))?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.open(span, anchor, tag, Body::Mapping(Box::default()))?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, span: Span, anchor: usize, tag: Option<Cow<'_, saphyr_parser::Tag>>, body: Body) -> Step {
        self.check_depth(1, span)?;
        let nodes_before = self.nodes;
        self.count(1, span)?;
        let tag = tag.map(|tag| full_name(&tag));
        self.frames.push(Frame { span, anchor, tag, nodes_before, height: 0, body });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Step {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let span = Span { end_line: end.end_line, end_column: end.end_column, ..frame.span };
        let kind = match frame.body {
            Body::Sequence(items) => Kind::Sequence(items),
            Body::Mapping(fields) => Kind::Mapping(fields.finish()),
        };
        let node = match frame.tag.as_deref() {
            None | Some("!") => Node { span, kind },
            Some(name) => self.tagged_collection(name, Node { span, kind }),
        };
        let height = frame.height + 1;
        if frame.anchor != 0 {
            let nodes = self.nodes - frame.nodes_before;
            self.anchors.insert(frame.anchor, Anchored { node: node.clone(), nodes, height });
        }
        self.place(node, height)
    }

    fn tagged_collection(&mut self, name: &str, node: Node) -> Node {
        let span = node.span;
        if let Some(core) = name.strip_prefix(CORE) {
            match (core, &node.kind) {
                ("seq", Kind::Sequence(_)) | ("map", Kind::Mapping(_)) => return node,
                _ => {
                    let message = format!("the YAML tag !!{core} does not fit {}", node.describe());
                    self.complain(
                        Problem::error(ProblemKind::Tag, span, message)
                            .remedy("remove the tag, plain sequences and mappings need none"),
                    );
                    return node;
                }
            }
        }
        let outcome = tag::from_node(name, node);
        self.custom(outcome, span)
    }

    fn scalar(&mut self, text: &str, is_plain: bool, anchor: usize, tag: Option<&str>, span: Span) -> Step {
        self.count(1, span)?;
        if tag.is_none() && is_plain && text == "<<" && self.expects_key() {
            if let Some(Body::Mapping(fields)) = self.frames.last_mut().map(|frame| &mut frame.body) {
                fields.key = Some(PendingKey::Merge);
            }
            return Ok(());
        }
        let node = match tag {
            None if is_plain => self.typed(scalar::plain(text), text, span),
            None | Some("!") => Node { span, kind: Kind::Scalar(Scalar::String(text.to_owned())) },
            Some(name) => match name.strip_prefix(CORE) {
                Some(core) => self.typed(scalar::tagged(core, text), text, span),
                None => {
                    let outcome = tag::from_text(name, text, span);
                    self.custom(outcome, span)
                }
            },
        };
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes: 1, height: 0 });
        }
        self.place(node, 0)
    }

    fn typed(&mut self, outcome: Result<Scalar, String>, text: &str, span: Span) -> Node {
        match outcome {
            Ok(scalar) => Node { span, kind: Kind::Scalar(scalar) },
            Err(message) => {
                self.complain(
                    Problem::error(ProblemKind::Scalar, span, message)
                        .remedy("put the value in quotes if it is meant as text"),
                );
                Node { span, kind: Kind::Scalar(Scalar::String(text.to_owned())) }
            }
        }
    }

    /// A malformed tag leaves a null behind, so that the rest of the file is still looked at.
    fn custom(&mut self, outcome: Result<Tag, Box<Problem>>, span: Span) -> Node {
        match outcome {
            Ok(tag) => Node { span, kind: Kind::Tagged(Box::new(tag)) },
            Err(problem) => {
                self.complain(*problem);
                Node::null(span)
            }
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Step {
        let Some(anchored) = self.anchors.get(&id) else {
            let message = "the alias stands inside the very node that it refers to";
            return Err(Box::new(
                Problem::error(ProblemKind::Syntax, span, message)
                    .at(self.path())
                    .remedy("write the value out instead of repeating it with `*`"),
            ));
        };
        let (nodes, height) = (anchored.nodes, anchored.height);
        self.check_depth(height, span)?;
        self.count(nodes, span)?;
        // Cloned only now: the limits above are what stops an alias bomb.
        let node = self.anchors[&id].node.clone();
        self.place(node, height)
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.frames.last().map(|frame| &frame.body),
            Some(Body::Mapping(fields)) if fields.key.is_none()
        )
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node, height: usize) -> Step {
        if self.tree.problems.len() >= MAX_PROBLEMS {
            let message = format!("more than {MAX_PROBLEMS} problems, the rest is not read");
            return Err(Box::new(Problem::error(ProblemKind::Limit, node.span, message)));
        }
        let Some(frame) = self.frames.last_mut() else {
            self.tree.root = Some(node);
            return Ok(());
        };
        frame.height = frame.height.max(height);
        let found = match &mut frame.body {
            Body::Sequence(items) => {
                items.push(node);
                None
            }
            Body::Mapping(fields) => fields.push(node),
        };
        if let Some(mut problem) = found {
            // The fields know only the last part of the path, and their key is used up by now.
            let mut path = self.path();
            if !path.is_empty() && !problem.path.is_empty() {
                path.push('.');
            }
            problem.path.insert_str(0, &path);
            self.tree.problems.push(problem);
        }
        Ok(())
    }

    fn check_depth(&self, height: usize, span: Span) -> Step {
        if self.frames.len() + height > MAX_DEPTH {
            let message = format!("values are nested more than {MAX_DEPTH} deep");
            return Err(Box::new(
                Problem::error(ProblemKind::Limit, span, message)
                    .at(self.path())
                    .remedy("check the brackets and the indentation, or flatten the value"),
            ));
        }
        Ok(())
    }

    fn count(&mut self, nodes: usize, span: Span) -> Step {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            let message = format!("the file has more than {MAX_NODES} values, aliases expanded");
            return Err(Box::new(
                Problem::error(ProblemKind::Limit, span, message)
                    .at(self.path())
                    .remedy("split the blueprint into several files, or use fewer aliases"),
            ));
        }
        Ok(())
    }

    fn complain(&mut self, mut problem: Problem) {
        problem.path = self.path();
        self.tree.problems.push(problem);
    }

    /// The place of the node that comes next.
    fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.frames {
            match &frame.body {
                Body::Sequence(items) => path.push_str(&format!("[{}]", items.len())),
                Body::Mapping(fields) => {
                    if let Some(PendingKey::Name(key)) = &fields.key {
                        if !path.is_empty() {
                            path.push('.');
                        }
                        path.extend(key.text.chars().take(80));
                    }
                }
            }
        }
        path
    }
}

impl Fields {
    fn push(&mut self, node: Node) -> Option<Problem> {
        match self.key.take() {
            None => {
                let key = match &node.kind {
                    Kind::Scalar(scalar) => Ok(scalar.to_key()),
                    _ => Err(Box::new(
                        Problem::error(
                            ProblemKind::Shape,
                            node.span,
                            format!("a key must be a plain value, found {}", node.describe()),
                        )
                        .remedy("put a value that starts with `{` or `[` in quotes"),
                    )),
                };
                let text = key.as_ref().map_or_else(|_| String::new(), Clone::clone);
                self.key = Some(PendingKey::Name(Key { span: node.span, text }));
                key.err().map(|problem| *problem)
            }
            Some(PendingKey::Merge) => self.merge(node),
            Some(PendingKey::Name(key)) => match self.places.get(&key.text) {
                Some(place) => {
                    let first = self.pairs[*place].0.span.line;
                    let problem = Problem::warning(
                        ProblemKind::DuplicateKey,
                        key.span,
                        format!("the key {:?} was already given in line {first}; the later value wins", key.text),
                    )
                    .at(key.text.chars().take(80).collect::<String>())
                    .remedy("remove one of the two");
                    self.pairs[*place].1 = node;
                    Some(problem)
                }
                None => {
                    self.places.insert(key.text.clone(), self.pairs.len());
                    self.pairs.push((key, node));
                    None
                }
            },
        }
    }

    fn merge(&mut self, node: Node) -> Option<Problem> {
        let span = node.span;
        match node.kind {
            Kind::Mapping(fields) => {
                self.merged.extend(fields);
                None
            }
            // Earlier mappings of the list win, so they are laid over the later ones.
            Kind::Sequence(items) if items.iter().all(|item| matches!(item.kind, Kind::Mapping(_))) => {
                for item in items.into_iter().rev() {
                    if let Kind::Mapping(fields) = item.kind {
                        self.merged.extend(fields);
                    }
                }
                None
            }
            kind => Some(
                Problem::error(
                    ProblemKind::Shape,
                    span,
                    format!(
                        "`<<` takes over a mapping or a list of mappings, found {}",
                        Node { span, kind }.describe()
                    ),
                )
                .at("<<")
                .remedy("name an anchor of a mapping, like `<<: *defaults`"),
            ),
        }
    }

    fn finish(self) -> Vec<(Key, Node)> {
        if self.merged.is_empty() {
            return self.pairs;
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut pairs: Vec<(Key, Node)> = Vec::new();
        for (key, node) in self.merged.into_iter().chain(self.pairs) {
            match places.get(&key.text) {
                Some(place) => pairs[*place] = (key, node),
                None => {
                    places.insert(key.text.clone(), pairs.len());
                    pairs.push((key, node));
                }
            }
        }
        pairs
    }
}

/// Whether a block ends with the file in a line without a line break, for which the parser adds
/// one that is not there: after content, or after blanks below the content.
fn is_open_block(style: ScalarStyle, value: &str, text: &str) -> bool {
    if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        return false;
    }
    let last_line = text.rsplit('\n').next().unwrap_or("");
    let added = if last_line.trim().is_empty() { "\n\n" } else { "\n" };
    !last_line.is_empty() && value.ends_with(added)
}

/// The prefix of the tags that YAML itself defines.
const CORE: &str = "tag:yaml.org,2002:";

fn full_name(tag: &saphyr_parser::Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}

fn convert(span: saphyr_parser::Span) -> Span {
    let start = point(span.start.line(), span.start.col());
    let end = point(span.end.line(), span.end.col());
    Span { end_line: end.line, end_column: end.column, ..start }
}

/// The parser counts columns from zero.
fn point(line: usize, column: usize) -> Span {
    let line = u32::try_from(line).unwrap_or(u32::MAX);
    let column = u32::try_from(column + 1).unwrap_or(u32::MAX);
    Span { line, column, end_line: line, end_column: column }
}

/// The tab that a line of a complaint, or the one below, is indented with. The parser points at where the value began.
fn indenting_tab(info: &str, span: Span, text: &str) -> Option<Span> {
    let first = (span.line as usize).saturating_sub(1);
    let lines = if info.contains("tab") { 3 } else { 1 };
    text.lines().enumerate().skip(first).take(lines).find_map(|(number, line)| {
        let indentation = &line[..line.len() - line.trim_start().len()];
        indentation.chars().position(|letter| letter == '\t').map(|column| point(number + 1, column))
    })
}

fn syntax_problem(info: &str, span: Span, text: &str) -> Problem {
    let tab = indenting_tab(info, span, text);
    let span = tab.unwrap_or(span);
    let remedy = if tab.is_some() {
        "indent with spaces, YAML does not allow tabs there"
    } else if info.contains("flow") || info.contains("end of stream") || info.contains("eof") {
        "look for a bracket, brace or quote that is not closed"
    } else if info.contains("mapping values") || info.contains("simple key") {
        "put a value that contains `: ` in quotes, and check the indentation of this line and \
         the one before"
    } else if info.contains("start any token") {
        "put a value that starts with `@`, `` ` ``, `%` or `|` in quotes"
    } else if info.contains("anchor") || info.contains("alias") {
        "define the anchor with `&name` before `*name` is used, or put the value in quotes"
    } else {
        "check the indentation and the quotes of this line and the one before"
    };
    Problem::error(ProblemKind::Syntax, span, format!("this is not valid YAML: {info}")).remedy(remedy)
}

#[cfg(test)]
mod tests;

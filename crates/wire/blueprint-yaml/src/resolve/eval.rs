//! One evaluation of one node.

use serde_json::{Map, Value};

use super::value::{describe, is_truthy, merge, pairs, size, to_fields, to_key};
use super::{Answers, Lookup, Outcome, evaluation_problem, format};
use crate::context::Context;
use crate::nearest::nearest;
use crate::node::{Kind, Node, Span};
use crate::problem::{Problem, ProblemKind};
use crate::tag::{Find, Mode, Output, Tag};

/// The deepest evaluation, context values inside context values included.
const MAX_EVALUATION_DEPTH: usize = 100;
/// The work after which an evaluation is stopped.
const MAX_STEPS: usize = 500_000;
/// The memory that an evaluation's values may take in total.
const MAX_SIZE: usize = 64 * 1024 * 1024;

pub fn run(context: &Context, answers: &Answers, node: &Node, path: &str) -> Result<Outcome, Problem> {
    let mut run = Run {
        context,
        answers,
        path: path.to_owned(),
        site: node.span,
        needs: Vec::new(),
        items: Vec::new(),
        open: Vec::new(),
        depth: 0,
        steps: 0,
        size: 0,
    };
    match run.eval(node) {
        Ok(value) => Ok(Outcome::Done(value)),
        Err(Stop::Need) => Ok(Outcome::Need(run.needs)),
        Err(Stop::Problem(problem)) => Err(*problem),
    }
}

/// Why an evaluation did not come to a value.
enum Stop {
    /// A lookup is unanswered; it is among the needs.
    Need,
    Problem(Box<Problem>),
}

type Step<T = Value> = Result<T, Stop>;

struct Run<'a> {
    context: &'a Context,
    answers: &'a Answers,
    path: String,
    /// The last place that came from a text, for nodes that did not.
    site: Span,
    needs: Vec<Lookup>,
    /// The current item of each enclosing `!Enumerate`, none while it finds out what to go through.
    items: Vec<Option<(Value, Value)>>,
    /// The names of the context values that are being evaluated.
    open: Vec<String>,
    depth: usize,
    steps: usize,
    size: usize,
}

impl Run<'_> {
    fn eval(&mut self, node: &Node) -> Step {
        if node.span.is_known() {
            self.site = node.span;
        }
        if self.depth >= MAX_EVALUATION_DEPTH {
            return Err(self.limit("the tags are nested too deep"));
        }
        self.charge(0)?;
        self.depth += 1;
        let value = match &node.kind {
            Kind::Scalar(scalar) => {
                let value = scalar.to_json();
                self.charge(size(&value)).map(|()| value)
            }
            Kind::Sequence(items) => self.sequence(items),
            Kind::Mapping(fields) => {
                let mark = self.path.len();
                let mut map = Map::new();
                let mut is_waiting = false;
                let mut stopped = None;
                for (key, field) in fields {
                    self.path.push('.');
                    self.path.push_str(&key.text);
                    let outcome = self.eval(field);
                    match outcome {
                        Ok(value) => {
                            map.insert(key.text.clone(), value);
                        }
                        Err(Stop::Need) => is_waiting = true,
                        Err(problem) => stopped = Some(problem),
                    }
                    self.path.truncate(mark);
                    if stopped.is_some() {
                        break;
                    }
                }
                match stopped {
                    Some(problem) => Err(problem),
                    None if is_waiting => Err(Stop::Need),
                    None => Ok(Value::Object(map)),
                }
            }
            Kind::Tagged(tag) => self.tag(tag, node.span),
        };
        self.depth -= 1;
        value
    }

    fn sequence(&mut self, items: &[Node]) -> Step {
        let mark = self.path.len();
        let mut list = Vec::with_capacity(items.len());
        let mut is_waiting = false;
        for (index, item) in items.iter().enumerate() {
            self.path.push_str(&format!("[{index}]"));
            let outcome = self.eval(item);
            self.path.truncate(mark);
            match outcome {
                Ok(value) => list.push(value),
                // The siblings go on, so that their needs are known in the same round.
                Err(Stop::Need) => is_waiting = true,
                Err(problem) => return Err(problem),
            }
        }
        if is_waiting { Err(Stop::Need) } else { Ok(Value::Array(list)) }
    }

    /// The arguments of a tag; unlike a sequence they have no place of their own.
    fn arguments<'n>(&mut self, nodes: impl IntoIterator<Item = &'n Node>) -> Step<Vec<Value>> {
        let mut values = Vec::new();
        let mut is_waiting = false;
        for node in nodes {
            match self.eval(node) {
                Ok(value) => values.push(value),
                Err(Stop::Need) => is_waiting = true,
                Err(problem) => return Err(problem),
            }
        }
        if is_waiting { Err(Stop::Need) } else { Ok(values) }
    }

    fn tag(&mut self, tag: &Tag, span: Span) -> Step {
        let span = if span.is_known() { span } else { self.site };
        match tag {
            Tag::KeyOf { id } => self.ask(&Lookup::KeyOf { id: id.clone(), span }),
            Tag::Find(find) => {
                let (model, conditions) = self.find(find, span)?;
                self.ask(&Lookup::Find { model, conditions, span })
            }
            Tag::FindObject(find) => {
                let (model, conditions) = self.find(find, span)?;
                self.ask(&Lookup::FindObject { model, conditions, span })
            }
            Tag::Context { name, default } => self.context(name, default.as_ref(), span),
            Tag::Env { name, default } => {
                let found = self.ask(&Lookup::Env { name: name.clone(), span })?;
                if is_truthy(&found) { Ok(found) } else { self.default(default.as_ref()) }
            }
            Tag::File { path, default } => match self.ask(&Lookup::File { path: path.clone(), span })? {
                Value::Null => self.default(default.as_ref()),
                Value::String(text) => Ok(Value::String(text.trim().to_owned())),
                other => Ok(other),
            },
            Tag::Format { format, args } => self.format(format, args, span),
            Tag::If { condition, branches } => {
                let is_true = is_truthy(&self.eval(condition)?);
                match branches {
                    None => Ok(Value::Bool(is_true)),
                    Some((when_true, _)) if is_true => self.eval(when_true),
                    Some((_, when_false)) => self.eval(when_false),
                }
            }
            Tag::Condition { mode, args } => {
                let truths = self.arguments(args)?;
                Ok(Value::Bool(join(*mode, truths.iter().map(is_truthy))))
            }
            Tag::Enumerate { iterable, output, body } => self.enumerate(iterable, *output, body, span),
            Tag::Index { depth } => Ok(self.item("!Index", *depth, span)?.0),
            Tag::Value { depth } => Ok(self.item("!Value", *depth, span)?.1),
            Tag::AtIndex { collection, index, default } => {
                let [collection, index] = [self.eval(collection)?, self.eval(index)?];
                self.at_index(collection, &index, default.as_ref(), span)
            }
            Tag::ParseJSON { value, .. } => {
                self.charge(size(value))?;
                Ok(value.clone())
            }
        }
    }

    fn default(&mut self, default: Option<&Node>) -> Step {
        default.map_or(Ok(Value::Null), |node| self.eval(node))
    }

    fn ask(&mut self, lookup: &Lookup) -> Step {
        match self.answers.get(lookup) {
            Some(Ok(value)) => {
                self.charge(size(value))?;
                Ok(value.clone())
            }
            Some(Err(refusal)) => Err(self.problem(lookup.span(), refusal.message.clone(), &refusal.remedy)),
            None => {
                if !self.needs.iter().any(|need| need.question() == lookup.question()) {
                    self.needs.push(lookup.clone());
                }
                Err(Stop::Need)
            }
        }
    }

    fn find(&mut self, find: &Find, span: Span) -> Step<(String, Vec<(String, Value)>)> {
        let nodes =
            std::iter::once(&find.model).chain(find.conditions.iter().flat_map(|(field, value)| [field, value]));
        let mut values = self.arguments(nodes)?.into_iter();
        let model = match values.next() {
            Some(Value::String(model)) => model.to_lowercase(),
            other => {
                let found = other.as_ref().map_or_else(String::new, describe);
                let message = format!("the model to find must be a text, found {found}");
                let remedy = "the form is app.model, like authentik_flows.flow";
                return Err(self.problem(span, message, remedy));
            }
        };
        let mut conditions = Vec::new();
        while let (Some(field), Some(value)) = (values.next(), values.next()) {
            let Value::String(field) = field else {
                let message = format!("the field to find by must be a text, found {}", describe(&field));
                return Err(self.problem(span, message, "write a condition like [slug, my-flow]"));
            };
            conditions.push((field, value));
        }
        Ok((model, conditions))
    }

    fn context(&mut self, name: &str, default: Option<&Node>, span: Span) -> Step {
        let context = self.context;
        let Some(node) = context.get(name) else {
            return self.default(default);
        };
        if self.open.iter().any(|open| open == name) {
            let message = format!("the context value {name:?} refers to itself");
            return Err(self.problem(span, message, "give one of the values without !Context"));
        }
        self.open.push(name.to_owned());
        let value = self.eval(node);
        self.open.pop();
        value
    }

    fn format(&mut self, format: &Node, args: &[Node], span: Span) -> Step {
        let mut values = self.arguments(std::iter::once(format).chain(args))?;
        let format = values.remove(0);
        let Value::String(format) = format else {
            let message = format!("the format must be a text, found {}", describe(&format));
            return Err(self.problem(span, message, "write it like [\"%s-%s\", a, b]"));
        };
        match format::percent(&format, &values) {
            Ok(text) => {
                self.charge(text.len())?;
                Ok(Value::String(text))
            }
            Err(message) => Err(self.problem(
                span,
                format!("!Format cannot be evaluated: {message}"),
                "each %s or %d takes one value; write %% for a percent sign",
            )),
        }
    }

    fn enumerate(&mut self, iterable: &Node, output: Output, body: &Node, span: Span) -> Step {
        self.items.push(None);
        let value = self.enumerate_inside(iterable, output, body, span);
        self.items.pop();
        value
    }

    fn enumerate_inside(&mut self, iterable: &Node, output: Output, body: &Node, span: Span) -> Step {
        let iterable = self.eval(iterable)?;
        let found = describe(&iterable);
        let Some(pairs) = pairs(iterable) else {
            let message = format!("!Enumerate goes through a sequence or mapping, found {found}");
            return Err(self.problem(span, message, "give it a default of [] if it may be missing"));
        };
        let mut list = Vec::new();
        let mut fields = Value::Object(Map::new());
        let mut is_waiting = false;
        for pair in pairs {
            // The frame was pushed by the caller and every inner one is gone again.
            if let Some(frame) = self.items.last_mut() {
                *frame = Some(pair);
            }
            let item = match self.eval(body) {
                Ok(item) => item,
                Err(Stop::Need) => {
                    is_waiting = true;
                    continue;
                }
                Err(problem) => return Err(problem),
            };
            if output == Output::Sequence {
                list.push(item);
                continue;
            }
            let found = describe(&item);
            let Some(added) = to_fields(item) else {
                let message = format!(
                    "an item of !Enumerate to MAP must be a pair of key and value or a mapping, \
                     found {found}"
                );
                return Err(self.problem(body.span, message, "write it like [!Index 0, !Value 0]"));
            };
            merge(&mut fields, Value::Object(added));
        }
        if is_waiting {
            return Err(Stop::Need);
        }
        Ok(if output == Output::Sequence { Value::Array(list) } else { fields })
    }

    fn item(&mut self, name: &str, depth: u32, span: Span) -> Step<(Value, Value)> {
        let count = self.items.len();
        if count == 0 {
            let message = format!("{name} can only be used inside an !Enumerate");
            let remedy = "put it into the third item of !Enumerate";
            return Err(self.problem(span, message, remedy));
        }
        let Some(frame) = count.checked_sub(depth as usize + 1) else {
            let message = format!("{name} has depth {depth}, the largest here is {}", count - 1);
            let remedy = "0 is the innermost !Enumerate, 1 the one around it";
            return Err(self.problem(span, message, remedy));
        };
        let Some(item) = self.items[frame].clone() else {
            let message = format!("{name} {depth} means an !Enumerate that has no item yet");
            let remedy = "use a larger depth to reach the !Enumerate around this one";
            return Err(self.problem(span, message, remedy));
        };
        self.charge(size(&item.0) + size(&item.1))?;
        Ok(item)
    }

    fn at_index(&mut self, collection: Value, index: &Value, default: Option<&Node>, span: Span) -> Step {
        let found = match &collection {
            Value::Array(items) => {
                let position = match index {
                    Value::Bool(value) => i64::from(*value),
                    other => match other.as_i64() {
                        Some(position) => position,
                        None => {
                            let message = format!("a sequence has no index {}", describe(index));
                            let remedy = "count from 0, or from -1 at the end";
                            return Err(self.problem(span, message, remedy));
                        }
                    },
                };
                let count = items.len() as i64;
                let position = if position < 0 { position + count } else { position };
                usize::try_from(position).ok().and_then(|position| items.get(position))
            }
            Value::Object(fields) => match to_key(index) {
                Some(key) => fields.get(&key),
                None => {
                    let message = format!("a mapping has no key {}", describe(index));
                    return Err(self.problem(span, message, "a key is a text or a number"));
                }
            },
            other => {
                let message = format!("!AtIndex looks into a sequence or mapping, found {}", describe(other));
                let remedy = "check that the object is found and the context value is set";
                return Err(self.problem(span, message, remedy));
            }
        };
        match found {
            Some(value) => Ok(value.clone()),
            None => match default {
                Some(default) => self.eval(default),
                None => {
                    let message = match &collection {
                        Value::Array(items) => {
                            format!("the index {index} is out of range of {}", items.len())
                        }
                        _ => format!("the key {index} does not exist"),
                    };
                    let near = collection
                        .as_object()
                        .zip(index.as_str())
                        .and_then(|(fields, key)| nearest(key, fields.keys().map(String::as_str)));
                    let remedy = match near {
                        Some(near) => format!("did you mean {near}?"),
                        None => "add a default as the third item".to_owned(),
                    };
                    Err(self.problem(span, message, &remedy))
                }
            },
        }
    }

    fn charge(&mut self, size: usize) -> Step<()> {
        self.steps += 1;
        self.size += size;
        if self.steps > MAX_STEPS || self.size > MAX_SIZE {
            return Err(self.limit("evaluating the tags takes too much work"));
        }
        Ok(())
    }

    fn limit(&self, message: &str) -> Stop {
        let problem = Problem::error(ProblemKind::Limit, self.site, message)
            .at(self.path.clone())
            .remedy("look for context values or enumerations that multiply each other");
        Stop::Problem(Box::new(problem))
    }

    fn problem(&self, span: Span, message: impl Into<String>, remedy: &str) -> Stop {
        let span = if span.is_known() { span } else { self.site };
        Stop::Problem(Box::new(evaluation_problem(span, &self.path, message).remedy(remedy)))
    }
}

fn join(mode: Mode, mut truths: impl Iterator<Item = bool>) -> bool {
    match mode {
        Mode::And => truths.all(|truth| truth),
        Mode::Nand => !truths.all(|truth| truth),
        Mode::Or => truths.any(|truth| truth),
        Mode::Nor => !truths.any(|truth| truth),
        Mode::Xor => truths.fold(false, |all, truth| all ^ truth),
        Mode::Xnor => !truths.fold(false, |all, truth| all ^ truth),
    }
}

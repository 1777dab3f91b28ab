//! Conditions on rows, in the terms of the schema.

use std::borrow::Cow;

use object::Value;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// Equal without regard to case.
    IEq,
    Contains,
    IContains,
    StartsWith,
    IStartsWith,
    EndsWith,
    IEndsWith,
}

impl Op {
    /// What Django's word for it names.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "exact" => Self::Eq,
            "iexact" => Self::IEq,
            "contains" => Self::Contains,
            "icontains" => Self::IContains,
            "startswith" => Self::StartsWith,
            "istartswith" => Self::IStartsWith,
            "endswith" => Self::EndsWith,
            "iendswith" => Self::IEndsWith,
            "lt" => Self::Lt,
            "lte" => Self::Le,
            "gt" => Self::Gt,
            "gte" => Self::Ge,
            _ => return None,
        })
    }
}

/// A condition. Paths are field names joined by `__`, through references and many-to-many fields (`groups__name`) and
/// into JSON (`attributes__nickname`).
#[derive(Debug, Clone)]
pub enum Filter {
    True,
    False,
    Compare { path: Cow<'static, str>, op: Op, value: Value },
    In { path: Cow<'static, str>, values: Vec<Value> },
    IsNull { path: Cow<'static, str>, null: bool },
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
}

impl Filter {
    pub fn eq(path: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        Self::compare(path, Op::Eq, value)
    }
    pub fn compare(path: impl Into<Cow<'static, str>>, op: Op, value: impl Into<Value>) -> Self {
        let (path, value) = (path.into(), value.into());
        if value.is_null() && matches!(op, Op::Eq | Op::Ne) {
            return Self::IsNull { path, null: op == Op::Eq };
        }
        Self::Compare { path, op, value }
    }
    pub fn any_of<V: Into<Value>>(path: impl Into<Cow<'static, str>>, values: impl IntoIterator<Item = V>) -> Self {
        Self::In { path: path.into(), values: values.into_iter().map(Into::into).collect() }
    }
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::True => other,
            Self::And(mut all) => {
                all.push(other);
                Self::And(all)
            }
            one => Self::And(vec![one, other]),
        }
    }
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::False => other,
            Self::Or(mut all) => {
                all.push(other);
                Self::Or(all)
            }
            one => Self::Or(vec![one, other]),
        }
    }
    #[must_use]
    pub fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// A condition in Django's spelling: `name`, `name__icontains`, `groups__name__in`, `attributes__a__b`.
    pub fn lookup(spelling: &str, value: Value) -> Self {
        let (path, last) = spelling.rsplit_once("__").unwrap_or((spelling, ""));
        if last == "in" {
            let values = match value {
                Value::Json(serde_json::Value::Array(items)) => items.into_iter().map(scalar).collect(),
                Value::Keys(keys) => keys.into_iter().map(Value::from).collect(),
                one => vec![one],
            };
            return Self::In { path: path.to_owned().into(), values };
        }
        if last == "isnull" {
            return Self::IsNull { path: path.to_owned().into(), null: value.as_bool().unwrap_or(true) };
        }
        let op = match last {
            "ne" => Some(Op::Ne),
            "date" => Some(Op::Eq),
            word => Op::of_word(word),
        };
        if let Some(op) = op {
            return Self::compare(path.to_owned(), op, value);
        }
        Self::compare(spelling.to_owned(), Op::Eq, value)
    }
}

/// A JSON scalar as a value to compare with.
pub fn scalar(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Bool(b),
        serde_json::Value::Number(n) => {
            n.as_i64().map_or_else(|| Value::Float(n.as_f64().unwrap_or_default()), Value::Int)
        }
        serde_json::Value::String(s) => Value::Text(s),
        other => Value::Json(other),
    }
}

//! The boundary to the host: objects, functions, imports, clock and randomness.
//!
//! Separate because this is all a caller implements. A host answers at once or asks for a load; the
//! evaluation then stops, the caller loads and keeps the result where the object finds it, and the
//! same instruction runs again. So a host call must be repeatable until it has answered.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::flow::{Flow, R};
use crate::native::{Args, Sig};
use crate::value::{Exc, ExcType, Value};

/// The answer of a host.
pub enum HostResult {
    Ready(Value),
    /// The caller must load something first; the content is between it and the object.
    Load(Box<dyn Any + Send>),
    Raise(Arc<Exc>),
}

impl HostResult {
    pub fn load(request: impl Any + Send) -> Self {
        Self::Load(Box::new(request))
    }
    pub fn raise(ty: &ExcType, message: impl AsRef<str>) -> Self {
        Self::Raise(Arc::new(Exc::new(ty.clone(), vec![Value::str(message)])))
    }
    pub fn type_error(message: impl AsRef<str>) -> Self {
        Self::raise(&ExcType::builtin("TypeError"), message)
    }
    pub fn value_error(message: impl AsRef<str>) -> Self {
        Self::raise(&ExcType::builtin("ValueError"), message)
    }
    pub fn no_attribute(type_name: &str, name: &str) -> Self {
        Self::raise(&ExcType::builtin("AttributeError"), format!("'{type_name}' object has no attribute '{name}'"))
    }
    pub(crate) fn into_result(self) -> R<Value> {
        match self {
            Self::Ready(value) => Ok(value),
            Self::Load(request) => Err(Flow::Load(request)),
            Self::Raise(exc) => Err(Flow::Raise(exc)),
        }
    }
}

impl<T: Into<Value>> From<T> for HostResult {
    fn from(value: T) -> Self {
        Self::Ready(value.into())
    }
}

/// An object of the host, such as a user or a query set.
#[expect(clippy::len_without_is_empty, reason = "`len` is Python's, and may have to load")]
pub trait HostObject: Any + Send + Sync + fmt::Debug {
    fn as_any(&self) -> &dyn Any;
    fn type_name(&self) -> &str;
    fn attr(&self, name: &str) -> HostResult {
        HostResult::no_attribute(self.type_name(), name)
    }
    fn set_attr(&self, name: &str, _value: &Value) -> HostResult {
        HostResult::no_attribute(self.type_name(), name)
    }
    fn del_attr(&self, name: &str) -> HostResult {
        HostResult::no_attribute(self.type_name(), name)
    }
    /// Whether `name` is a method; methods are called with [`HostObject::call_method`].
    fn has_method(&self, _name: &str) -> bool {
        false
    }
    fn call_method(&self, name: &str, _args: &HostArgs<'_>) -> HostResult {
        HostResult::no_attribute(self.type_name(), name)
    }
    /// Calling the object itself.
    fn call(&self, _args: &HostArgs<'_>) -> HostResult {
        HostResult::type_error(format!("'{}' object is not callable", self.type_name()))
    }
    /// The elements, as a list or tuple; `None` when it cannot be iterated.
    fn iterate(&self) -> Option<HostResult> {
        None
    }
    /// The length, as an int; `None` when it has none.
    fn len(&self) -> Option<HostResult> {
        None
    }
    /// Membership; `None` to go through the elements.
    fn contains(&self, _item: &Value) -> Option<HostResult> {
        None
    }
    /// Truth; `None` for the length, or true without one.
    fn truth(&self) -> Option<HostResult> {
        None
    }
    fn get_item(&self, _key: &Value) -> HostResult {
        HostResult::type_error(format!("'{}' object is not subscriptable", self.type_name()))
    }
    fn set_item(&self, _key: &Value, _value: &Value) -> HostResult {
        let name = self.type_name();
        HostResult::type_error(format!("'{name}' object does not support item assignment"))
    }
    fn del_item(&self, _key: &Value) -> HostResult {
        let name = self.type_name();
        HostResult::type_error(format!("'{name}' object doesn't support item deletion"))
    }
    /// `str()`; the same as `repr()` unless told.
    fn to_str(&self) -> HostResult {
        self.to_repr()
    }
    fn to_repr(&self) -> HostResult {
        HostResult::Ready(Value::from(format!("<{} object>", self.type_name())))
    }
    /// Whether this equals something other than itself.
    fn equals(&self, _other: &Value) -> bool {
        false
    }
    /// What equal objects share; `None` when it cannot be a key.
    fn hash_key(&self) -> Option<u64> {
        Some(std::ptr::from_ref(self).cast::<()>() as usize as u64)
    }
    /// What JSON shows for it; `None` when it cannot be shown.
    fn to_json(&self) -> Option<serde_json::Value> {
        None
    }
    /// Whether it is an instance of a type the host named in a global.
    fn is_instance(&self, type_name: &str) -> bool {
        self.type_name() == type_name
    }
}

/// The arguments of a host call.
pub struct HostArgs<'a> {
    pub positional: &'a [Value],
    pub keyword: &'a [(Arc<str>, Value)],
}

impl<'a> HostArgs<'a> {
    /// Checks the arguments against a signature, with CPython's messages.
    pub fn bind(&self, sig: &'a Sig) -> Result<Args<'a>, HostResult> {
        Args::bind(sig, self.positional, self.keyword).map_err(|flow| match flow {
            Flow::Raise(exc) => HostResult::Raise(exc),
            Flow::Load(request) => HostResult::Load(request),
            Flow::Limit(_) => HostResult::type_error("too many arguments"),
        })
    }
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.keyword.iter().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }
}

type HostFnBody = dyn Fn(&HostArgs<'_>) -> HostResult + Send + Sync;

/// A function of the host.
pub struct HostFn {
    pub name: String,
    pub module: Option<String>,
    body: Box<HostFnBody>,
}

impl HostFn {
    pub fn new(name: impl Into<String>, body: impl Fn(&HostArgs<'_>) -> HostResult + Send + Sync + 'static) -> Self {
        Self { name: name.into(), module: None, body: Box::new(body) }
    }
    /// A function whose arguments were checked against `signature`, e.g. `"f(user, name=, **kw)"`.
    pub fn with_signature(
        signature: &'static str,
        body: impl Fn(&Args<'_>) -> HostResult + Send + Sync + 'static,
    ) -> Self {
        let sig = Sig::parse(signature);
        Self::new(sig.name, move |args| match args.bind(&sig) {
            Ok(bound) => body(&bound),
            Err(refused) => refused,
        })
    }
    #[must_use]
    pub fn in_module(mut self, module: impl Into<String>) -> Self {
        self.module = Some(module.into());
        self
    }
    /// Another name than the one in its signature.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
    pub fn call(&self, args: &HostArgs<'_>) -> HostResult {
        (self.body)(args)
    }
}

impl From<HostFn> for Value {
    fn from(function: HostFn) -> Self {
        Self::HostFn(Arc::new(function))
    }
}

/// Answers imports that are not the engine's own.
pub trait Importer: Send + Sync {
    /// `import module` when `name` is `None`, else `from module import name`.
    fn import(&self, module: &str, name: Option<&str>) -> Option<Value>;
}

/// Clock and randomness.
pub trait Environment: Send + Sync {
    /// Microseconds since 1970 in UTC.
    fn now_micros(&self) -> i64;
    fn fill_random(&self, bytes: &mut [u8]);
}

/// An environment in which it is always 1970 and random bytes are zero: for checks and tests.
#[derive(Debug, Default, Clone, Copy)]
pub struct Frozen;

impl Environment for Frozen {
    fn now_micros(&self) -> i64 {
        0
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// The names every evaluation finds besides its arguments. Built once and shared.
#[derive(Clone)]
pub struct Globals(Arc<GlobalsData>);

struct GlobalsData {
    names: HashMap<String, Value>,
    importer: Option<Arc<dyn Importer>>,
    environment: Arc<dyn Environment>,
}

impl Globals {
    pub fn new(
        names: impl IntoIterator<Item = (String, Value)>,
        importer: Option<Arc<dyn Importer>>,
        environment: Arc<dyn Environment>,
    ) -> Self {
        let names = names.into_iter().collect();
        Self(Arc::new(GlobalsData { names, importer, environment }))
    }
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.names.get(name)
    }
    pub(crate) fn import(&self, module: &str, name: Option<&str>) -> Option<Value> {
        self.0.importer.as_ref()?.import(module, name)
    }
    pub(crate) fn environment(&self) -> &dyn Environment {
        &*self.0.environment
    }
}

impl Default for Globals {
    fn default() -> Self {
        Self::new([], None, Arc::new(Frozen))
    }
}

//! Host objects: lazy loads in every place an expression can meet one, limits, errors and logs.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use expr::{
    EvalError, Globals, HostArgs, HostFn, HostObject, HostResult, Importer, Limit, Limits, Outcome, Program, Run, Value,
};

/// An object whose attributes, and whose elements, have to be loaded first.
#[derive(Debug, Default)]
struct Lazy {
    name: String,
    loaded: OnceLock<()>,
    items: Vec<Arc<Lazy>>,
}

impl Lazy {
    fn new(name: &str, items: Vec<Arc<Lazy>>) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), loaded: OnceLock::new(), items })
    }
    fn when_loaded(&self, answer: impl FnOnce(&Self) -> HostResult) -> HostResult {
        match self.loaded.get() {
            Some(()) => answer(self),
            None => HostResult::load(self.name.clone()),
        }
    }
}

#[derive(Debug)]
struct Handle(Arc<Lazy>);

impl HostObject for Handle {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &'static str {
        "Lazy"
    }
    fn attr(&self, name: &str) -> HostResult {
        match name {
            "name" => self.0.when_loaded(|own| HostResult::from(own.name.as_str())),
            "items" => HostResult::Ready(Value::host(Handle(self.0.clone()))),
            other => HostResult::no_attribute("Lazy", other),
        }
    }
    fn has_method(&self, name: &str) -> bool {
        name == "all"
    }
    fn call_method(&self, _: &str, _: &HostArgs<'_>) -> HostResult {
        HostResult::Ready(Value::host(Handle(self.0.clone())))
    }
    fn iterate(&self) -> Option<HostResult> {
        Some(self.0.when_loaded(|own| {
            HostResult::Ready(Value::list(own.items.iter().map(|item| Value::host(Handle(item.clone()))).collect()))
        }))
    }
    fn len(&self) -> Option<HostResult> {
        Some(self.0.when_loaded(|own| HostResult::Ready(Value::Int(own.items.len() as i64))))
    }
    fn to_str(&self) -> HostResult {
        self.0.when_loaded(|own| HostResult::from(format!("<{}>", own.name)))
    }
    fn to_repr(&self) -> HostResult {
        self.to_str()
    }
}

fn tree() -> Arc<Lazy> {
    let items = ["a", "b", "c"].iter().map(|name| Lazy::new(name, Vec::new())).collect();
    Lazy::new("root", items)
}

/// Evaluates with `x` as the tree, loading whatever is asked for; gives the result and the loads.
fn evaluate(source: &str) -> (Result<Value, EvalError>, usize) {
    let root = tree();
    let program = Program::compile(source, &["x"]).unwrap_or_else(|error| panic!("{source}: {error}"));
    let args = vec![Value::host(Handle(root.clone()))];
    let mut run = Run::new(&program, &Globals::default(), args, Limits::default());
    let mut loads = 0;
    loop {
        match run.step() {
            Outcome::Done(value) => return (Ok(value), loads),
            Outcome::Failed(error) => return (Err(error), loads),
            Outcome::Load(request) => {
                loads += 1;
                assert!(loads < 100, "loads for ever: {source}");
                let name = request.downcast_ref::<String>().expect("a name");
                let all = std::iter::once(&root).chain(&root.items);
                for lazy in all.filter(|lazy| lazy.name == *name) {
                    lazy.loaded.set(()).expect("loaded once");
                }
            }
        }
    }
}

#[test]
fn continues_after_a_load_anywhere() {
    for (source, expected) in [
        ("return x.name", "'root'"),
        ("return [i.name for i in x.all()]", "['a', 'b', 'c']"),
        ("return list(i.name for i in x)", "['a', 'b', 'c']"),
        ("return ','.join(i.name for i in x)", "'a,b,c'"),
        ("return sorted(x, key=lambda i: i.name, reverse=True)[0].name", "'c'"),
        ("return any(i.name == 'b' for i in x), all(i.name < 'z' for i in x)", "(True, True)"),
        ("return list(map(lambda i: i.name.upper(), x))", "['A', 'B', 'C']"),
        ("return [i.name for i in filter(lambda i: i.name != 'b', x)]", "['a', 'c']"),
        ("return list(zip((i.name for i in x), iter([1, 2, 3])))", "[('a', 1), ('b', 2), ('c', 3)]"),
        ("return list(zip(iter([1, 2, 3]), (i.name for i in x)))", "[(1, 'a'), (2, 'b'), (3, 'c')]"),
        ("return max(x, key=lambda i: i.name).name", "'c'"),
        ("return sum(len(i.name) for i in x)", "3"),
        ("return {i.name: 1 for i in x}", "{'a': 1, 'b': 1, 'c': 1}"),
        ("return len(x), bool(x)", "(3, True)"),
        ("return 'yes' if x else 'no'", "'yes'"),
        ("return f'{x} {x.name!r:>7}'", r#""<root>  'root'""#),
        ("return '%s' % x", "'<root>'"),
        ("return '{} {0.name}'.replace('{}', '{0}').format(x)", "'<root> root'"),
        ("a, *b = x\nreturn a.name, len(b)", "('a', 2)"),
        ("return [*x][1].name", "'b'"),
        ("for i in x:\n    yield i.name", "['a', 'b', 'c']"),
        (
            "def g():\n    yield from (i.name for i in x)\nreturn list(g()) + list(g())",
            "['a', 'b', 'c', 'a', 'b', 'c']",
        ),
        ("def f(i):\n    return i.name\nreturn [f(i) for i in x]", "['a', 'b', 'c']"),
        (
            "n = 0\ndef f(i):\n    nonlocal n\n    n += 1\n    return i.name\nr = sorted(x, key=f)\nreturn n, len(r)",
            "(3, 3)",
        ),
        (
            "from itertools import chain, islice\nreturn [i.name for i in islice(chain(x, x), 1, 5)]",
            "['b', 'c', 'a', 'b']",
        ),
        ("from functools import reduce\nreturn reduce(lambda a, i: a + i.name, x, '')", "'abc'"),
        ("import re\nreturn re.sub('o', lambda m: [i.name for i in x][0], 'foo')", "'faa'"),
        (
            "import json\nreturn json.dumps([1, {2}], default=lambda o: [i.name for i in x])",
            "'[1, [\"a\", \"b\", \"c\"]]'",
        ),
        (
            "from collections import defaultdict\nd = defaultdict(lambda: x.name)\nreturn d['k'], dict(d)",
            "('root', {'k': 'root'})",
        ),
        (
            "try:\n    x.nope\nexcept AttributeError as e:\n    return str(e), x.name",
            "(\"'Lazy' object has no attribute 'nope'\", 'root')",
        ),
        ("return getattr(x, 'nope', x.name), hasattr(x, 'name')", "('root', True)"),
        (
            "return sorted(sorted((i.name for i in x), key=lambda n: n), key=lambda n: sum(1 for i in x if i.name > n))",
            "['c', 'b', 'a']",
        ),
        ("it = (i.name for i in x)\nreturn next(it), next(it), list(it)", "('a', 'b', ['c'])"),
        ("return next(i for i in x if i.name == 'b').name", "'b'"),
        ("return (lambda *a: len(a))(*x), x.items.name", "(3, 'root')"),
    ] {
        let (result, loads) = evaluate(source);
        let value = result.unwrap_or_else(|error| panic!("{source}: {}", error.traceback));
        assert_eq!(format!("{value:?}"), expected, "{source}");
        assert!((1..=4).contains(&loads), "{source}: {loads} loads");
    }
}

#[test]
fn a_run_can_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Run>();
    is_send::<Program>();
    is_send::<Globals>();
}

fn failure(source: &str) -> EvalError {
    let program = Program::compile(source, &[]).unwrap_or_else(|error| panic!("{source}: {error}"));
    let mut run = Run::new(&program, &Globals::default(), Vec::new(), Limits::default());
    match run.finish() {
        Err(error) => error,
        Ok(value) => panic!("{source} gives {value:?}"),
    }
}

#[test]
fn budgets_end_what_would_not() {
    for (source, limit) in [
        ("while True: pass", Limit::Steps),
        ("try:\n    while True: pass\nexcept BaseException:\n    return 1", Limit::Steps),
        ("x = 'a' * 10**10", Limit::Memory),
        ("x = [0] * 10**9", Limit::Memory),
        ("x = 10 ** 10 ** 8", Limit::Memory),
        ("x = 1 << 10 ** 9", Limit::Memory),
        ("x = f'{1:>1000000000}'", Limit::Memory),
        ("x = '%1000000000d' % 1", Limit::Memory),
        ("x = 'a'.ljust(10 ** 10)", Limit::Memory),
        ("x = ('a' * 10**6).join(['b'] * 10**5)", Limit::Memory),
        ("x = 'a' * 1000\nwhile True: x += x", Limit::Memory),
        ("x = list(range(10 ** 9))", Limit::Memory),
        ("from itertools import count\nsum(count())", Limit::Memory),
        ("for i in iter(int, 1): pass", Limit::Steps),
        ("import itertools\nx = list(itertools.product(range(100), repeat=5))", Limit::Memory),
        ("x = []\nwhile True: x = [x, x]", Limit::Steps),
        ("x = ('a' * 10**6).replace('a', 'b' * 10**6)", Limit::Memory),
    ] {
        let error = failure(source);
        assert!(
            error.limit == Some(limit) || matches!(error.limit, Some(Limit::Memory | Limit::Steps)),
            "{source}: {error}"
        );
    }
    let error =
        failure("import re\nreturn re.match('(a+)+$', 'a' * 40 + 'b') is None and re.match(r'(a|a)*\\1b', 'a' * 60)");
    assert_eq!(error.exception, "RuntimeError", "{error}");
}

#[test]
fn depth_is_bounded() {
    for source in [
        "def f(): return f()\nreturn f()",
        "def f(x): return sum(f(y) for y in [x])\nreturn f(1)",
        "a = []\nfor i in range(100000): a = [a]\nreturn repr(a)",
        "a = []\nb = []\nfor i in range(1000):\n    a = [a]\n    b = [b]\nreturn a == b",
        "a = ()\nfor i in range(1000): a = (a,)\nreturn {a: 1}",
        "import json\na = []\nfor i in range(1000): a = [a]\nreturn json.dumps(a)",
        "import json\nreturn json.loads('[' * 5000)",
        "f = lambda: 1\nfor i in range(1000): f = (lambda g: lambda: sorted([1], key=lambda x: g()))(f)\nreturn f()",
        "def f(n): return max([n], key=lambda x: f(x))\nreturn f(1)",
    ] {
        assert_eq!(failure(source).exception, "RecursionError", "{source}");
    }
}

#[test]
fn deep_values_are_dropped_without_recursion() {
    for source in [
        "a = []\nfor i in range(200000): a = [a]",
        "a = ()\nfor i in range(200000): a = (a,)",
        "a = {}\nfor i in range(100000): a = {'a': a}",
        "f = None\nfor i in range(50000): f = (lambda g: lambda: g)(f)",
        "def g(x):\n    yield x\na = None\nfor i in range(50000): a = g(a)",
        "a = []\nfor i in range(50000): a = map(len, zip(a))",
        "e = None\nfor i in range(50000): e = ValueError(e)",
    ] {
        let program = Program::compile(source, &[]).expect("compiles");
        let run = Run::new(&program, &Globals::default(), Vec::new(), Limits::default()).finish();
        assert!(run.is_ok(), "{source}: {run:?}");
    }
}

#[test]
fn nothing_leads_out() {
    for source in [
        "return ().__class__.__bases__",
        "return ''.__class__.__mro__",
        "return (lambda: 0).__globals__",
        "return (lambda: 0).__code__",
        "return '{0.__class__.__mro__}'.format(1)",
        "return open('/etc/passwd')",
        "import os",
        "import subprocess",
        "return __import__('sys')",
        "return eval('1')",
        "return [].__reduce__()",
        "return getattr(str, '__subclasses__')",
        "return type('X', (), {})",
    ] {
        failure(source);
    }
}

#[test]
fn refuses_what_it_does_not_have() {
    for (source, line) in [
        ("x = 1\nclass A: pass", 2),
        ("with x: pass", 1),
        ("x = 1\nmatch x:\n    case 1: pass", 2),
        ("async def f(): pass", 1),
        ("return 1j", 1),
        ("return x\n\treturn y", 2),
        ("return (", 1),
    ] {
        let error = Program::compile(source, &[]).expect_err(source);
        assert_eq!(error.line, line, "{source}: {error}");
    }
    let error = Program::compile("return  'tab'\n\treturn 'x'", &[]).expect_err("indent");
    assert_eq!(error.upstream_message("name"), "unexpected indent (name, line 3)");
    for source in ["(".repeat(30_000), "-".repeat(60_000) + "1", "1+".repeat(30_000) + "1", "a.b".repeat(20_000)] {
        assert!(Program::compile(&format!("return {source}"), &[]).is_err());
    }
}

#[test]
fn failures_read_like_upstream() {
    let error = failure("return 1/0");
    assert_eq!(
        error.upstream_traceback("name"),
        "  File \"name\", line 3, in <module>\n  File \"name\", line 2, in handler\nbuiltins.ZeroDivisionError: division by zero"
    );
    let error = failure("def f():\n    return {}['x']\nreturn f()");
    assert_eq!((error.line, error.message.as_str()), (2, "'x'"));
    assert_eq!(
        error.traceback,
        "Traceback (most recent call last):\n  File \"<expression>\", line 3, in handler\n    return f()\n  File \"<expression>\", line 2, in f\n    return {}['x']\nKeyError: 'x'"
    );
}

struct Models;

impl Importer for Models {
    fn import(&self, module: &str, name: Option<&str>) -> Option<Value> {
        (module == "authentik.core.models" && name == Some("User")).then(|| Value::str("the user model"))
    }
}

#[test]
fn globals_functions_imports_and_logs_come_from_the_host() {
    let double = HostFn::with_signature("double(number, *, times=)", |args| {
        let times = args.get(1).and_then(Value::as_i64).unwrap_or(1);
        HostResult::Ready(Value::Int(args.at(0).as_i64().unwrap_or(0) * 2 * times))
    });
    let globals = Globals::new(
        [("double".to_owned(), Value::from(double)), ("answer".to_owned(), Value::Int(42))],
        Some(Arc::new(Models)),
        Arc::new(expr::Frozen),
    );
    let evaluate = |source: &str| {
        let program = Program::compile(source, &["user"]).expect("compiles");
        let mut run = Run::new(&program, &globals, vec![Value::str("joe")], Limits::default());
        let result = run.finish().map(|value| format!("{value:?}")).map_err(|error| error.message);
        (result, run.take_logs())
    };
    assert_eq!(evaluate("return double(answer), double(1, times=3)").0, Ok("(84, 6)".to_owned()));
    assert_eq!(evaluate("return list(map(double, [1, 2]))").0, Ok("[2, 4]".to_owned()));
    assert_eq!(evaluate("user = user + '!'\nreturn user").0, Ok("'joe!'".to_owned()));
    assert_eq!(evaluate("print('a', 1)\nprint(user)").1, ["a 1", "joe"]);
    assert_eq!(evaluate("from authentik.core.models import User\nreturn User").0, Ok("'the user model'".to_owned()));
    assert_eq!(
        evaluate("from authentik.core.models import Token").0,
        Err("No module named 'authentik.core.models'".to_owned())
    );
    assert_eq!(
        evaluate("return double(1, nope=2)").0,
        Err("'nope' is an invalid keyword argument for double()".to_owned())
    );
}

#[test]
fn time_can_run_out() {
    let program = Program::compile("while True: pass", &[]).expect("compiles");
    let limits = Limits { expired: Some(Box::new(|| true)), ..Limits::default() };
    let error = Run::new(&program, &Globals::default(), Vec::new(), limits).finish().expect_err("ends");
    assert_eq!(error.limit, Some(Limit::Time));
}

#[test]
fn json_goes_both_ways() {
    let json = serde_json::json!({"a": [1, 2.5, null, true, "x"], "b": {"c": 18_446_744_073_709_551_615_u64}});
    assert_eq!(Value::from(&json).to_json().expect("JSON"), json);
    let error = Value::from(uuid::Uuid::nil()).to_json().expect_err("no JSON");
    assert_eq!(error.0, "Object of type UUID is not JSON serializable");
    let lenient = Value::from(uuid::Uuid::nil()).to_json_lenient().expect("text");
    assert_eq!(lenient, "00000000-0000-0000-0000-000000000000");
}

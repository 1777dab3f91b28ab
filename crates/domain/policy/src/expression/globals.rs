//! The names that every expression finds besides its variables.

use std::sync::{Arc, LazyLock};

use expr::{Environment, ExcType, Globals, Limits, Program, Run, Type, Value};
use feature::App;

use super::classes::Classes;
use super::{functions, logger, network};

pub const SKIP_OBJECT: &str = "SkipObjectException";

/// Functions that are easiest said in the language itself. Each imports what it needs: variables of the evaluation that
/// made it are gone when it is called.
const PRELUDE: &str = r"
from ipaddress import ip_address, ip_network
def regex_match(value, regex):
    import re
    return re.search(regex, value) is not None
def regex_replace(value, regex, repl):
    import re
    return re.sub(regex, repl, value)
def now():
    from datetime import datetime, timezone
    return datetime.now(timezone.utc)
def timedelta_from_string(expr):
    from datetime import timedelta
    parts = [pair.split('=', 1) for pair in expr.split(';') if pair.strip()]
    return timedelta(**{name.strip().lower(): float(number) for name, number in parts})
return {
    'ip_address': ip_address,
    'ip_network': ip_network,
    'regex_match': regex_match,
    'regex_replace': regex_replace,
    'now': now,
    'timedelta_from_string': timedelta_from_string,
}
";

static FROM_PRELUDE: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let done = Program::compile(PRELUDE, &[]).map_err(|e| e.to_string()).and_then(|program| {
        let mut run = Run::new(&program, &Globals::default(), Vec::new(), Limits::default());
        run.finish().map_err(|e| e.to_string())
    });
    match done {
        Ok(Value::Dict(dict)) => {
            dict.get().iter().filter_map(|(k, v)| Some((k.value().as_str()?.to_owned(), v.clone()))).collect()
        }
        Ok(_) => Vec::new(),
        Err(error) => {
            tracing::error!("The functions of expressions are incomplete: {error}");
            Vec::new()
        }
    }
});

/// A function of the prelude.
pub fn from_prelude(name: &str) -> Option<Value> {
    FROM_PRELUDE.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
}

/// The exception by which a mapping leaves its object out.
pub fn skip_object() -> Value {
    static TYPE: LazyLock<ExcType> = LazyLock::new(|| {
        ExcType::define("authentik.lib.expression.exceptions", SKIP_OBJECT, &ExcType::builtin("Exception"))
    });
    Value::Type(Type::Exc(TYPE.clone()))
}

struct Shared(Globals);

/// The names for this program, built once.
pub fn globals(app: &App) -> Globals {
    if let Some(shared) = app.service::<Shared>() {
        return shared.0.clone();
    }
    let globals = build(app);
    app.provide(Shared(globals.clone()));
    globals
}

fn build(app: &App) -> Globals {
    let mut names: Vec<(String, Value)> = functions::all();
    for name in ["ip_address", "ip_network", "regex_match", "regex_replace"] {
        names.extend(from_prelude(name).map(|function| (name.to_owned(), function)));
    }
    names.push(("ak_logger".to_owned(), logger::value()));
    names.push(("requests".to_owned(), network::requests()));
    names.push(("SkipObject".to_owned(), skip_object()));
    let machine = Machine { clock: app.clock().clone(), random: app.random().clone() };
    Globals::new(names, Some(Arc::new(Classes::new(app.registry().catalogue))), Arc::new(machine))
}

/// Time and randomness of expressions.
struct Machine {
    clock: clock::Clock,
    random: clock::Random,
}

impl Environment for Machine {
    fn now_micros(&self) -> i64 {
        self.clock.now().as_microsecond()
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }
}

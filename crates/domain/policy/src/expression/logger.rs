//! `ak_logger`: what expressions log, into the program's log and to whoever tries them.

use std::any::Any;
use std::sync::Arc;

use expr::{HostArgs, HostObject, HostResult, Value};
use serde_json::{Map, Value as Json};

use super::environment::{Env, env};
use super::scope::LogLine;
use super::show;

/// The logger without bound values.
pub fn value() -> Value {
    Value::host(Logger { bound: Map::new() })
}

#[derive(Debug)]
struct Logger {
    bound: Map<String, Json>,
}

fn level(method: &str) -> Option<&'static str> {
    Some(match method {
        "debug" => "debug",
        "info" | "msg" | "log" => "info",
        "warning" | "warn" => "warning",
        "error" | "err" | "exception" => "error",
        "critical" | "fatal" => "critical",
        _ => return None,
    })
}

impl HostObject for Logger {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &'static str {
        "BoundLogger"
    }
    fn has_method(&self, name: &str) -> bool {
        level(name).is_some() || matches!(name, "bind" | "new" | "unbind")
    }
    fn call_method(&self, name: &str, args: &HostArgs<'_>) -> HostResult {
        let mut attributes = if name == "new" { Map::new() } else { self.bound.clone() };
        if name == "unbind" {
            for key in args.positional {
                attributes.shift_remove(&show::text(key));
            }
        }
        attributes.extend(args.keyword.iter().map(|(k, v)| (k.to_string(), show::show(v))));
        let Some(level) = level(name) else { return HostResult::Ready(Value::host(Self { bound: attributes })) };
        let event = args.positional.first().map(show::text).or_else(|| args.get("event").map(show::text));
        attributes.shift_remove("event");
        env(|env| {
            log(&env, level, &env.scope.name, event.unwrap_or_default(), attributes);
            HostResult::Ready(Value::None)
        })
    }
}

/// Logs a line on behalf of an expression.
pub fn log(env: &Arc<Env>, level: &'static str, logger: &str, event: String, attributes: Map<String, Json>) {
    let shown = Json::Object(attributes.clone());
    match level {
        "debug" => tracing::debug!(expression = logger, attributes = %shown, "{event}"),
        "info" => tracing::info!(expression = logger, attributes = %shown, "{event}"),
        "warning" => tracing::warn!(expression = logger, attributes = %shown, "{event}"),
        _ => tracing::error!(expression = logger, attributes = %shown, "{event}"),
    }
    // Those who try an expression see what a production log would: no debugging lines.
    if level != "debug" {
        let at = env.app.clock().now();
        env.scope.logs.push(LogLine { at, level, logger: logger.to_owned(), event, attributes });
    }
}

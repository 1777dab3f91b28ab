//! Trying a mapping: what the API shows to whoever writes one.

use feature::App;

use super::call::evaluate;
use super::scope::Scope;
use super::show::show_text;

/// Evaluates a mapping and gives its result as text: JSON, or the traceback; and whether it succeeded.
pub async fn try_mapping(app: &App, source: &str, scope: Scope, indented: bool) -> (String, bool) {
    match evaluate(app, source, scope.trial()).await {
        Ok(value) => (show_text(&value, indented), true),
        Err(failure) => (failure.upstream, false),
    }
}

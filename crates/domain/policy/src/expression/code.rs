//! The check of expressions when they are saved.

use feature::{BoxFuture, Change, Problem};
use object::{FieldErrors, Kind};

use super::program::compile_error;

/// A check hook for kinds with fields of the kind [`Kind::Code`]: what does not compile is refused.
pub fn check_code<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let mut errors = FieldErrors::default();
        let record = &change.record;
        for field in record.model.fields.iter().filter(|f| matches!(f.kind, Kind::Code)) {
            if !change.differs(field.name) {
                continue;
            }
            let Some(source) = record.get(field.name).as_str().filter(|s| !s.is_empty()) else { continue };
            // COMPAT: what upstream calls an object that is not saved yet.
            let unsaved = if record.model.is_a("authentik_policies.policy") { "temp-policy" } else { "None" };
            let name = change.before.map_or(unsaved, |b| b.text("name"));
            if let Some(message) = compile_error(source, name) {
                errors.add(field.wire, message);
            }
        }
        errors.into_result().map_err(Problem::from)
    })
}

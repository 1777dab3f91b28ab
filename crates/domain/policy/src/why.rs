//! Why somebody was not let in, in words for the administrator's log.
//!
//! The person who is refused learns none of it: names of groups and policies are for those who may see them.

use object::Key;
use store::Snapshot;

use crate::binding::PolicyBinding;
use crate::request::PolicyResult;
use crate::subject::GROUP;

/// Which bindings kept a request out: `group "admins" (order 0)`.
pub fn why(snapshot: &Snapshot, result: &PolicyResult) -> String {
    let refusing = result.sources.iter().filter(|source| !source.passing);
    let told: Vec<String> = refusing.filter_map(|source| of_binding(snapshot, source)).collect();
    if told.is_empty() { "nothing that is bound to it lets them pass".to_owned() } else { told.join("; ") }
}

fn of_binding(snapshot: &Snapshot, source: &PolicyResult) -> Option<String> {
    let binding = snapshot.get::<PolicyBinding>(source.binding?)?;
    let name = |row: Option<&store::Row>| row.map(|row| row.text("name").to_owned()).unwrap_or_default();
    let (who, said) = if let Some(policy) = binding.policy {
        let policy = name(snapshot.concrete("authentik_policies.policy", policy.key()));
        (format!("policy {policy:?}"), "did not pass")
    } else if let Some(group) = binding.group {
        (format!("group {:?}", name(snapshot.row(GROUP, Key::Uuid(group)))), "has them not as a member")
    } else {
        (format!("user {}", binding.user?), "is somebody else")
    };
    let said = match (source.failed, binding.negate) {
        (true, _) => "could not be evaluated",
        (false, true) => "was turned round (negate)",
        (false, false) => said,
    };
    let messages = if source.messages.is_empty() { String::new() } else { format!(": {}", source.messages.join(" ")) };
    Some(format!("{who} (order {}) {said}{messages}", binding.order))
}

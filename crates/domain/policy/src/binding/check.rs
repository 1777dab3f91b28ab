//! What a binding must be.

use feature::{BoxFuture, Change, Doing, Problem};
use store::Filter;

/// A binding names one of a policy, a group and a user.
pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        unique(change).await?;
        let record = &change.record;
        let set = ["group", "policy", "user"].iter().filter(|name| !record.get(name).is_null()).count();
        match set {
            1 => Ok(()),
            0 => Err(Problem::invalid("One of 'group', 'policy', 'user' must be set.")),
            _ => Err(Problem::invalid("Only one of 'group', 'policy', 'user' can be set.")),
        }
    })
}

/// COMPAT: upstream compares bindings without a policy only when one is changed and its target is given; two group
/// bindings of one order can be made but then not changed without another order.
async fn unique(change: &Change<'_>) -> Result<(), Problem> {
    if change.doing != Doing::Update || !change.given("target") || !change.record.get("policy").is_null() {
        return Ok(());
    }
    let record = &change.record;
    let filter = Filter::IsNull { path: "policy".into(), null: true }
        .and(Filter::eq("target", record.get("target").clone()))
        .and(Filter::eq("order", record.get("order").clone()))
        .and(Filter::eq("pk", record.get("pk").clone()).negate());
    if change.store.exists(record.model, filter).await? {
        return Err(Problem::invalid("The fields policy, target, order must make a unique set."));
    }
    Ok(())
}

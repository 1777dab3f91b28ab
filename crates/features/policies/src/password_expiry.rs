//! Password expiry policies: a password that was set too long ago does not count any more.

use directory::User;
use events::{Action, Draft};
use feature::{App, Caller};
use jiff::Timestamp;
use object::{Id, Object, Record};
use policy::{Evaluation, Policy, PolicyException, PolicyRequest, PolicyResult, Subject};
use store::Filter;

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// A policy that denies those whose password is too old, and takes the password away.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_policies_expiry.passwordexpirypolicy",
    table = "authentik_policies_expiry_passwordexpirypolicy",
    path = "policies/password_expiry",
    component = "ak-policy-password-expiry-form",
    verbose = "Password Expiry Policy",
    plural = "Password Expiry Policies",
    api_name = "PasswordExpiryPolicy",
    filters = ["days", "deny_only", "execution_logging", "name", "policy_uuid=pk"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct PasswordExpiryPolicy {
    pub base: Policy,
    /// For so many days a password counts.
    #[field(required)]
    pub days: i32,
    /// Only deny. Otherwise a password that is too old is also made unusable and the user's sessions end.
    pub deny_only: bool,
}

/// Whether the user's password is young enough.
pub fn passes<'a>(app: &'a App, policy: &'a Record, request: &'a PolicyRequest) -> Evaluation<'a> {
    Box::pin(async move {
        let policy: PasswordExpiryPolicy = crate::read(policy)?;
        let user = request.user.as_deref();
        let Some((user, set_at)) = user.and_then(|u| Some((u, u.record().get("password_change_date").as_time()?)))
        else {
            return Err(PolicyException::new("Nobody is known whose password could have expired."));
        };
        let age = days_between(set_at, app.clock().now());
        if age < i64::from(policy.days) {
            return Ok(PolicyResult::pass());
        }
        if policy.deny_only {
            return Ok(PolicyResult::deny("Password has expired."));
        }
        // A trial tells what would happen and leaves the user alone.
        if !request.debug {
            take_away(app, request, user).await?;
        }
        let ago = age - i64::from(policy.days);
        Ok(PolicyResult::deny(format!("Password expired {ago} days ago. Please update your password.")))
    })
}

/// Whole days, rounded down also before the start.
fn days_between(start: Timestamp, end: Timestamp) -> i64 {
    end.duration_since(start).as_secs().div_euclid(SECONDS_PER_DAY)
}

/// Makes the password unusable, once: one that was replaced since the user was read stays.
async fn take_away(app: &App, request: &PolicyRequest, user: &Subject) -> Result<(), PolicyException> {
    let current = user.record().text("password");
    let Some(pk) = user.key().filter(|_| !secret::password::is_unusable(current)) else { return Ok(()) };
    let failed = |problem: &dyn std::fmt::Debug| {
        tracing::error!(user = pk, "An expired password could not be taken away: {problem:?}");
        PolicyException::new("The expired password could not be taken away.")
    };
    let tx = app.store().begin().await.map_err(|e| failed(&e))?;
    let (now, unusable) = (app.clock().now(), secret::password::unusable(app.random()));
    let same = Filter::eq("pk", Id::<User>(pk)).and(Filter::eq("password", current));
    let set = vec![("password", unusable.into()), ("last_updated", now.into())];
    if tx.change(User::model(), same, set).await.map_err(|e| failed(&e))? == 0 {
        return Ok(());
    }
    directory::end_all(&tx, Id(pk), None).await.map_err(|e| failed(&e.body))?;
    let caller = Caller { address: request.http.as_ref().and_then(|http| http.client_ip), ..Caller::default() };
    let subject =
        events::Subject { pk, username: user.username().to_owned(), email: user.record().text("email").to_owned() };
    let draft = Draft::new(Action::ModelUpdated, "authentik.policies.expiry").user(&subject).by(&caller);
    let draft = draft.with("model", events::reference(user.record())).with("reason", "Password has expired.");
    draft.emit(app, &tx).await.map_err(|e| failed(&e.body))?;
    tx.commit().await.map_err(|e| failed(&e))
}

#[cfg(test)]
mod tests;

//! Passwords of users: setting, comparing, replacing hashes of an old kind.

use feature::{App, Caller, Problem};
use object::{Id, Object, Value};
use secret::{PasswordError, Secret, Verdict};
use store::{Filter, Store};

use crate::session::{self, Session};
use crate::user::User;

/// The hash of a new password. Takes its time; do it outside of transactions.
///
/// # Errors
/// The password is too long.
pub async fn hash(app: &App, password: &str) -> Result<String, Problem> {
    app.hasher().hash(Secret::new(password.to_owned())).await.map_err(refusal)
}

fn refusal(error: PasswordError) -> Problem {
    match error {
        PasswordError::TooLong => {
            let text = format!("Ensure this field has no more than {} characters.", secret::password::MAX_LENGTH);
            Problem::field("password", text)
        }
        other => Problem::fault(other),
    }
}

/// Whether it is the user's password. A hash of an old kind is replaced on the way. For an unusable password and for
/// nobody (`None`) it takes as long and says no.
pub async fn verify(app: &App, user: Option<&User>, password: &str) -> Result<bool, Problem> {
    let given = Secret::new(password.to_owned());
    let Some(user) = user.filter(|u| !secret::password::is_unusable(&u.password)) else {
        app.hasher().verify_unknown(given).await;
        return Ok(false);
    };
    match app.hasher().verify(given, user.password.clone()).await {
        Ok(Verdict::Match) => Ok(true),
        Ok(Verdict::MatchOutdated) => {
            let new = hash(app, password).await?;
            // Only while it is still the same: somebody may have set another one meanwhile.
            let same = Filter::eq("pk", user.pk).and(Filter::eq("password", user.password.as_str()));
            app.store().change(User::model(), same, vec![("password", new.into())]).await?;
            Ok(true)
        }
        Ok(Verdict::Mismatch) | Err(PasswordError::TooLong) => Ok(false),
        Err(error) => {
            tracing::error!(user = user.pk.0, "A password could not be compared: {error}");
            Ok(false)
        }
    }
}

/// Keeps a new hash, ends the user's other sessions and records it. `keep` is the session of whoever does it for
/// themselves.
pub async fn keep_hash(
    app: &App,
    store: &Store,
    caller: &Caller,
    user: &User,
    hash: String,
    keep: Option<Id<Session>>,
) -> Result<(), Problem> {
    let now = app.clock().now();
    let set: Vec<(&'static str, Value)> =
        vec![("password", hash.into()), ("password_change_date", now.into()), ("last_updated", now.into())];
    store.change(User::model(), Filter::eq("pk", user.pk), set).await?;
    session::end_all(store, user.pk, keep).await?;
    events::password_set(caller, &user.subject()).emit(app, store).await
}

/// Sets a user's password.
///
/// # Errors
/// The password is too long, or the database is not available.
pub async fn set(
    app: &App,
    caller: &Caller,
    user: &User,
    password: &str,
    keep: Option<Id<Session>>,
) -> Result<(), Problem> {
    let hash = hash(app, password).await?;
    let tx = app.store().begin().await?;
    keep_hash(app, &tx, caller, user, hash, keep).await?;
    tx.commit().await?;
    Ok(())
}

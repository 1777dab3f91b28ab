//! Checking a password against the backends, for the password stage and for the page that asks for both at once.

use directory::guessing::{self, Guessed, Wait};
use directory::{Intent, Token, User};
use events::Subject;
use feature::Problem;
use flow::{PendingUser, Stage, Visit};
use object::Choices;
use serde_json::{Map, json};
use store::Filter;

use super::Backend;

/// Who proved who they are, and how.
#[derive(Debug, Clone)]
pub struct Checked {
    user: i64,
    backend: Backend,
    method: &'static str,
    args: Map<String, serde_json::Value>,
}

impl Checked {
    /// Notes it in the flow.
    pub fn note(self, visit: &mut Visit) {
        visit.set_user(&PendingUser::Known(self.user));
        visit.set_authenticated(self.backend.as_str(), self.method, self.args);
    }
}

/// What became of a password.
#[derive(Debug, Clone)]
pub enum Verdict {
    Right(Checked),
    Wrong,
    /// There were too many wrong ones: this one was not looked at.
    Wait(Wait),
}

/// Checks a password. It is wrong for somebody who is not active and for nobody, too; all take as long and are recorded as
/// failed logins. `name` is what was typed in where nobody was found.
pub async fn authenticate(
    visit: &Visit,
    backends: &[Backend],
    user: Option<&User>,
    name: &str,
    password: &str,
    stage: &Stage,
) -> Result<Verdict, Problem> {
    let username = user.map_or(name, |u| u.username.as_str());
    // SECURITY: counted before it is compared, so that many at the same moment are no way around.
    let guess = match guessing::begin(visit.app(), Guessed::Password, username, visit.caller()).await {
        Ok(guess) => guess,
        Err(wait) => return Ok(Verdict::Wait(wait)),
    };
    let active = user.filter(|u| u.is_active);
    for backend in backends {
        let checked = match backend {
            Backend::Inbuilt => inbuilt(visit, active, password).await?,
            Backend::Token => match active {
                Some(user) => app_password(visit, user, password).await?,
                None => None,
            },
            // The sources that check these passwords are not part of this program yet.
            Backend::Ldap | Backend::Kerberos => None,
        };
        if let Some(checked) = checked {
            guess.was_right();
            return Ok(Verdict::Right(checked));
        }
    }
    let subject: Option<Subject> = user.map(User::subject);
    let binding = visit.binding.as_ref().and_then(|b| visit.snapshot.concrete("authentik_flows.stage", b.stage.key()));
    let model = binding.map_or("authentik_stages_password.passwordstage", |row| row.model.name());
    let (app, model_name) = model.split_once('.').unwrap_or((model, ""));
    let mut details = Map::new();
    details.insert(
        "stage".to_owned(),
        json!({"app": app, "model_name": model_name, "pk": stage.pk.to_string().replace('-', ""), "name": stage.name}),
    );
    events::login_failed(visit.caller(), subject.as_ref(), username, details).record(visit.app()).await;
    Ok(Verdict::Wrong)
}

async fn inbuilt(visit: &Visit, user: Option<&User>, password: &str) -> Result<Option<Checked>, Problem> {
    let is_right = directory::password::verify(visit.app(), user, password).await?;
    let Some(user) = user.filter(|_| is_right) else { return Ok(None) };
    Ok(Some(Checked { user: user.pk.0, backend: Backend::Inbuilt, method: "password", args: Map::new() }))
}

async fn app_password(visit: &Visit, user: &User, password: &str) -> Result<Option<Checked>, Problem> {
    let filter = Filter::eq("user", user.pk)
        .and(Filter::eq("key", password))
        .and(Filter::eq("intent", Intent::AppPassword.as_str()));
    let Some(token) = visit.app().store().first::<Token>(filter).await? else { return Ok(None) };
    // SECURITY: expiry counts by itself; the job that removes rows may be late.
    if token.expiring && token.expires.is_some_and(|e| e <= visit.at.now()) {
        return Ok(None);
    }
    let mut args = Map::new();
    args.insert("identifier".to_owned(), token.identifier.into());
    Ok(Some(Checked { user: user.pk.0, backend: Backend::Token, method: "token", args }))
}

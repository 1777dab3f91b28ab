//! Writing an event.

use feature::{App, Caller, Installation, Problem, Through};
use jiff::SignedDuration;
use object::Id;
use serde_json::{Map, Value as Json, json};
use store::Store;

use crate::event::{Action, Event};
use crate::sanitize::clean_map;

/// How long events are kept where no settings of the installation say so.
const A_YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Who an event is about: a user as the record names one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    pub pk: i64,
    pub username: String,
    pub email: String,
}

impl Subject {
    pub fn to_json(&self) -> Map<String, Json> {
        let mut map = Map::new();
        map.insert("pk".into(), self.pk.into());
        map.insert("email".into(), self.email.as_str().into());
        map.insert("username".into(), self.username.as_str().into());
        map
    }
}

/// Tells the brand of a host as an event shows it: `{pk, app, name, model_name}`. Handed in by the crate `brand`.
pub struct BrandOf(pub fn(&App, host: &str) -> Map<String, Json>);

/// An event that is being put together.
#[derive(Debug, Clone)]
#[must_use = "an event is only kept by `emit`"]
pub struct Draft {
    action: String,
    app: String,
    user: Map<String, Json>,
    context: Map<String, Json>,
    client_ip: Option<String>,
    host: Option<String>,
}

impl Draft {
    /// `app` is the part of the program that reports it: `authentik.events.signals`.
    pub fn new(action: Action, app: &str) -> Self {
        Self::named(action.as_str_owned(), app)
    }
    /// An event of an action that people made up: it is kept as `custom_…`.
    pub fn custom(action: &str, app: &str) -> Self {
        let known = action == "custom_" || object::Choices::parse(action).is_none_or(|a: Action| a == Action::Custom);
        let name = if !known || action.starts_with("custom_") { action.to_owned() } else { format!("custom_{action}") };
        Self::named(name, app)
    }
    fn named(action: String, app: &str) -> Self {
        Self { action, app: app.to_owned(), user: Map::new(), context: Map::new(), client_ip: None, host: None }
    }
    /// Adds one thing to the context.
    pub fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.context.insert(name.to_owned(), value.into());
        self
    }
    pub fn with_all(mut self, values: Map<String, Json>) -> Self {
        self.context.extend(values);
        self
    }
    /// Names the user, when it is another one than the caller (who logs in, who failed to).
    pub fn user(mut self, subject: &Subject) -> Self {
        self.user = subject.to_json();
        self
    }
    /// Who asked, from where, and for what.
    pub fn by(mut self, caller: &Caller) -> Self {
        if self.user.is_empty()
            && let Some(pk) = caller.user
        {
            let acting = Subject { pk, username: caller.username.clone(), email: caller.email.clone() }.to_json();
            self.user = match &caller.impersonator {
                Some((pk, name)) => {
                    let real = Subject { pk: *pk, username: name.clone(), email: String::new() };
                    let mut real = real.to_json();
                    real.insert("on_behalf_of".into(), Json::Object(acting));
                    real
                }
                None => acting,
            };
        }
        self.client_ip = caller.address.map(|a| a.to_string());
        if let Some(line) = &caller.request {
            self.host = Some(line.host.clone());
            self.context.insert(
                "http_request".into(),
                json!({
                    "path": line.path,
                    "method": line.method,
                    "args": line.args,
                    "user_agent": caller.user_agent,
                    "request_id": caller.request_id,
                }),
            );
        }
        self
    }

    /// Keeps the event, in the transaction if `store` is one.
    pub async fn emit(self, app: &App, store: &Store) -> Result<(), Problem> {
        let now = app.clock().now();
        let brand = match (app.service::<BrandOf>(), &self.host) {
            (Some(brand_of), Some(host)) => (brand_of.0)(app, host),
            _ => Map::new(),
        };
        let expires = match Installation::of(app).span("event_retention") {
            Some(usual) => usual.after(now),
            None => now.checked_add(A_YEAR).unwrap_or(jiff::Timestamp::MAX),
        };
        let event = Event {
            pk: Id(app.random().uuid_v7(now)),
            user: clean_map(&self.user),
            action: self.action,
            app: self.app,
            context: clean_map(&self.context),
            client_ip: self.client_ip,
            created: now,
            expires,
            expiring: true,
            brand,
        };
        tracing::info!(action = event.action, app = event.app, event = %event.pk, "Event");
        store.insert(&event).await?;
        Ok(())
    }

    /// Keeps the event outside any transaction and only logs when that fails: for what must not fail with its record.
    pub async fn record(self, app: &App) {
        let action = self.action.clone();
        if let Err(problem) = self.emit(app, app.store()).await {
            tracing::error!(action, "An event could not be kept: {}", problem.body);
        }
    }
}

impl Action {
    fn as_str_owned(self) -> String {
        object::Choices::as_str(self).to_owned()
    }
}

/// Somebody logged in. `args` is what the stages learned on the way (`{"known_device": false}`).
pub fn login(caller: &Caller, user: &Subject, method: &str, args: Map<String, Json>) -> Draft {
    Draft::new(Action::Login, "authentik.events.signals")
        .user(user)
        .with("auth_method", method)
        .with("auth_method_args", args)
        .by(caller)
}

/// Somebody failed to log in. `user` is empty when nobody of that name exists.
pub fn login_failed(caller: &Caller, user: Option<&Subject>, username: &str, details: Map<String, Json>) -> Draft {
    let draft =
        Draft::new(Action::LoginFailed, "authentik.events.signals").with("username", username).with_all(details);
    match user {
        Some(user) => draft.user(user).by(caller),
        None => draft.by(caller),
    }
}

/// Somebody logged out.
pub fn logout(caller: &Caller, user: &Subject) -> Draft {
    Draft::new(Action::Logout, "authentik.events.signals").user(user).by(caller)
}

/// A password was set.
pub fn password_set(caller: &Caller, user: &Subject) -> Draft {
    Draft::new(Action::PasswordSet, "authentik.events.signals").user(user).by(caller)
}

/// A secret was shown to somebody: `secret` names the object.
pub fn secret_view(caller: &Caller, secret: Json) -> Draft {
    Draft::new(Action::SecretView, "authentik.core.api").with_reference("secret", secret).by(caller)
}

/// Something is set up wrongly: `message` says what, and where to look.
pub fn configuration_error(caller: &Caller, message: &str, details: Map<String, Json>) -> Draft {
    Draft::new(Action::ConfigurationError, "authentik.core").with("message", message).with_all(details).by(caller)
}

/// Work inside the program failed.
pub fn system_exception(caller: &Caller, message: &str) -> Draft {
    if caller.through == Through::System {
        Draft::new(Action::SystemTaskException, "authentik.events").with("message", message)
    } else {
        Draft::new(Action::SystemException, "authentik.root").with("message", message).by(caller)
    }
}

impl Draft {
    /// A reference to an object, under a name that would hide a plain value.
    fn with_reference(self, name: &str, reference: Json) -> Self {
        self.with(name, reference)
    }
}

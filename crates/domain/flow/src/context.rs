//! What is known in the course of a flow, kept as JSON so that a plan survives in the session.
//!
//! Objects are kept as references (`{"$model": …, "pk": …}`) and read when they are needed, so that a plan never holds a
//! stale copy of a user.

use object::{Key, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// The person that the flow is about.
pub const PENDING_USER: &str = "pending_user";
/// What the person typed in, shown instead of who was found.
pub const PENDING_USER_IDENTIFIER: &str = "pending_user_identifier";
/// Set when a source or another provider of identities did the authentication.
pub const IS_SSO: &str = "is_sso";
/// Where to go at the end, whatever was asked for.
pub const REDIRECT: &str = "redirect";
/// The application on the way to which the person is.
pub const APPLICATION: &str = "application";
/// The source the person came from.
pub const SOURCE: &str = "source";
/// The outpost that acts for the person.
pub const OUTPOST: &str = "outpost";
/// Set when another flow sent the person here.
pub const IS_REDIRECTED: &str = "is_redirected";
/// Set when a link brought the plan back.
pub const IS_RESTORED: &str = "is_restored";
/// What prompt stages collected.
pub const PROMPT_DATA: &str = "prompt_data";
/// How the person proved who they are (`password`, `auth_mfa`, …).
pub const AUTH_METHOD: &str = "auth_method";
pub const AUTH_METHOD_ARGS: &str = "auth_method_args";
/// What checked it. Set only while the pending person has proved who they are in this flow.
pub const USER_BACKEND: &str = "user_backend";
/// Groups that the user write stage adds new users to.
pub const GROUPS: &str = "groups";
pub const USER_TYPE: &str = "user_type";
pub const USER_PATH: &str = "user_path";
/// What the consent stage shows.
pub const CONSENT_TITLE: &str = "consent_title";
pub const CONSENT_HEADER: &str = "consent_header";
pub const CONSENT_PERMISSIONS: &str = "consent_permissions";
pub const CONSENT_EXTRA_PERMISSIONS: &str = "consent_additional_permissions";

const MODEL: &str = "$model";

/// The person that the flow is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PendingUser {
    Known(i64),
    /// Nobody of that name exists; the flow goes on so that this cannot be found out.
    Pretended(String),
}

/// What is known so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Context(pub Map<String, Json>);

impl Context {
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.0.get(key)
    }
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Json::as_str)
    }
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }
    pub fn set(&mut self, key: &str, value: impl Into<Json>) {
        self.0.insert(key.to_owned(), value.into());
    }
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        self.0.remove(key)
    }

    /// Keeps a reference to an object.
    pub fn set_object(&mut self, key: &str, model: &str, object: impl Into<Key>) {
        self.set(key, json!({ MODEL: model, "pk": object.into() }));
    }
    /// The key of an object that is referred to, if it is of that model.
    pub fn object(&self, key: &str, model: &str) -> Option<Key> {
        let (found, object) = reference(self.0.get(key)?)?;
        (found == model).then_some(object)
    }
    pub fn set_pending_user(&mut self, user: &PendingUser) {
        // SECURITY: what one person proved says nothing about another.
        if self.pending_user().as_ref() != Some(user) {
            for key in [USER_BACKEND, AUTH_METHOD, AUTH_METHOD_ARGS] {
                self.remove(key);
            }
        }
        match user {
            PendingUser::Known(pk) => self.set_object(PENDING_USER, "authentik_core.user", *pk),
            PendingUser::Pretended(name) => {
                self.set(
                    PENDING_USER,
                    json!({ MODEL: "authentik_core.user", "pk": null, "username": name, "email": name }),
                );
            }
        }
    }
    pub fn pending_user(&self) -> Option<PendingUser> {
        let value = self.0.get(PENDING_USER)?;
        if let Some((_, Key::Int(pk))) = reference(value) {
            return Some(PendingUser::Known(pk));
        }
        value.get("username").and_then(Json::as_str).map(|name| PendingUser::Pretended(name.to_owned()))
    }
    pub fn set_application(&mut self, application: Uuid) {
        self.set_object(APPLICATION, "authentik_core.application", application);
    }
    pub fn application(&self) -> Option<Uuid> {
        match self.object(APPLICATION, "authentik_core.application")? {
            Key::Uuid(pk) => Some(pk),
            Key::Int(_) => None,
        }
    }
    /// What prompt stages collected.
    pub fn prompt_data(&self) -> Map<String, Json> {
        self.0.get(PROMPT_DATA).and_then(Json::as_object).cloned().unwrap_or_default()
    }
    pub fn add_prompt_data(&mut self, data: Map<String, Json>) {
        let mut all = self.prompt_data();
        all.extend(data);
        self.set(PROMPT_DATA, all);
    }

    /// The context with the values of secrets replaced, for the inspector and the event record.
    pub fn cleansed(&self) -> Json {
        cleanse(&Json::Object(self.0.clone()))
    }
}

/// The model and the key of a reference.
pub fn reference(value: &Json) -> Option<(&str, Key)> {
    let model = value.get(MODEL)?.as_str()?;
    let key = match value.get("pk")? {
        Json::Number(n) => Key::Int(n.as_i64()?),
        Json::String(s) => Key::Uuid(Uuid::try_parse(s).ok()?),
        _ => return None,
    };
    Some((model, key))
}

fn cleanse(value: &Json) -> Json {
    const SECRETS: [&str; 6] = ["password", "secret", "token", "credential", "api_key", "apikey"];
    match value {
        Json::Object(map) => {
            let one = |(key, value): (&String, &Json)| {
                let lower = key.to_ascii_lowercase();
                let hidden = SECRETS.iter().any(|s| lower.contains(s)) && !value.is_boolean();
                (key.clone(), if hidden { Json::String("********************".into()) } else { cleanse(value) })
            };
            Json::Object(map.iter().map(one).collect())
        }
        Json::Array(items) => items.iter().map(cleanse).collect(),
        other => other.clone(),
    }
}

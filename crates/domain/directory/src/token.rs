//! Tokens: secrets that stand for a user.

pub(crate) mod hooks;
pub(crate) mod operations;

use feature::{App, Problem};
use jiff::Timestamp;
use object::{Choices, Default as FieldDefault, Generated, Id, Object};
use store::{Filter, Store};

use crate::user::User;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "IntentEnum")]
pub enum Intent {
    /// To prove that a link was received.
    Verification,
    /// To call the API.
    Api,
    /// To get back into an account.
    Recovery,
    /// To log in where an application asks for a password.
    AppPassword,
}

/// A secret that stands for a user towards the API, or in place of a password.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_core.token",
    table = "authentik_core_token",
    path = "core/tokens",
    lookup = "identifier",
    verbose = "Token",
    plural = "Tokens",
    filters = ["identifier", "intent", "user__username", "description", "expires", "expiring", "managed"],
    search = ["identifier", "intent", "user__username", "description"],
    ordering = ["identifier", "expires"],
    permissions = [("view_token_key", "View token's key"), ("set_token_key", "Set a token's key")]
)]
pub struct Token {
    #[field(key)]
    pub pk: Id<Self>,
    /// Set on tokens that the program keeps itself.
    #[field(unique, label = "Managed by authentik")]
    pub managed: Option<String>,
    /// The name of the token in addresses.
    #[field(slug, max = 255, unique)]
    pub identifier: String,
    /// What the token is good for.
    #[field(default_text = "verification")]
    pub intent: Intent,
    /// The user that the token stands for; by default whoever makes it.
    #[field(default(FieldDefault::Null))]
    pub user: Id<User>,
    /// What the token is used for.
    #[field(blank)]
    pub description: String,
    /// When the token stops to be good.
    #[field(index)]
    pub expires: Option<Timestamp>,
    /// Whether the token stops to be good at all.
    #[field(default_bool = true)]
    pub expiring: bool,
    /// The secret itself.
    #[field(internal, secret, index, generated(Generated::Token(60)))]
    pub key: String,
}

impl Token {
    /// Whether the token is good at that moment. The job that removes expired ones may be late.
    pub fn is_good(&self, now: Timestamp) -> bool {
        !self.expiring || self.expires.is_none_or(|end| end > now)
    }

    /// The token with that key, if it is good for that and at this moment.
    pub async fn find(app: &App, store: &Store, key: &str, intent: Intent) -> Result<Option<Self>, Problem> {
        if key.is_empty() || key.len() > 1024 {
            return Ok(None);
        }
        let filter = Filter::eq("key", key).and(Filter::eq("intent", intent.as_str()));
        let now = app.clock().now();
        Ok(store.first::<Self>(filter).await?.filter(|t| t.is_good(now)))
    }

    /// Whether it is an app password of the user: what a program gives where a person gives a password.
    pub async fn is_app_password(app: &App, user: Id<User>, password: &str) -> Result<bool, Problem> {
        let found = Self::find(app, app.store(), password, Intent::AppPassword).await?;
        Ok(found.is_some_and(|t| t.user == user))
    }
}

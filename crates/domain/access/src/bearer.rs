//! Tokens in the `Authorization` header.

use std::sync::Arc;

use directory::{Intent, Token, User};
use feature::{App, BoxFuture, Problem};
use http::{HeaderMap, header::AUTHORIZATION};
use parking_lot::RwLock;

/// Who a bearer token stands for.
pub struct Bearer {
    pub user: User,
    /// How the token is called in the record.
    pub identifier: String,
}

/// A further kind of token that opens the API: the OAuth access tokens of a provider.
pub trait Authenticator: Send + Sync {
    /// The user behind the token; `None` when it is not one of these or no good. Whether the account is active is looked
    /// at afterwards.
    fn authenticate<'a>(&'a self, app: &'a App, token: &'a str) -> BoxFuture<'a, Result<Option<Bearer>, Problem>>;
}

/// The list of them, a service of the [`App`]: `app.service::<Bearers>()` and [`Bearers::add`] while features are set up.
#[derive(Default)]
pub struct Bearers(RwLock<Vec<Arc<dyn Authenticator>>>);

impl Bearers {
    pub fn add(&self, authenticator: impl Authenticator + 'static) {
        self.0.write().push(Arc::new(authenticator));
    }
}

/// The token out of `Authorization: Bearer …`; nothing for other schemes.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Who the token stands for.
pub async fn resolve(app: &App, token: &str) -> Result<Option<Bearer>, Problem> {
    if let Some(found) = Token::find(app, app.store(), token, Intent::Api).await? {
        let user = app.store().get::<User>(found.user).await?;
        return Ok(user.filter(|u| u.is_active).map(|user| Bearer { user, identifier: found.identifier }));
    }
    let Some(bearers) = app.service::<Bearers>() else { return Ok(None) };
    let others: Vec<_> = bearers.0.read().clone();
    for other in others {
        if let Some(found) = other.authenticate(app, token).await? {
            return Ok(Some(found).filter(|b| b.user.is_active));
        }
    }
    Ok(None)
}

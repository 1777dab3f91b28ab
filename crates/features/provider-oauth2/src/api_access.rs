//! Access tokens that open the REST API: those with the scope for it.

use access::{Authenticator, Bearer};
use feature::{App, BoxFuture, Problem};
use oauth2_wire::names;

use crate::bearer::{self, Unusable};

pub struct ApiAccess;

impl Authenticator for ApiAccess {
    fn authenticate<'a>(&'a self, app: &'a App, token: &'a str) -> BoxFuture<'a, Result<Option<Bearer>, Problem>> {
        Box::pin(async move {
            match bearer::check(app, None, Some(token), names::SCOPE_API).await {
                Ok(found) => {
                    let identifier = format!("oauth2/{}/{}", found.client.client_id(), found.token.pk);
                    let user = app.store().get::<directory::User>(found.token.user).await?;
                    Ok(user.map(|user| Bearer { user, identifier }))
                }
                Err(Unusable::Refused(_)) => Ok(None),
                Err(Unusable::Fault(problem)) => Err(problem),
            }
        })
    }
}

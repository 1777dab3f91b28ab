//! Getting back into an account: asked for here, carried out by whoever runs flows.

use feature::{BoxFuture, Call, Problem};

use crate::user::User;

/// Makes links to the recovery flow of the request's brand. `None` or `false`: there is no such flow.
pub trait RecoveryLinks: Send + Sync {
    fn link<'a>(&'a self, call: &'a Call, user: &'a User) -> BoxFuture<'a, Result<Option<String>, Problem>>;
    fn mail<'a>(
        &'a self,
        call: &'a Call,
        user: &'a User,
        email_stage: Option<&'a str>,
    ) -> BoxFuture<'a, Result<bool, Problem>>;
}

/// The service that is handed in with [`feature::App::provide`].
pub struct Recovery(pub Box<dyn RecoveryLinks>);

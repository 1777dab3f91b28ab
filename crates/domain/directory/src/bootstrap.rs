//! The first administrator.

use feature::change::{self, Context, Options};
use feature::{App, Caller, Problem};
use object::{Object, Record};
use serde_json::{Map, Value as Json, json};
use store::{Filter, Query};

use crate::group::Group;
use crate::setup;
use crate::token::Token;
use crate::user::User;

pub const ADMIN: &str = "akadmin";
pub const ADMIN_GROUP: &str = "authentik Admins";
/// Identifier of the API token out of the settings.
pub const ADMIN_TOKEN: &str = "authentik-bootstrap-token";

/// What was there or was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admin {
    /// The installation has been set up before; nothing was touched.
    Present,
    /// The administrator was made with the credentials of the settings: set-up is finished.
    Ready,
    /// The administrator was made without a password: somebody has to go through the initial set-up.
    NeedsSetup,
}

/// Makes group, user and token of the first administrator in an empty installation. Run again, it changes nothing.
pub async fn ensure_admin(app: &App) -> Result<Admin, Problem> {
    if setup::is_done(app).await? {
        return Ok(Admin::Present);
    }
    let settings = &app.settings().bootstrap;
    let hash = match (&settings.password, &settings.password_hash) {
        (Some(password), _) => Some(crate::password::hash(app, password.expose()).await?),
        (None, Some(hash)) => {
            secret::password::check_stored(hash.expose())
                .map_err(|e| Problem::field("bootstrap_password_hash", e.to_string()))?;
            Some(hash.expose().clone())
        }
        (None, None) => None,
    };
    let tx = app.store().begin().await?;
    let caller = Caller::system();
    let context =
        Context { app, store: &tx, caller: &caller, options: Options { privileged: true, refuse_unknown: true } };
    let group =
        find_or(context, Group::model(), "name", ADMIN_GROUP, json!({ "name": ADMIN_GROUP, "is_superuser": true }))
            .await?;
    let email = settings.email.as_deref().unwrap_or("root@example.com");
    let input = json!({
        "username": ADMIN,
        "name": "authentik Default Admin",
        "email": email,
        "groups": [group.key()],
    });
    let existed = tx.exists(User::model(), Filter::eq("username", ADMIN)).await?;
    let user = find_or(context, User::model(), "username", ADMIN, input).await?;
    let unset = secret::password::is_unusable(user.text("password"));
    if let (Some(hash), Some(key)) = (&hash, user.key())
        && (!existed || unset)
    {
        tx.change(User::model(), Filter::eq("pk", key), vec![("password", hash.as_str().into())]).await?;
    }
    if let (Some(token), Some(key)) = (&settings.token, user.key()) {
        let input = json!({
            "identifier": ADMIN_TOKEN,
            "intent": "api",
            "expiring": false,
            "user": key,
            "key": token.expose(),
        });
        find_or(context, Token::model(), "identifier", ADMIN_TOKEN, input).await?;
    }
    let ready = hash.is_some() || existed && !unset;
    if ready {
        setup::finish_in(app, &tx).await?;
    }
    tx.commit().await?;
    Ok(if ready { Admin::Ready } else { Admin::NeedsSetup })
}

async fn find_or(
    context: Context<'_>,
    model: &'static object::Model,
    field: &'static str,
    value: &str,
    input: Json,
) -> Result<Record, Problem> {
    let query = Query::filter(Filter::eq(field, value)).limit(1);
    if let Some(found) = context.store.records(model, &query).await?.into_iter().next() {
        return Ok(found);
    }
    let map: Map<String, Json> = input.as_object().cloned().unwrap_or_default();
    change::create(context, model, &map).await
}

//! Showing and setting the secret of a token.

use events::{Action, Draft, reference};
use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply};
use object::Object;
use serde_json::json;
use store::Filter;

use super::Token;
use crate::form::Form;
use crate::guard;
use crate::user::User;

pub const ALL: &[Operation] = &[
    Operation {
        id: "core_tokens_view_key_retrieve",
        method: Method::Get,
        path: "core/tokens/{identifier}/view_key/",
        permission: Permission::Visible,
        summary: "Shows the secret of a token. This is recorded.",
        request: "",
        response: r##"{"$ref":"#/components/schemas/TokenView"}"##,
        status: 200,
        parameters: &[],
        run: view_key,
    },
    Operation {
        id: "core_tokens_set_key_create",
        method: Method::Post,
        path: "core/tokens/{identifier}/set_key/",
        permission: Permission::Target("authentik_core.set_token_key"),
        summary: "Sets the secret of a token. This is recorded.",
        request: r##"{"$ref":"#/components/schemas/TokenSetKeyRequest"}"##,
        response: "",
        status: 204,
        parameters: &[],
        run: set_key,
    },
];

fn view_key(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let record = call.target()?;
        let token = record.clone().to::<Token>()?;
        let is_own = call.caller.user == Some(token.user.0);
        if !is_own {
            if !call.caller.may_on("authentik_core.view_token_key", token.key()) {
                return Err(Problem::forbidden());
            }
            may_be_its_user(call, &token).await?;
        }
        events::secret_view(&call.caller, reference(record)).emit(&call.app, call.app.store()).await?;
        Ok(Reply::ok(json!({ "key": token.key })))
    })
}

fn set_key(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let record = call.target()?;
        may_be_its_user(call, &record.clone().to::<Token>()?).await?;
        let mut form = Form::of(call)?;
        let key = form.secret("key");
        form.finish()?;
        let pk = record.key().ok_or_else(Problem::not_found)?;
        let tx = call.app.store().begin().await?;
        tx.change(Token::model(), Filter::eq("pk", pk), vec![("key", key.into())]).await?;
        let draft = Draft::new(Action::ModelUpdated, "authentik.core.api.tokens").with("model", reference(record));
        draft.by(&call.caller).emit(&call.app, &tx).await?;
        tx.commit().await?;
        Ok(Reply::no_content())
    })
}

/// SECURITY: whoever knows the secret of a token is its user. With a superuser's, only superusers may.
async fn may_be_its_user(call: &Call, token: &Token) -> Result<(), Problem> {
    let store = call.app.store();
    let user = store.get::<User>(token.user).await?.ok_or_else(Problem::not_found)?;
    guard::may_take_over(store, &call.caller, &user).await
}

//! Putting single users into a group and taking them out.

use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply};
use object::{Key, Object};
use store::Write;

use crate::form::Form;
use crate::guard;
use crate::user::User;

const REQUEST: &str = r##"{"$ref":"#/components/schemas/UserAccountRequest"}"##;

pub const ALL: &[Operation] = &[
    Operation {
        id: "core_groups_add_user_create",
        method: Method::Post,
        path: "core/groups/{group_uuid}/add_user/",
        permission: Permission::Target("authentik_core.add_user_to_group"),
        summary: "Puts a user into the group.",
        request: REQUEST,
        response: "",
        status: 204,
        parameters: &[],
        run: add,
    },
    Operation {
        id: "core_groups_remove_user_create",
        method: Method::Post,
        path: "core/groups/{group_uuid}/remove_user/",
        permission: Permission::Target("authentik_core.remove_user_from_group"),
        summary: "Takes a user out of the group.",
        request: REQUEST,
        response: "",
        status: 204,
        parameters: &[],
        run: remove,
    },
];

fn add(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let (group, user) = parties(call).await?;
        guard::may_add(call.app.store(), &call.caller, group).await?;
        let write = Write::Link { model: User::model(), key: user, field: "groups", target: group };
        changed(call, user, write).await
    })
}

fn remove(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let (group, user) = parties(call).await?;
        guard::may_remove(call.app.store(), &call.caller, group).await?;
        let write = Write::Unlink { model: User::model(), key: user, field: "groups", target: group };
        changed(call, user, write).await
    })
}

async fn changed(call: &Call, user: Key, write: Write) -> Result<Reply, Problem> {
    let tx = call.app.store().begin().await?;
    tx.apply(vec![write]).await?;
    if let Key::Int(user) = user {
        crate::news::announce(&tx, user).await?;
    }
    tx.commit().await?;
    Ok(Reply::no_content())
}

/// The group of the path and the user of the body, whom the caller must be able to see.
async fn parties(call: &Call) -> Result<(Key, Key), Problem> {
    let group = call.target()?.key().ok_or_else(Problem::not_found)?;
    let mut form = Form::of(call)?;
    let user = Key::Int(form.int("pk"));
    form.finish()?;
    let visible = call.caller.may_on("authentik_core.view_user", user);
    if !visible || call.app.store().record(User::model(), user).await?.is_none() {
        return Err(Problem::not_found());
    }
    Ok((group, user))
}

//! Giving and taking permissions and roles.

use directory::{Form, Role, User, guard, role};
use feature::{BoxFuture, Call, Problem, Reply};
use object::{Field, FieldErrors, Id, Key, Object};
use serde_json::{Value as Json, json};
use store::Write;

use super::catalogue::permissions;

/// The role that the path names, if the caller may do this to it.
async fn role_of(call: &Call, codename: &str) -> Result<Id<Role>, Problem> {
    let key = uuid::Uuid::try_parse(call.segment("uuid")).map_err(|_| Problem::not_found())?;
    let allowed = call.caller.may_on(codename, Key::Uuid(key));
    if !allowed {
        return Err(Problem::forbidden());
    }
    match call.app.store().get::<Role>(key).await? {
        Some(role) => Ok(role.pk),
        None => Err(Problem::no_such("Role")),
    }
}

struct Wanted {
    codenames: Vec<String>,
    object_pk: String,
}

/// The permissions of the body, all of which must exist.
fn wanted(call: &Call) -> Result<Wanted, Problem> {
    let mut form = Form::of(call)?;
    let field = Field::of::<Vec<String>>("permissions", "").required();
    let list = form.value(&field).and_then(|v| v.as_json().cloned()).unwrap_or_default();
    let model = form.optional_text("model");
    let object_pk = form.optional_text("object_pk");
    form.finish()?;
    let known = permissions(call.app.registry());
    let mut codenames = Vec::new();
    for item in list.as_array().into_iter().flatten().filter_map(Json::as_str) {
        // The app may be left out where the model is named.
        let full = match (item.contains('.'), model.split_once('.')) {
            (false, Some((app, _))) => format!("{app}.{item}"),
            _ => item.to_owned(),
        };
        if !known.iter().any(|e| e.full() == full) {
            return Err(Problem::fields(&FieldErrors::one("permissions", format!("There is no permission {full}."))));
        }
        codenames.push(full);
    }
    if !object_pk.is_empty() {
        let Some(model) = call.app.registry().catalogue.model(&model) else {
            return Err(Problem::field("model", "Name the model of the object, like authentik_core.user."));
        };
        let fits = matches!(
            (guard::key_of(&object_pk), model.root().key),
            (Some(Key::Int(_)), object::KeyKind::Int) | (Some(Key::Uuid(_)), object::KeyKind::Uuid)
        );
        if !fits {
            return Err(Problem::field("object_pk", "This is no key of the model."));
        }
    }
    Ok(Wanted { codenames, object_pk })
}

pub fn assign(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let id = role_of(call, "authentik_rbac.assign_role_permissions").await?;
        let wanted = wanted(call)?;
        for codename in &wanted.codenames {
            guard::may_hand_out(&call.caller, codename, &wanted.object_pk)?;
        }
        let tx = call.app.store().begin().await?;
        let given = role::give(&tx, id, &wanted.codenames, &wanted.object_pk).await?;
        tx.commit().await?;
        let ids: Json = given.iter().map(|p| json!({ "id": p.pk.to_string() })).collect();
        Ok(Reply::ok(ids))
    })
}

pub fn unassign(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let id = role_of(call, "authentik_rbac.unassign_role_permissions").await?;
        let wanted = wanted(call)?;
        role::take(call.app.store(), id, &wanted.codenames, &wanted.object_pk).await?;
        Ok(Reply::no_content())
    })
}

/// The user of the body, whom the caller must be able to change.
async fn user_of(call: &Call) -> Result<User, Problem> {
    let mut form = Form::of(call)?;
    let pk = form.int("pk");
    form.finish()?;
    let visible = call.caller.may_on("authentik_core.view_user", Key::Int(pk));
    match call.app.store().get::<User>(Id::<User>(pk)).await?.filter(|_| visible) {
        Some(user) => Ok(user),
        None => Err(Problem::not_found()),
    }
}

pub fn add_user(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let id = role_of(call, "authentik_rbac.change_role").await?;
        let user = user_of(call).await?;
        guard::may_use_roles(call.app.store(), &call.caller, vec![id.key()]).await?;
        let write = Write::Link { model: User::model(), key: user.key(), field: "roles", target: id.key() };
        call.app.store().apply(vec![write]).await?;
        Ok(Reply::no_content())
    })
}

pub fn remove_user(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let id = role_of(call, "authentik_rbac.change_role").await?;
        let user = user_of(call).await?;
        let write = Write::Unlink { model: User::model(), key: user.key(), field: "roles", target: id.key() };
        call.app.store().apply(vec![write]).await?;
        Ok(Reply::no_content())
    })
}

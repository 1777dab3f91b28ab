//! What can be done with users beside reading and writing them.

use std::sync::Arc;

use events::{Action, Draft};
use feature::{BoxFuture, Call, Installation, Method, Operation, Permission, Problem, Reply, parameter};
use http::StatusCode;
use object::Object;
use serde_json::{Value as Json, json};
use store::{Filter, Op, Query};

use super::{User, me, service_account};
use crate::form::Form;
use crate::guard;
use crate::recovery::Recovery;
use crate::session::LazySession;

const BASE: Operation = Operation {
    id: "",
    method: Method::Post,
    path: "",
    permission: Permission::Authenticated,
    summary: "",
    request: "",
    response: "",
    status: 204,
    parameters: &[],
    run: me::run,
};

pub const ALL: &[Operation] = &[
    Operation {
        id: "core_users_me_retrieve",
        method: Method::Get,
        path: "core/users/me/",
        summary: "Tells a user about themselves.",
        response: r##"{"$ref":"#/components/schemas/SessionUser"}"##,
        status: 200,
        run: me::run,
        ..BASE
    },
    Operation {
        id: "core_users_paths_retrieve",
        method: Method::Get,
        path: "core/users/paths/",
        permission: Permission::Global("authentik_core.view_user"),
        summary: "Lists the folders that users are in.",
        response: r##"{"$ref":"#/components/schemas/UserPath"}"##,
        status: 200,
        parameters: &[parameter::SEARCH],
        run: paths,
        ..BASE
    },
    Operation {
        id: "core_users_service_account_create",
        path: "core/users/service_account/",
        permission: Permission::Global("authentik_core.add_user"),
        summary: "Makes an account for a program, with a token to log in with.",
        request: r##"{"$ref":"#/components/schemas/UserServiceAccountRequest"}"##,
        response: r##"{"$ref":"#/components/schemas/UserServiceAccountResponse"}"##,
        status: 200,
        run: service_account::run,
        ..BASE
    },
    Operation {
        id: "core_users_impersonate_end_retrieve",
        method: Method::Get,
        path: "core/users/impersonate_end/",
        summary: "Ends acting as another user.",
        run: impersonate_end,
        ..BASE
    },
    Operation {
        id: "core_users_set_password_create",
        path: "core/users/{id}/set_password/",
        permission: Permission::Target("authentik_core.reset_user_password"),
        summary: "Sets a user's password and ends the user's sessions.",
        request: r##"{"$ref":"#/components/schemas/UserPasswordSetRequest"}"##,
        run: set_password,
        ..BASE
    },
    Operation {
        id: "core_users_recovery_create",
        path: "core/users/{id}/recovery/",
        permission: Permission::Target("authentik_core.reset_user_password"),
        summary: "Makes a link by which the user gets back into the account.",
        response: r##"{"$ref":"#/components/schemas/Link"}"##,
        status: 200,
        run: recovery,
        ..BASE
    },
    Operation {
        id: "core_users_recovery_email_create",
        path: "core/users/{id}/recovery_email/",
        permission: Permission::Target("authentik_core.reset_user_password"),
        summary: "Mails the user a link to get back into the account.",
        parameters: &[parameter::text("email_stage")],
        run: recovery_email,
        ..BASE
    },
    Operation {
        id: "core_users_impersonate_create",
        path: "core/users/{id}/impersonate/",
        permission: Permission::Target("authentik_core.impersonate"),
        summary: "Acts as another user in this browser session.",
        request: r##"{"$ref":"#/components/schemas/ImpersonationRequest"}"##,
        run: impersonate,
        ..BASE
    },
];

fn target(call: &Call) -> Result<User, Problem> {
    Ok(call.target()?.clone().to::<User>()?)
}

fn paths(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let search = call.parameter("search").unwrap_or_default();
        let mut paths: Vec<Json> = Vec::new();
        let mut last: Option<String> = None;
        // From one path to the next along the index: there are few of them, whatever the number of users.
        while paths.len() < 10_000 {
            let mut filter = Filter::True;
            if !search.is_empty() {
                filter = filter.and(Filter::compare("path", Op::IContains, search));
            }
            if let Some(last) = &last {
                filter = filter.and(Filter::compare("path", Op::Gt, last.as_str()));
            }
            let query = Query::filter(filter).order(&["path"]).limit(1).columns_only();
            let Some(next) = call.app.store().records(User::model(), &query).await?.into_iter().next() else { break };
            paths.push(next.text("path").into());
            last = Some(next.text("path").to_owned());
        }
        Ok(Reply::ok(json!({ "paths": paths })))
    })
}

fn set_password(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let user = target(call)?;
        let mut form = Form::of(call)?;
        let password = form.secret("password");
        form.finish()?;
        guard::may_take_over(call.app.store(), &call.caller, &user).await?;
        // Whoever changes the own password stays logged in here.
        let keep = match call.caller.user {
            Some(own) if own == user.pk.0 && call.caller.session.is_some() => {
                LazySession::load_from(&call.extensions).await?.id()
            }
            _ => None,
        };
        crate::password::set(&call.app, &call.caller, &user, &password, keep).await?;
        Ok(Reply::no_content())
    })
}

fn no_flow() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, json!({ "non_field_errors": "No recovery flow set." }))
}

fn recovery(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let user = target(call)?;
        guard::may_take_over(call.app.store(), &call.caller, &user).await?;
        let Some(service) = call.app.service::<Recovery>() else { return Err(no_flow()) };
        match service.0.link(call, &user).await? {
            Some(link) => Ok(Reply::ok(json!({ "link": link }))),
            None => Err(no_flow()),
        }
    })
}

fn recovery_email(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let user = target(call)?;
        guard::may_take_over(call.app.store(), &call.caller, &user).await?;
        if user.email.is_empty() {
            let text = "User does not have an email address set.";
            return Err(Problem::new(StatusCode::BAD_REQUEST, json!({ "non_field_errors": text })));
        }
        let Some(service) = call.app.service::<Recovery>() else { return Err(no_flow()) };
        if service.0.mail(call, &user, call.parameter("email_stage")).await? {
            Ok(Reply::no_content())
        } else {
            Err(no_flow())
        }
    })
}

fn impersonate(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let user = target(call)?;
        let mut form = Form::of(call)?;
        let reason = form.optional_text("reason");
        form.finish()?;
        guard::may_take_over(call.app.store(), &call.caller, &user).await?;
        let installation = Installation::of(&call.app);
        let is_off = installation.flag("impersonation") == Some(false);
        let lacks_reason = reason.is_empty() && installation.flag("impersonation_require_reason") == Some(true);
        // COMPAT: one bare status for all of these.
        if is_off || lacks_reason || call.caller.user == Some(user.pk.0) || !user.is_active {
            return Ok(Reply::Empty(StatusCode::UNAUTHORIZED));
        }
        // COMPAT: under a token there is no session to change; the call is accepted all the same.
        if call.caller.session.is_none() {
            return Ok(Reply::no_content());
        }
        let session = LazySession::load_from(&call.extensions).await?;
        let subject = user.subject();
        Draft::new(Action::ImpersonationStarted, "authentik.core.api.users")
            .with("reason", reason)
            .with("impersonated", Json::Object(subject.to_json()))
            .by(&call.caller)
            .emit(&call.app, call.app.store())
            .await?;
        session.impersonate(Arc::new(user));
        Ok(Reply::no_content())
    })
}

fn impersonate_end(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        if call.caller.impersonator.is_none() {
            return Ok(Reply::no_content());
        }
        let session = LazySession::load_from(&call.extensions).await?;
        let real = session.impersonator();
        let Some(other) = session.impersonate_end() else { return Ok(Reply::no_content()) };
        let mut draft = Draft::new(Action::ImpersonationEnded, "authentik.core.api.users")
            .with("impersonated", Json::Object(other.subject().to_json()));
        if let Some(real) = real {
            draft = draft.user(&real.subject());
        }
        draft.by(&call.caller).emit(&call.app, call.app.store()).await?;
        Ok(Reply::no_content())
    })
}

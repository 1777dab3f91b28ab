//! Who may open which application.

use std::sync::Arc;

use feature::{App, BoxFuture, Call, Caller, Listing, Problem, Rendering, Reply};
use object::{Object, Uuid};
use policy::{HttpInfo, PolicyRequest, PolicyResult, Subject};
use serde_json::{Value as Json, json};
use store::Filter;

use super::Application;
use crate::entitlement::ApplicationEntitlement;

/// Whether the request passes the application's bindings.
pub async fn check(app: &App, application: &Application, request: &PolicyRequest) -> PolicyResult {
    let request = request.clone().about(Arc::new(application.to_record()));
    policy::check(app, application.base.pk.0, application.base.policy_engine_mode, &request).await
}

/// The entitlements inside an application that a user holds. One to which nothing is bound is held by nobody.
pub async fn entitlements(app: &App, application: Uuid, request: &PolicyRequest) -> Vec<Arc<ApplicationEntitlement>> {
    let mut held = Vec::new();
    let snapshot = app.store().snapshot();
    for entitlement in snapshot.all::<ApplicationEntitlement>().iter().filter(|e| e.app.0 == application) {
        let mode = entitlement.base.policy_engine_mode;
        let request = request.clone().about(Arc::new(entitlement.to_record()));
        if policy::check_or(app, entitlement.base.pk.0, mode, &request, false).await.passing {
            held.push(Arc::clone(entitlement));
        }
    }
    held
}

/// The question whether a user may do something.
pub async fn request_of(app: &App, user: i64, http: Option<Arc<HttpInfo>>) -> Result<PolicyRequest, Problem> {
    let subject = Subject::load(app, user).await?;
    Ok(PolicyRequest::new(subject).over(http))
}

/// What is known of the request behind a caller.
fn http_of(caller: &Caller, base_url: &str) -> Option<Arc<HttpInfo>> {
    let line = caller.request.as_ref()?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &line.args {
        query.append_pair(name, value.as_str().unwrap_or_default());
    }
    Some(Arc::new(HttpInfo {
        method: line.method.clone(),
        path: line.path.clone(),
        query: query.finish(),
        headers: vec![("user-agent".to_owned(), caller.user_agent.clone())],
        client_ip: caller.address,
        host: line.host.clone(),
        secure: base_url.starts_with("https://"),
        request_id: caller.request_id.clone(),
        brand: None,
    }))
}

/// The user that `for_user` names, if the caller may look through their eyes.
async fn for_user(app: &App, caller: &Caller, text: &str, may: bool) -> Result<Arc<Subject>, Problem> {
    let refused = |message: &str| Problem::new(http::StatusCode::BAD_REQUEST, json!({ "for_user": message }));
    let user: i64 = text.parse().map_err(|_| refused("for_user must be numerical"))?;
    if !may && !caller.may_on("authentik_core.view_user_applications", user.into()) {
        return Err(refused("User not found"));
    }
    Subject::load(app, user).await?.ok_or_else(|| refused("User not found"))
}

/// The list is what the caller may open, whatever they may see: only superusers who ask for it get all.
pub fn listing<'a>(rendering: &'a Rendering<'_>) -> BoxFuture<'a, Result<Listing, Problem>> {
    Box::pin(async move {
        let Rendering { app, caller, .. } = *rendering;
        if caller.superuser && rendering.flag("superuser_full_list", false) {
            return Ok(Listing { filter: Filter::True, open: true });
        }
        let subject = match rendering.parameter("for_user") {
            Some(text) => Some(for_user(app, caller, text, false).await?),
            None => match caller.user {
                Some(user) => Subject::load(app, user).await?,
                None => None,
            },
        };
        let request = PolicyRequest::new(subject).over(http_of(caller, rendering.base_url));
        let snapshot = app.store().snapshot();
        let launchable = rendering.flag("only_with_launch_url", false);
        let mut allowed = Vec::new();
        for application in snapshot.all::<Application>().iter() {
            if launchable && application.launch_url(app, &snapshot, None).is_none() {
                continue;
            }
            if check(app, application, &request).await.passing {
                allowed.push(application.base.pk.0);
            }
        }
        Ok(Listing { filter: Filter::any_of("pk", allowed), open: true })
    })
}

/// Whether the caller, or the user a superuser names, may open the application.
pub fn check_access(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let app = &call.app;
        let application: Application = call.target()?.clone().to()?;
        let superuser = call.caller.superuser;
        let subject = match call.parameter("for_user").filter(|_| superuser) {
            Some(text) => Some(for_user(app, &call.caller, text, true).await?),
            None => match call.caller.user {
                Some(user) => Subject::load(app, user).await?,
                None => None,
            },
        };
        let path = format!("/api/v3/core/applications/{}/check_access/", application.slug);
        let http = Arc::new(HttpInfo::of_call(call, "GET", &path));
        let result = check(app, &application, &PolicyRequest::new(subject).over(Some(http))).await;
        // What policies say is for the person or for those who run the installation, not for whoever asks.
        let messages: Vec<Json> =
            if superuser { result.messages.into_iter().map(Json::from).collect() } else { Vec::new() };
        Ok(Reply::ok(json!({"passing": result.passing, "messages": messages, "log_messages": []})))
    })
}

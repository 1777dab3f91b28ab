//! Small operations on flows.

use feature::{BoxFuture, Call, Problem, Reply};
use serde_json::{Value as Json, json};

pub fn execute(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let slug = call.target()?.text("slug");
        Ok(Reply::ok(json!({ "link": format!("{}/if/flow/{slug}/", call.base_url()) })))
    })
}

/// Plans are made when they are needed, so there is nothing to count.
pub fn cache_info(_: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move { Ok(Reply::ok(json!({ "count": 0 }))) })
}

pub fn cache_clear(_: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move { Ok(Reply::no_content()) })
}

/// Tells what people can set up for themselves. A feature with such stages adds to the list.
pub fn user_settings(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let snapshot = call.app.store().snapshot();
        let mut all = Vec::new();
        for (model, title, component) in SETTINGS {
            for row in snapshot.rows(model) {
                let Some(key) = row.key().filter(|_| !row.get("configure_flow").is_null()) else { continue };
                all.push(json!({
                    "object_uid": key,
                    "component": component,
                    "title": title,
                    "configure_url": format!("/flows/-/configure/{key}/"),
                }));
            }
        }
        Ok(Reply::ok(Json::Array(all)))
    })
}

/// Kinds of stages with a flow to set them up, the heading and the component they are shown by.
const SETTINGS: &[(&str, &str, &str)] =
    &[("authentik_stages_password.passwordstage", "Password Stage", "ak-user-settings-password")];

//! What the API adds to an application.

use feature::{BoxFuture, Change, Computed, Input, Kind, Method, Operation, Permission, Problem, Rendering, parameter};
use object::{Id, Record};
use serde_json::{Value as Json, json};

use super::{Application, access, launch};
use crate::provider::shown;

pub const KIND: Kind = Kind::of::<Application>()
    .check(check)
    .privileged_inputs(&[Input { name: "icon", schema: r#"{"type":"string","minLength":1}"#, required: false }])
    .listing(
        access::listing,
        &[
            parameter::integer("for_user"),
            parameter::boolean("only_with_launch_url"),
            parameter::boolean("superuser_full_list"),
        ],
    )
    .computed(&[
        Computed { name: "provider_obj", schema: PROVIDER, required: true, render: provider_obj },
        Computed {
            name: "backchannel_providers_obj",
            schema: r##"{"type":"array","items":{"$ref":"#/components/schemas/Provider"}}"##,
            required: true,
            render: backchannel_providers_obj,
        },
        Computed { name: "launch_url", schema: TEXT, required: true, render: launch_url },
        Computed { name: "meta_icon_url", schema: TEXT, required: true, render: meta_icon_url },
        Computed {
            name: "meta_icon_themed_urls",
            schema: r##"{"allOf":[{"$ref":"#/components/schemas/ThemedUrls"}],"nullable":true}"##,
            required: true,
            render: meta_icon_themed_urls,
        },
    ])
    .operations(&[Operation {
        id: "core_applications_check_access_retrieve",
        method: Method::Get,
        path: "core/applications/{slug}/check_access/",
        permission: Permission::Authenticated,
        summary: "Find out whether a user may open the application.",
        request: "",
        response: r##"{"$ref":"#/components/schemas/PolicyTestResult"}"##,
        status: 200,
        parameters: &[parameter::integer("for_user")],
        run: access::check_access,
    }]);

const TEXT: &str = r#"{"type":"string","nullable":true}"#;
const PROVIDER: &str = r##"{"allOf":[{"$ref":"#/components/schemas/Provider"}]}"##;

/// Slugs that the addresses of providers use.
const RESERVED: [&str; 6] = ["authorize", "token", "device", "userinfo", "introspect", "revoke"];

fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let slug = change.record.text("slug");
        if change.differs("slug") && RESERVED.contains(&slug) {
            let message = format!("The slug '{slug}' is reserved and cannot be used for applications.");
            return Err(Problem::field("slug", message));
        }
        // Blueprints written for earlier versions call the picture so.
        if let Some(icon) = change.input.get("icon").and_then(Json::as_str).filter(|_| change.caller.superuser)
            && !change.given("meta_icon")
        {
            change.record.set("meta_icon", icon);
        }
        Ok(())
    })
}

type Rendered<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

fn provider_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    Box::pin(async move {
        let snapshot = rendering.store.snapshot();
        let one = |record: &Record| record.get("provider").as_key().map_or(Json::Null, |key| shown(&snapshot, key));
        Ok(records.iter().map(one).collect())
    })
}

fn backchannel_providers_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    Box::pin(async move {
        let snapshot = rendering.store.snapshot();
        let all = |record: &Record| {
            record.get("backchannel_providers").as_keys().iter().map(|key| shown(&snapshot, *key)).collect()
        };
        Ok(records.iter().map(all).collect())
    })
}

fn launch_url<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    Box::pin(async move {
        let user: Option<directory::User> = match rendering.caller.user {
            Some(user) => rendering.store.get(Id::<directory::User>(user)).await?,
            None => None,
        };
        let snapshot = rendering.store.snapshot();
        let one = |record: &Record| {
            let application: Application = record.clone().to()?;
            Ok(application.launch_url(rendering.app, &snapshot, user.as_ref()).map_or(Json::Null, Json::from))
        };
        records.iter().map(one).collect()
    })
}

fn meta_icon_url<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    Box::pin(async move { Ok(records.iter().map(|r| launch::icon_url(r.text("meta_icon"))).collect()) })
}

fn meta_icon_themed_urls<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    let themed = |record: &Record| {
        let icon = record.text("meta_icon");
        if !icon.contains("%(theme)s") {
            return Json::Null;
        }
        let url = |theme| launch::icon_url(&icon.replace("%(theme)s", theme));
        json!({"light": url("light"), "dark": url("dark")})
    };
    Box::pin(async move { Ok(records.iter().map(themed).collect()) })
}

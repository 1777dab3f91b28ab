//! What the API adds to every kind of source.

use feature::{BoxFuture, Call, Computed, Kind, Method, Operation, Permission, Problem, Rendering, Reply};
use object::Record;
use serde_json::{Value as Json, json};

use super::Source;
use super::kinds::kind_of;
use crate::application::launch::icon_url;

pub const KIND: Kind = Kind::of::<Source>()
    .computed(&[
        Computed { name: "icon_url", schema: TEXT, required: true, render: icon_urls },
        Computed {
            name: "icon_themed_urls",
            schema: r##"{"allOf":[{"$ref":"#/components/schemas/ThemedUrls"}],"nullable":true}"##,
            required: true,
            render: icon_themed_urls,
        },
    ])
    .operations(&[Operation {
        id: "sources_all_user_settings_list",
        method: Method::Get,
        path: "sources/all/user_settings/",
        permission: Permission::Authenticated,
        summary: "The sources that the caller can link their account with.",
        request: "",
        response: r##"{"type":"array","items":{"$ref":"#/components/schemas/UserSetting"}}"##,
        status: 200,
        parameters: &[],
        run: user_settings,
    }]);

const TEXT: &str = r#"{"type":"string","nullable":true}"#;

type Rendered<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

fn icon_urls<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    let one = |record: &Record| match record.text("icon") {
        "" => kind_of(rendering.app, record).and_then(|kind| (kind.icon)(record)).map_or(Json::Null, Json::from),
        icon => icon_url(icon),
    };
    let shown = records.iter().map(one).collect();
    Box::pin(async move { Ok(shown) })
}

fn icon_themed_urls<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    let themed = |record: &Record| {
        let icon = record.text("icon");
        if !icon.contains("%(theme)s") {
            return Json::Null;
        }
        let url = |theme| icon_url(&icon.replace("%(theme)s", theme));
        json!({"light": url("light"), "dark": url("dark")})
    };
    let shown = records.iter().map(themed).collect();
    Box::pin(async move { Ok(shown) })
}

/// Nobody can log in by a source yet, so there is nothing to link an account with.
fn user_settings(_: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async { Ok(Reply::ok(json!([]))) })
}

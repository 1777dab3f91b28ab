//! Accounts for programs, made in one call with a token to log in with.

use feature::change::{self, Context, Options};
use feature::{BoxFuture, Call, Problem, Reply};
use jiff::SignedDuration;
use object::{Field, Object, Record};
use serde_json::{Map, Value as Json, json};
use store::Filter;

use super::{User, uid_of};
use crate::form::Form;
use crate::group::Group;
use crate::token::Token;

/// Attribute that tells whether the tokens of a service account expire.
pub const TOKENS_EXPIRE: &str = "goauthentik.io/user/token-expires";
/// The folder that service accounts are listed in.
pub const PATH: &str = "goauthentik.io/service-accounts";
/// How long the token is good when nothing else was asked for.
const LIFETIME: SignedDuration = SignedDuration::from_hours(360 * 24);

pub fn run(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let app = &call.app;
        if !call.caller.may("authentik_core.add_token") {
            return Err(Problem::forbidden());
        }
        let mut form = Form::of(call)?;
        let name = match form.value(&Field::of::<String>("name", "").max(150)) {
            Some(object::Value::Text(name)) => name,
            _ => String::new(),
        };
        let create_group = form.flag("create_group", false);
        let expiring = form.flag("expiring", true);
        let expires = form.time("expires").unwrap_or_else(|| app.clock().after(LIFETIME));
        if form.is_fine("name") && app.store().exists(User::model(), Filter::eq("username", name.as_str())).await? {
            form.add_error("name", "This field must be unique.");
        }
        form.finish()?;
        if create_group && !call.caller.may("authentik_core.add_group") {
            return Err(Problem::forbidden());
        }

        let tx = app.store().begin().await?;
        let options = Options { privileged: true, refuse_unknown: true };
        let context = Context { app, store: &tx, caller: &call.caller, options };
        let mut groups = Vec::new();
        if create_group {
            let group = change::create(context, Group::model(), &map(json!({ "name": name }))).await?;
            groups.push(key_json(&group));
        }
        let user = json!({
            "username": name,
            "name": name,
            "type": "service_account",
            "attributes": { TOKENS_EXPIRE: expiring },
            "path": PATH,
            "groups": groups,
        });
        let user = change::create(context, User::model(), &map(user)).await?;
        let token = json!({
            "identifier": slug(&format!("service-account-{name}-password")),
            "intent": "app_password",
            "user": key_json(&user),
            "expires": expires.to_string(),
            "expiring": expiring,
        });
        let token = change::create(context, Token::model(), &map(token)).await?;
        tx.commit().await?;

        let pk = user.key().map(|k| k.to_string()).and_then(|k| k.parse().ok()).unwrap_or_default();
        let mut answer = json!({ "username": name, "user_uid": uid_of(app, pk), "user_pk": pk });
        if let Some(group) = groups.into_iter().next() {
            answer["group_pk"] = group;
        }
        answer["token"] = token.text("key").into();
        Ok(Reply::ok(answer))
    })
}

fn key_json(record: &Record) -> Json {
    record.key().map_or(Json::Null, |key| json!(key))
}

fn map(json: Json) -> Map<String, Json> {
    match json {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// The text as letters, digits, `-` and `_`.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => out.push(c.to_ascii_lowercase()),
            '-' | ' ' if !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    out.trim_matches(['-', '_']).to_owned()
}

//! Logins as the API shows them, and what happens when one is ended there.

use std::collections::HashMap;

use feature::{BoxFuture, Caller, Change, Computed, Problem, Rendering};
use object::{Id, Key, Object, Record, Value, render_value};
use serde_json::{Map, Value as Json};
use store::{Filter, Query};

use super::{AuthenticatedSession, Session, agent};

/// Whoever may not see all logins sees their own.
pub fn own(caller: &Caller) -> Filter {
    caller.user.map_or(Filter::False, |user| Filter::eq("user", user))
}

pub const COMPUTED: &[Computed] = &[
    Computed { name: "current", schema: r#"{"type":"boolean","readOnly":true}"#, required: true, render: current },
    Computed { name: "user_agent", schema: USER_AGENT, required: true, render: user_agent },
    Computed {
        name: "geo_ip",
        schema: r#"{"type":"object","nullable":true,"additionalProperties":{}}"#,
        required: true,
        render: nothing,
    },
    Computed {
        name: "asn",
        schema: r#"{"type":"object","nullable":true,"additionalProperties":{}}"#,
        required: true,
        render: nothing,
    },
    Computed { name: "last_ip", schema: r#"{"type":"string","readOnly":true}"#, required: true, render: last_ip },
    Computed {
        name: "last_user_agent",
        schema: r#"{"type":"string","readOnly":true}"#,
        required: true,
        render: last_user_agent,
    },
    Computed {
        name: "last_used",
        schema: r#"{"type":"string","format":"date-time","readOnly":true}"#,
        required: true,
        render: last_used,
    },
    Computed {
        name: "expires",
        schema: r#"{"type":"string","format":"date-time","readOnly":true}"#,
        required: true,
        render: expires,
    },
];

const USER_AGENT: &str = r#"{"type":"object","properties":{"device":{"type":"object","additionalProperties":{}},
"os":{"type":"object","additionalProperties":{}},"user_agent":{"type":"object","additionalProperties":{}},
"string":{"type":"string"}},"required":["device","os","string","user_agent"]}"#;

fn current<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    let ours = rendering.caller.session.map(Key::Uuid);
    Box::pin(async move { Ok(records.iter().map(|r| (ours.is_some() && r.key() == ours).into()).collect()) })
}

fn nothing<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move { Ok(vec![Json::Null; records.len()]) })
}

macro_rules! of_session {
    ($($name:ident: $field:literal;)*) => {$(
        fn $name<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
            Box::pin(of_sessions(rendering, records, |session| render_value(session.get($field))))
        }
    )*};
}
of_session! {
    last_ip: "last_ip";
    last_user_agent: "last_user_agent";
    last_used: "last_used";
    expires: "expires";
}

fn user_agent<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(of_sessions(rendering, records, |session| agent::describe(session.text("last_user_agent"))))
}

/// Something of the web session of each login.
async fn of_sessions(
    rendering: &Rendering<'_>,
    records: &[Record],
    value: impl Fn(&Record) -> Json,
) -> Result<Vec<Json>, Problem> {
    let keys: Vec<Value> = records.iter().map(|r| r.get("session").clone()).collect();
    let query = Query::filter(Filter::any_of("pk", keys));
    let found = rendering.store.records(Session::model(), &query).await?;
    let by_key: HashMap<Key, Record> = found.into_iter().filter_map(|s| Some((s.key()?, s))).collect();
    let one = |r: &Record| r.get("session").as_key().and_then(|k| by_key.get(&k)).map_or(Json::Null, &value);
    Ok(records.iter().map(one).collect())
}

/// The web session under a login that is ended must be worth nothing from that moment on.
pub fn deleting<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        debug_assert!(change.record.model.is_a(AuthenticatedSession::MODEL));
        let Some(session) = change.record.get("session").as_key() else { return Ok(()) };
        // Not deleted, as that would take the login along before whoever deletes it gets there.
        let dead = vec![
            ("key_hash", Value::Text(format!("ended {}", change.app.random().token(40)))),
            ("user", Value::Null),
            ("data", Value::Json(Json::Object(Map::new()))),
            ("expires", change.app.clock().now().into()),
        ];
        change.store.change(Session::model(), Filter::eq("pk", session), dead).await?;
        if let Some(login) = change.record.key().and_then(Id::from_key) {
            crate::news::announce_end(change.store, login).await?;
        }
        match change.record.get("user").as_int() {
            Some(user) => crate::news::announce(change.store, user).await,
            None => Ok(()),
        }
    })
}

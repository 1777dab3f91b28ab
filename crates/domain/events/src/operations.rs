//! Questions about events beside the list: the actions there are, how many of them, and by whom.

use std::collections::{BTreeMap, HashMap, HashSet};

use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply, parameter};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use object::{Choices, Object, Record};
use serde_json::{Value as Json, json};
use store::{Filter, Op, Query};

use crate::event::{Action, Event};

/// More events than this are not counted one by one.
const MOST: u64 = 50_000;

pub const ALL: &[Operation] = &[
    Operation {
        id: "events_events_actions_list",
        method: Method::Get,
        path: "events/events/actions/",
        permission: Permission::Authenticated,
        summary: "Lists what events can be about.",
        request: "",
        response: r##"{"type":"array","items":{"$ref":"#/components/schemas/TypeCreate"}}"##,
        status: 200,
        parameters: &[],
        run: actions,
    },
    Operation {
        id: "events_events_top_per_user_list",
        method: Method::Get,
        path: "events/events/top_per_user/",
        permission: Permission::Authenticated,
        summary: "Counts events by application.",
        request: "",
        response: r##"{"type":"array","items":{"$ref":"#/components/schemas/EventTopPerUser"}}"##,
        status: 200,
        parameters: &[parameter::text("action"), parameter::integer("top_n")],
        run: top_per_user,
    },
    Operation {
        id: "events_events_volume_list",
        method: Method::Get,
        path: "events/events/volume/",
        permission: Permission::Global("authentik_events.view_event"),
        summary: "Counts events by action over the last days.",
        request: "",
        response: r##"{"type":"array","items":{"$ref":"#/components/schemas/EventVolume"}}"##,
        status: 200,
        parameters: &[("history_days", r#"{"type":"number","default":7}"#)],
        run: volume,
    },
];

fn actions(_: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let one = |c: &object::Choice| {
            json!({
                "name": c.label,
                "description": "",
                "component": c.value,
                "model_name": "",
                "requires_enterprise": false,
                "deprecated": false,
            })
        };
        Ok(Reply::ok(Action::CHOICES.iter().map(one).collect()))
    })
}

fn top_per_user(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let action = call.parameter("action").unwrap_or_default();
        let top: usize = match call.parameter("top_n").map(str::parse) {
            None => 15,
            Some(Ok(n)) => n,
            Some(Err(_)) => return Err(Problem::field("top_n", "A valid integer is required.")),
        };
        if action.is_empty() || !call.caller.may("authentik_events.view_event") {
            return Ok(Reply::ok(json!([])));
        }
        let filter = Filter::eq("action", action)
            .and(Filter::IsNull { path: "context__authorized_application__pk".into(), null: false });
        let query = Query::filter(filter).order(&["-created"]).limit(MOST).columns_only();
        let mut by_app: HashMap<String, (Json, u64, HashSet<String>)> = HashMap::new();
        for record in call.app.store().records(Event::model(), &query).await? {
            let Some(app) = record.get("context").as_json().and_then(|c| c.get("authorized_application")) else {
                continue;
            };
            let user = record.get("user").as_json().and_then(|u| u.get("pk")).map(Json::to_string).unwrap_or_default();
            let entry = by_app.entry(app.to_string()).or_insert_with(|| (app.clone(), 0, HashSet::new()));
            entry.1 += 1;
            entry.2.insert(user);
        }
        let mut rows: Vec<_> = by_app.into_values().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.1));
        let one = |(app, count, users): (Json, u64, HashSet<String>)| json!({ "application": app, "counted_events": count, "unique_users": users.len() });
        Ok(Reply::ok(rows.into_iter().take(top).map(one).collect()))
    })
}

fn volume(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let days: f64 = match call.parameter("history_days").map(str::parse) {
            None => 7.0,
            Some(Ok(days)) => days,
            Some(Err(_)) => return Err(Problem::field("history_days", "A valid number is required.")),
        };
        let back = SignedDuration::from_secs((days.clamp(0.0, 3660.0) * 86_400.0) as i64);
        let since = call.app.clock().after(-back);
        let mut filter = Filter::compare("created", Op::Ge, since);
        if let Some(action) = call.parameter("action") {
            filter = filter.and(Filter::eq("action", action));
        }
        let several: Vec<&str> = call.query.iter().filter(|(k, _)| k == "actions").map(|(_, v)| v.as_str()).collect();
        if !several.is_empty() {
            filter = filter.and(Filter::any_of("action", several));
        }
        let query = Query::filter(filter).order(&["-created"]).limit(MOST).columns_only();
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        for record in call.app.store().records(Event::model(), &query).await? {
            *counts.entry((slot(&record), record.text("action").to_owned())).or_default() += 1;
        }
        let one = |((time, action), count)| json!({ "time": time, "action": action, "count": count });
        Ok(Reply::ok(counts.into_iter().map(one).collect()))
    })
}

/// The quarter of the day that an event lies in.
fn slot(record: &Record) -> String {
    let at = record.get("created").as_time().unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    format!("{}T{:02}:00:00", at.date(), at.hour() / 6 * 6)
}

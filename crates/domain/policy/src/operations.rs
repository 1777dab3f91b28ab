//! Operations of the API on policies: trying one, and the cache that is not there.

use std::sync::Arc;

use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply};
use object::{FieldErrors, Key, Record};
use serde_json::{Map, Value as Json, json};

use crate::engine;
use crate::expression::{LogLine, Logs};
use crate::request::{Context, HttpInfo, PolicyRequest};
use crate::subject::Subject;

const POLICY: &str = "authentik_policies.policy";

pub const ALL: &[Operation] = &[
    Operation {
        id: "policies_all_test_create",
        method: Method::Post,
        path: "policies/all/{policy_uuid}/test/",
        // SECURITY: a trial runs code. It runs the policy as it is stored, and only for those who may change it.
        permission: Permission::Target("authentik_policies.change_policy"),
        summary: "Try a policy for a user.",
        request: r##"{"$ref": "#/components/schemas/PolicyTestRequest"}"##,
        response: r##"{"$ref": "#/components/schemas/PolicyTestResult"}"##,
        status: 200,
        parameters: &[],
        run: test,
    },
    Operation {
        id: "policies_all_cache_info_retrieve",
        method: Method::Get,
        path: "policies/all/cache_info/",
        permission: Permission::Global("authentik_policies.view_policy_cache"),
        summary: "Number of results in the cache of policies. Results are not cached, so it is always zero.",
        request: "",
        response: r##"{"$ref": "#/components/schemas/Cache"}"##,
        status: 200,
        parameters: &[],
        run: cache_info,
    },
    Operation {
        id: "policies_all_cache_clear_create",
        method: Method::Post,
        path: "policies/all/cache_clear/",
        permission: Permission::Global("authentik_policies.clear_policy_cache"),
        summary: "Empty the cache of policies, which holds nothing.",
        request: "",
        response: "",
        status: 204,
        parameters: &[],
        run: cache_clear,
    },
];

/// Components of the OpenAPI document that the operations refer to.
pub const COMPONENTS: &[(&str, &str)] = &[
    (
        "PolicyTestRequest",
        r#"{"type": "object", "description": "Whom to try a policy for, and in which context.", "properties": {
            "user": {"type": "integer"}, "context": {"type": "object", "additionalProperties": {}}}, "required": ["user"]}"#,
    ),
    (
        "PolicyTestResult",
        r##"{"type": "object", "description": "What a policy said when it was tried.", "properties": {
            "passing": {"type": "boolean"}, "messages": {"type": "array", "items": {"type": "string"}, "readOnly": true},
            "log_messages": {"type": "array", "items": {"$ref": "#/components/schemas/LogEvent"}, "readOnly": true}},
            "required": ["log_messages", "messages", "passing"]}"##,
    ),
    (
        "Cache",
        r#"{"type": "object", "description": "How much a cache holds.", "properties": {
            "count": {"type": "integer", "readOnly": true}}, "required": ["count"]}"#,
    ),
    (
        "LogEvent",
        r##"{"type": "object", "description": "A line of the log.", "properties": {
            "timestamp": {"type": "string", "format": "date-time"}, "log_level": {"$ref": "#/components/schemas/LogLevelEnum"},
            "logger": {"type": "string"}, "event": {"type": "string"},
            "attributes": {"type": "object", "additionalProperties": {}}},
            "required": ["attributes", "event", "log_level", "logger", "timestamp"]}"##,
    ),
    (
        "LogLevelEnum",
        r#"{"type": "string", "enum": ["critical", "exception", "error", "warn", "warning", "info", "debug", "notset"]}"#,
    ),
];

fn cache_info(_call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async { Ok(Reply::ok(json!({"count": 0}))) })
}

fn cache_clear(_call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async { Ok(Reply::no_content()) })
}

/// The user and the context of a trial, as the bodies of trials give them.
pub struct Trial {
    pub user: Option<Arc<Subject>>,
    pub context: Map<String, Json>,
}

impl Trial {
    /// Reads the body of a trial. The user must be one that the caller may see.
    pub async fn read(call: &Call, user_required: bool) -> Result<Self, Problem> {
        let input = call.input()?;
        let mut errors = FieldErrors::default();
        let mut user = None;
        match input.get("user") {
            None if user_required => errors.add("user", "This field is required."),
            Some(Json::Null) if user_required => errors.add("user", "This field may not be null."),
            None | Some(Json::Null) => {}
            Some(given) => match number(given) {
                None => {
                    errors.add("user", format!("Incorrect type. Expected pk value, received {}.", type_name(given)));
                }
                Some(key) => match Subject::load(&call.app, key).await? {
                    Some(found) => user = Some(found),
                    None => errors.add("user", format!("Invalid pk \"{key}\" - object does not exist.")),
                },
            },
        }
        let context = match input.get("context") {
            None => Map::new(),
            Some(Json::Object(map)) => map.clone(),
            Some(_) => {
                errors.add("context", "Value must be a dictionary, and not have any duplicate keys.");
                Map::new()
            }
        };
        errors.into_result().map_err(Problem::from)?;
        let key = user.as_ref().and_then(|u| u.key()).map(Key::Int);
        if key.is_some_and(|key| !call.caller.may_on("authentik_core.view_user", key)) {
            return Err(Problem::forbidden());
        }
        Ok(Self { user, context })
    }
}

fn number(json: &Json) -> Option<i64> {
    json.as_i64().or_else(|| json.as_str()?.trim().parse().ok())
}

fn type_name(json: &Json) -> &'static str {
    match json {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(_) => "float",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}

fn test(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let policy = stored(call).await?;
        let trial = Trial::read(call, true).await?;
        let path = format!("/api/v3/policies/all/{}/test/", call.segment("policy_uuid"));
        let mut request = PolicyRequest::new(trial.user)
            .with_context(Context::from_json(&trial.context))
            .over(Some(Arc::new(HttpInfo::of_call(call, "POST", &path))))
            .debug();
        let logs = Logs::default();
        request.logs = logs.clone();
        let result = engine::run(&call.app, &policy, &request).await;
        let lines: Vec<Json> = logs.take().into_iter().map(|line| shown(line, &request)).collect();
        Ok(Reply::ok(json!({"passing": result.passing, "messages": result.messages, "log_messages": lines})))
    })
}

/// The policy as the kind it is.
async fn stored(call: &Call) -> Result<Arc<Record>, Problem> {
    let key = call.target()?.key().ok_or_else(Problem::not_found)?;
    if let Some(row) = call.app.store().snapshot().concrete(POLICY, key) {
        return Ok(Arc::clone(row));
    }
    let root = call.app.store().model(POLICY)?;
    let found = call.app.store().concrete(root, key).await?;
    found.map(Arc::new).ok_or_else(|| Problem::no_such("Policy"))
}

/// A line as the API shows it, with what every line of a request carries.
fn shown(line: LogLine, request: &PolicyRequest) -> Json {
    let mut attributes = line.attributes;
    if let Some(http) = &request.http {
        attributes.insert("request_id".to_owned(), http.request_id.as_str().into());
        attributes.insert("host".to_owned(), http.host.as_str().into());
    }
    json!({
        "timestamp": object::render_value(&object::Value::Time(line.at)),
        "log_level": line.level,
        "logger": line.logger,
        "event": line.event,
        "attributes": attributes,
    })
}

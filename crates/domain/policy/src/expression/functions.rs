//! The functions that expressions call: `ak_user_by`, `ak_is_group_member` and their like.

use std::sync::Arc;

use events::Draft;
use expr::{Args, ExcType, HostFn, HostResult, Value};
use feature::{App, BoxFuture};
use object::{Kind, Record, Value as Cell};
use serde_json::{Map, Value as Json};
use store::Filter;

use super::environment::{Env, Slot, env, exception, unavailable};
use super::network;
use super::query_set::QuerySet;
use super::show;
use super::user::subject_of;
use crate::engine;
use crate::request::PolicyResult;
use crate::subject::{Subject, USER};

const MODULE: &str = "authentik.lib.expression.evaluator";

/// What `ak_create_jwt` and `ak_create_jwt_raw` ask for.
#[derive(Debug, Clone)]
pub struct Jwt {
    /// The user the token is for; `None` for raw claims.
    pub user: Option<Arc<Subject>>,
    /// The provider by key or by name.
    pub provider: Result<i64, String>,
    pub scopes: Vec<String>,
    /// `seconds=60`.
    pub validity: String,
    /// Claims of a raw token.
    pub claims: Option<Map<String, Json>>,
}

/// Makes tokens for expressions. Handed in by the crate of the provider.
pub struct JwtIssuer(pub for<'a> fn(&'a App, Jwt) -> BoxFuture<'a, Result<String, String>>);

/// All of them, by name.
pub fn all() -> Vec<(String, Value)> {
    let function = |name: &str, called: &str, signature: &'static str, body: fn(&Args<'_>) -> HostResult| {
        let function = HostFn::with_signature(signature, body).named(called).in_module(MODULE);
        (name.to_owned(), Value::from(function))
    };
    vec![
        function("ak_call_policy", "expr_func_call_policy", "expr_func_call_policy(name, **kwargs)", call_policy),
        function("ak_create_event", "expr_event_create", "expr_event_create(action, **kwargs)", create_event),
        function("ak_create_jwt", "expr_create_jwt", "expr_create_jwt(user, provider, scopes, validity=)", create_jwt),
        function(
            "ak_create_jwt_raw",
            "expr_create_jwt_raw",
            "expr_create_jwt_raw(provider, validity=, **kwargs)",
            create_jwt_raw,
        ),
        function(
            "ak_is_group_member",
            "expr_is_group_member",
            "expr_is_group_member(user, **group_filters)",
            is_group_member,
        ),
        function(
            "ak_send_email",
            "expr_send_email",
            "expr_send_email(address, subject, body=, stage=, template=, context=, cc=, bcc=)",
            |_| {
                refuse("ak_send_email is not available: expressions cannot send mail here. Use an email stage instead.")
            },
        ),
        function("ak_user_by", "expr_user_by", "expr_user_by(**filters)", user_by),
        function(
            "ak_user_has_authenticator",
            "expr_func_user_has_authenticator",
            "expr_func_user_has_authenticator(user, device_type=)",
            has_authenticator,
        ),
        function("list_flatten", "expr_flatten", "expr_flatten(value)", |args| match args.at(0) {
            Value::List(list) => HostResult::Ready(list.at(0).unwrap_or(Value::None)),
            other => HostResult::Ready(other.clone()),
        }),
        function("resolve_dns", "expr_resolve_dns", "expr_resolve_dns(host, ip_version=)", network::resolve),
        function("reverse_dns", "expr_reverse_dns", "expr_reverse_dns(ip_addr)", network::reverse),
        function("slugify", "slugify", "slugify(value, allow_unicode=)", slugify),
    ]
}

/// `ak_message`, which only policies have.
pub fn message() -> Value {
    static FUNCTION: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| {
        let add = HostFn::with_signature("expr_func_message(message)", |args| {
            let text = show::text(args.at(0));
            env(|env| {
                let mut messages = env.messages.lock();
                if messages.len() < 100 {
                    messages.push(text);
                }
                HostResult::Ready(Value::None)
            })
        });
        Value::from(add.in_module("authentik.policies.expression.evaluator"))
    });
    FUNCTION.clone()
}

/// What an expression may not do here, and what to do instead.
pub fn refuse(message: &str) -> HostResult {
    HostResult::raise(&ExcType::builtin("PermissionError"), message)
}

/// The arguments as text: calls with the same arguments have the same answer.
fn call_slot(name: &str, args: &Args<'_>) -> Slot {
    let mut text = name.to_owned();
    for value in args.positional {
        text.push_str(&format!("\u{1}{}", identity(value)));
    }
    for (name, value) in args.keyword {
        text.push_str(&format!("\u{2}{name}={}", identity(value)));
    }
    Slot::Call(text)
}

fn identity(value: &Value) -> String {
    match super::row::key_of(value) {
        Some(key) => format!("{} {key}", value.type_name()),
        None => show::text(value),
    }
}

fn is_group_member(args: &Args<'_>) -> HostResult {
    let Some(user) = subject_of(args.at(0)) else {
        // Nobody is a member of nothing.
        return HostResult::Ready(Value::Bool(false));
    };
    env(|env| {
        let mut groups = match QuerySet::groups_of(&env, &user, true) {
            Ok(groups) => groups,
            Err(refused) => return refused,
        };
        for (path, value) in args.extra() {
            groups = match groups.narrowed(&env, path, value, false) {
                Ok(groups) => groups,
                Err(refused) => return refused,
            };
        }
        groups.exists(&env, call_slot("is_group_member", args))
    })
}

fn user_by(args: &Args<'_>) -> HostResult {
    env(|env| {
        let Ok(model) = env.app.store().model(USER) else { return HostResult::Ready(Value::None) };
        let mut users = QuerySet::of(model);
        for (path, value) in args.extra() {
            users = match users.narrowed(&env, path, value, false) {
                Ok(users) => users,
                // COMPAT: a condition that cannot be finds nobody rather than raise.
                Err(_) => return HostResult::Ready(Value::None),
            };
        }
        users.first(&env, call_slot("user_by", args))
    })
}

/// Devices are the kinds whose names end with `device` and that belong to a user.
fn has_authenticator(args: &Args<'_>) -> HostResult {
    let wanted = args.some(1).map(show::text);
    let Some(user) = subject_of(args.at(0)).and_then(|u| u.key()) else { return HostResult::Ready(Value::Bool(false)) };
    env(|env| {
        env.once(call_slot("has_authenticator", args), move |env| {
            Box::pin(async move {
                let store = env.app.store();
                for model in store.catalogue().models() {
                    let Some(kind) = model.schema.model_name().strip_suffix("device") else { continue };
                    let owned = matches!(model.field("user").map(|f| f.kind), Some(Kind::Ref { target: USER, .. }));
                    if model.schema.family || !owned || wanted.as_ref().is_some_and(|w| w != kind) {
                        continue;
                    }
                    let mut filter = Filter::eq("user", Cell::Int(user));
                    if model.field("confirmed").is_some() {
                        filter = filter.and(Filter::eq("confirmed", true));
                    }
                    if store.exists(model, filter).await.map_err(|e| unavailable(&e))? {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            })
        })
    })
}

fn create_event(args: &Args<'_>) -> HostResult {
    let action = show::text(args.at(0));
    env(|env| {
        let mut context: Map<String, Json> = Map::new();
        if let Some(user) = &env.scope.request.user {
            context.insert("user".to_owned(), super::user::summary(user));
        }
        for (name, value) in args.extra() {
            context.insert(name.to_string(), show::show(value));
        }
        let mut events = env.events.lock();
        if events.len() >= 100 {
            return HostResult::raise(&ExcType::builtin("RuntimeError"), "an expression may create at most 100 events");
        }
        events.push(Draft::custom(&action, &env.scope.name).with_all(context));
        HostResult::Ready(Value::None)
    })
}

fn call_policy(args: &Args<'_>) -> HostResult {
    let name = show::text(args.at(0));
    let extra: Vec<(String, Value)> = args.extra().map(|(k, v)| (k.to_string(), v.clone())).collect();
    let slot = call_slot("call_policy", args);
    env(|env| env.act(slot, move |env| Box::pin(async move { called(&env, &name, extra).await })))
}

async fn called(env: &Arc<Env>, name: &str, extra: Vec<(String, Value)>) -> super::environment::Answer {
    let Some(policy) = policy_named(env, name) else {
        let text = format!("Policy '{name}' not found.");
        return Err(exception(&ExcType::builtin("ValueError"), text));
    };
    let mut request = env.scope.request.clone();
    request.context = request.context.copy();
    request.depth += 1;
    for (name, value) in extra {
        request.context.set(&name, value);
    }
    // Boxed: the policy may be an expression that calls a policy.
    let result = Box::pin(engine::run(&env.app, &policy, &request)).await;
    Ok(result_value(&result))
}

fn policy_named(env: &Env, name: &str) -> Option<Arc<Record>> {
    let kinds = env.app.store().catalogue().kinds("authentik_policies.policy");
    kinds.iter().find_map(|m| env.snapshot.rows(m.name()).iter().find(|row| row.text("name") == name).cloned())
}

fn result_value(result: &PolicyResult) -> Value {
    let messages: Vec<Value> = result.messages.iter().map(Value::str).collect();
    let passing = if result.passing { "True" } else { "False" };
    let text = if result.messages.is_empty() {
        format!("PolicyResult passing={passing}")
    } else {
        format!("PolicyResult passing={passing} messages=[{}]", result.messages.join(", "))
    };
    super::Namespace::new("PolicyResult")
        .with("passing", result.passing)
        .with("messages", Value::tuple(messages))
        .with("source_binding", Value::None)
        .with("source_results", Value::None)
        .shown_as(text)
        .value()
}

fn provider_of(value: &Value) -> Result<i64, String> {
    match super::row::key_of(value) {
        Some(object::Key::Int(key)) => Ok(key),
        _ => Err(show::text(value)),
    }
}

fn create_jwt(args: &Args<'_>) -> HostResult {
    let scopes = match args.at(2) {
        Value::List(list) => list.to_vec().iter().map(show::text).collect(),
        Value::Tuple(tuple) => tuple.items().iter().map(show::text).collect(),
        one => show::text(one).split(' ').map(str::to_owned).collect(),
    };
    let Some(user) = subject_of(args.at(0)) else {
        return HostResult::type_error("ak_create_jwt needs a user");
    };
    let validity = args.some(3).map_or_else(|| "seconds=60".to_owned(), show::text);
    let jwt = Jwt { user: Some(user), provider: provider_of(args.at(1)), scopes, validity, claims: None };
    env(|env| {
        if env.scope.request.http.is_none() {
            return HostResult::Ready(Value::None);
        }
        issue(&env, call_slot("create_jwt", args), jwt)
    })
}

fn create_jwt_raw(args: &Args<'_>) -> HostResult {
    let claims = args.extra().map(|(name, value)| (name.to_string(), show::show(value))).collect();
    let validity = args.some(1).map_or_else(|| "seconds=60".to_owned(), show::text);
    let jwt = Jwt { user: None, provider: provider_of(args.at(0)), scopes: Vec::new(), validity, claims: Some(claims) };
    env(|env| issue(&env, call_slot("create_jwt_raw", args), jwt))
}

fn issue(env: &Arc<Env>, slot: Slot, jwt: Jwt) -> HostResult {
    let Some(issuer) = env.app.service::<JwtIssuer>() else {
        return refuse("No provider that could sign tokens is part of this installation.");
    };
    env.act(slot, move |env| {
        Box::pin(async move {
            let made = (issuer.0)(&env.app, jwt).await;
            made.map(Value::from).map_err(|text| exception(&ExcType::builtin("ValueError"), text))
        })
    })
}

/// Lower case, with `-` between words and nothing but letters, digits, `_` and `-`.
fn slugify(args: &Args<'_>) -> HostResult {
    let mut slug = String::new();
    for c in show::text(args.at(0)).to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' | '_' => slug.push(c),
            '-' | ' ' | '\t' | '\n' if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    HostResult::Ready(Value::str(slug.trim_matches(['-', '_'])))
}

//! What is checked and shown of tokens.

use std::collections::HashMap;

use feature::{App, BoxFuture, Caller, Change, Computed, Doing, Installation, Problem, Rendering, Through};
use jiff::{SignedDuration, Timestamp};
use object::{Choices, Id, Key, Object, Record, Value};
use serde_json::Value as Json;
use store::{Filter, Query};

use super::{Intent, Token};
use crate::user::{User, computed, service_account_tokens_expire};

/// Attribute that bounds the lifetime of a user's app passwords.
const MAXIMUM: &str = "goauthentik.io/user/token-maximum-lifetime";

pub const PRIVILEGED_INPUTS: &[feature::Input] =
    &[feature::Input { name: "key", schema: r#"{"type":"string"}"#, required: false }];

pub const COMPUTED: &[Computed] = &[Computed {
    name: "user_obj",
    schema: r##"{"allOf":[{"$ref":"#/components/schemas/User"}],"readOnly":true}"##,
    required: true,
    render: user_obj,
}];

/// When a token that is made now stops to be good, when nothing else is said.
fn usual_end(app: &App) -> Timestamp {
    match Installation::of(app).span("default_token_duration") {
        Some(span) => span.after(app.clock().now()),
        None => app.clock().after(SignedDuration::from_mins(30)),
    }
}

/// How many characters a new secret has.
fn usual_length(app: &App) -> usize {
    let asked = Installation::of(app).number("default_token_length").unwrap_or(60);
    usize::try_from(asked).unwrap_or(60).clamp(1, 1024)
}

/// Whoever may not see all tokens sees their own.
pub fn own(caller: &Caller) -> Filter {
    caller.user.map_or(Filter::False, |user| Filter::eq("user", user))
}

pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        if change.doing == Doing::Create {
            change.record.set("key", change.app.random().token(usual_length(change.app)));
        }
        if change.caller.through == Through::System {
            return check_privileged(change);
        }
        check_owner(change)?;
        check_intent(change)?;
        let owner = change.record.get("user").as_int().unwrap_or_default();
        let Some(user) = change.store.get::<User>(Id::<User>(owner)).await? else {
            return Err(Problem::field("user", format!("Invalid pk \"{owner}\" - object does not exist.")));
        };
        if change.doing == Doing::Create && !change.caller.superuser && change.caller.user == Some(owner) {
            let expire = service_account_tokens_expire(&user).unwrap_or(true);
            if expire {
                change.record.set("expiring", true);
            } else if !change.given("expiring") {
                change.record.set("expiring", false);
            }
        }
        check_lifetime(change, &user)
    })
}

/// Blueprints and the program itself may set everything, the key too.
fn check_privileged(change: &mut Change<'_>) -> Result<(), Problem> {
    if let Some(key) = change.input.get("key").filter(|k| !k.is_null()) {
        let Some(key) = key.as_str().filter(|k| !k.is_empty()) else {
            return Err(Problem::field("key", "Not a valid string."));
        };
        change.record.set("key", key);
    }
    if change.record.get("user").is_null() {
        return Err(Problem::field("user", "This field is required."));
    }
    if change.doing == Doing::Create && !change.given("expires") {
        change.record.set("expires", usual_end(change.app));
    }
    Ok(())
}

/// SECURITY: a token is made for oneself, and never changes hands; only who may add tokens for anybody says for whom.
fn check_owner(change: &mut Change<'_>) -> Result<(), Problem> {
    if let Some(before) = change.before {
        let owner = before.get("user").clone();
        if *change.record.get("user") != owner && !change.caller.superuser {
            change.record.set("user", owner);
        }
        return Ok(());
    }
    let Some(own) = change.caller.user else { return Err(Problem::unauthenticated()) };
    if change.record.get("user").is_null() || !change.caller.superuser {
        change.record.set("user", own);
    }
    Ok(())
}

fn check_intent(change: &mut Change<'_>) -> Result<(), Problem> {
    if change.doing == Doing::Create && !change.given("intent") {
        change.record.set("intent", Intent::Api.as_str());
    }
    if !change.differs("intent") {
        return Ok(());
    }
    let intent = change.record.text("intent").to_owned();
    if ![Intent::Api.as_str(), Intent::AppPassword.as_str()].contains(&intent.as_str()) {
        return Err(Problem::field("intent", format!("Invalid intent {intent}")));
    }
    if let Some(before) = change.before
        && !change.caller.superuser
    {
        // What a token is good for is part of what its owner was given.
        let old = before.get("intent").clone();
        change.record.set("intent", old);
    }
    Ok(())
}

fn check_lifetime(change: &mut Change<'_>, user: &User) -> Result<(), Problem> {
    let usual = usual_end(change.app);
    let is_app_password = change.record.text("intent") == Intent::AppPassword.as_str();
    if !is_app_password {
        // The lifetime of a token for the API is not its owner's to choose.
        match change.before {
            None => _ = change.record.set("expires", usual),
            Some(before) if !change.caller.superuser => {
                let old = before.get("expires").clone();
                change.record.set("expires", old);
            }
            Some(_) => {}
        }
        return Ok(());
    }
    let attributes = user.group_attributes(&change.app.store().snapshot());
    let limit = attributes.get(MAXIMUM).and_then(Json::as_str).and_then(|t| clock::TimeDelta::parse(t).ok());
    let limit = limit.map(|d| d.after(change.app.clock().now()));
    if change.given("expires") && change.differs("expires") {
        let privileged = change.caller.superuser && limit.is_none();
        let latest = limit.unwrap_or(usual);
        let wanted = change.record.get("expires").as_time();
        if !privileged && wanted.is_none_or(|w| w > latest) && !is_service_token(change, user) {
            let text = format!("Token expires exceeds maximum lifetime ({latest} UTC).");
            return Err(Problem::field("expires", text));
        }
    } else if change.before.is_none() {
        change.record.set("expires", limit.unwrap_or(usual));
    }
    Ok(())
}

/// The token that comes with a new service account lives as long as was asked for with the account.
fn is_service_token(change: &Change<'_>, user: &User) -> bool {
    user.r#type == crate::user::UserType::ServiceAccount
        && change.doing == Doing::Create
        && change.caller.may("authentik_core.add_token")
}

fn user_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move {
        let keys: Vec<Value> = records.iter().map(|r| r.get("user").clone()).collect();
        let found = rendering.store.records(User::model(), &Query::filter(Filter::any_of("pk", keys))).await?;
        let by_key: HashMap<Key, Record> = found.into_iter().filter_map(|u| Some((u.key()?, u))).collect();
        let snapshot = rendering.app.store().snapshot();
        let one = |r: &Record| {
            let user = r.get("user").as_key().and_then(|k| by_key.get(&k));
            user.map_or(Json::Null, |u| computed::full(rendering.app, &snapshot, u))
        };
        Ok(records.iter().map(one).collect())
    })
}

/// Expired tokens: those that were to be used once vanish, the others get a new key, so that a program that kept one is
/// shut out while its entry stays.
pub fn expire(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        let now = app.clock().now();
        let past = || {
            let by_time = Filter::compare("expires", store::Op::Lt, now);
            by_time.and(Filter::eq("expiring", true))
        };
        let once = [Intent::Verification.as_str(), Intent::Recovery.as_str()];
        app.store().delete_where(Token::model(), past().and(Filter::any_of("intent", once))).await?;
        for token in app.store().find::<Token>(&Query::filter(past()).limit(1000)).await? {
            let set = vec![
                ("key", Value::Text(app.random().token(usual_length(app)))),
                ("expires", Value::Time(usual_end(app))),
            ];
            let same = Filter::eq("pk", token.pk).and(Filter::eq("key", token.key.as_str()));
            app.store().change(Token::model(), same, set).await?;
            events::Draft::new(events::Action::SecretRotate, "authentik.core.models")
                .with("message", format!("Token {}'s secret was rotated.", token.identifier))
                .with("token", events::reference(&token.to_record()))
                .record(app)
                .await;
        }
        Ok(())
    })
}

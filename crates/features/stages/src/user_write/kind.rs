//! What is written, and into whose account.
//!
//! SECURITY: the fields come from prompts, so an administrator chose their names and a stranger their values. Only plain
//! fields of the user are written; groups, roles and anything that decides about power are not among them.

use directory::{User, password};
use events::{Action, Draft};
use feature::{Caller, Problem, Through, change};
use flow::context::{GROUPS, USER_PATH, USER_TYPE};
use flow::{Answer, Challenge, INITIAL_SETUP, Next, PendingUser, StageKind, Visit};
use object::{Choices, Key, Object, Record, Uuid, Value};
use serde_json::{Map, Value as Json};
use store::{Filter, Op, Store};

use super::{NewUserType, UserCreationMode, UserWriteStage};
use crate::password::Backend;

const NO_DATA: &str = "No Pending data.";
const NO_USER: &str = "No user found and can't create new user.";
const FAILED: &str = "Failed to update user. Please try again later.";
/// Where new accounts lie unless told otherwise.
const PATH: &str = "users";
/// The fields that may be written as they are.
const FIELDS: [&str; 6] = ["username", "name", "email", "is_active", "path", "type"];

/// Writes the account.
pub struct UserWrite;

impl StageKind for UserWrite {
    type Config = UserWriteStage;
    const COMPONENT: &'static str = "ak-stage-user-write";
    const SILENT: bool = true;

    async fn enter(&self, visit: &mut Visit, stage: &UserWriteStage) -> Result<Next, Problem> {
        match write(visit, stage).await {
            Ok(()) => Ok(Next::Pass),
            Err(Refusal::Say(text)) => Ok(Next::Deny(Some(text.to_owned()))),
            Err(Refusal::Fault(problem)) if problem.status.is_client_error() => {
                tracing::info!(flow = visit.flow.slug, "A user could not be written: {}", problem.body);
                Ok(Next::Deny(Some(FAILED.to_owned())))
            }
            Err(Refusal::Fault(problem)) => Err(problem),
        }
    }
    async fn challenge(&self, _: &mut Visit, _: &UserWriteStage) -> Result<Challenge, Problem> {
        Ok(Challenge::new(Self::COMPONENT))
    }
    async fn answer(&self, visit: &mut Visit, stage: &UserWriteStage, _: &Answer) -> Result<Next, Problem> {
        self.enter(visit, stage).await
    }
}

enum Refusal {
    Say(&'static str),
    Fault(Problem),
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

async fn write(visit: &mut Visit, stage: &UserWriteStage) -> Result<(), Refusal> {
    if !visit.plan.context.has(flow::context::PROMPT_DATA) {
        return Err(Refusal::Say(NO_DATA));
    }
    let data = visit.plan.context.prompt_data();
    let existing = match (stage.user_creation_mode, visit.user()) {
        (UserCreationMode::AlwaysCreate, _) => None,
        (_, Some(PendingUser::Known(_))) => Some(visit.load_user().await?.ok_or(Refusal::Say(NO_USER))?),
        // Somebody was named who does not exist: an account of that name must not come out of that.
        (_, Some(PendingUser::Pretended(_))) => return Err(Refusal::Say(NO_USER)),
        (UserCreationMode::NeverCreate, None) => return Err(Refusal::Say(NO_USER)),
        (UserCreationMode::CreateWhenRequired, None) => None,
    };
    let before = existing.as_ref().map(Object::to_record);
    let (input, new_password) = collect(visit, stage, before.as_ref(), &data);
    let app = visit.app().clone();
    refuse_collisions(app.store(), before.as_ref(), &input).await?;
    if before.is_none() && input.get("username").and_then(Json::as_str).is_none_or(|n| n.trim().is_empty()) {
        return Err(Refusal::Say("Unknown error"));
    }
    // Hashing takes its time and must not hold the database.
    let hash = match &new_password {
        Some(text) => Some(password::hash(&app, text).await?),
        None => None,
    };
    let caller = acting(visit.caller());
    let tx = app.store().begin().await?;
    let context = change::Context { app: &app, store: &tx, caller: &caller, options: change::Options::default() };
    let record = match &before {
        Some(before) => change::update(context, before, &input, true).await?,
        None => change::create(context, User::model(), &input).await?,
    };
    let user: User = record.to().map_err(Problem::from)?;
    if let Some(hash) = hash {
        // Only the session of whoever changes their own password goes on.
        let own = (visit.at.user() == Some(user.pk.0)).then(|| visit.at.browser.id()).flatten();
        password::keep_hash(&app, &tx, &caller, &user, hash, own).await?;
        // SECURITY: in the same transaction, so that of two first visitors one is refused.
        if visit.flow.slug == INITIAL_SETUP {
            directory::setup::finish_in(&app, &tx).await?;
        }
    }
    Draft::new(Action::UserWrite, "authentik.events.signals")
        .user(&user.subject())
        .with("created", before.is_none())
        .with_all(flow::Context(data).cleansed().as_object().cloned().unwrap_or_default())
        .by(visit.caller())
        .emit(&app, &tx)
        .await?;
    tx.commit().await?;
    let is_same = visit.plan.context.pending_user() == Some(PendingUser::Known(user.pk.0));
    if !is_same {
        visit.set_user(&PendingUser::Known(user.pk.0));
    }
    if before.is_none() {
        visit.set_authenticated(Backend::Inbuilt.as_str(), "password", Map::new());
    }
    visit.forget_user();
    Ok(())
}

/// The flow acts, not the person: what a flow may do is decided by who may go through it.
fn acting(caller: &Caller) -> Caller {
    Caller { superuser: true, through: Through::System, ..caller.clone() }
}

/// What to write, by wire name, and the password apart.
fn collect(
    visit: &Visit,
    stage: &UserWriteStage,
    before: Option<&Record>,
    data: &Map<String, Json>,
) -> (Map<String, Json>, Option<String>) {
    let mut input = Map::new();
    let mut password = None;
    let mut attributes = match before.map(|b| b.get("attributes")) {
        Some(Value::Json(Json::Object(map))) => map.clone(),
        _ => Map::new(),
    };
    let had = attributes.clone();
    if before.is_none() {
        let context = &visit.plan.context;
        let path = context.text(USER_PATH).unwrap_or(&stage.user_path_template);
        input.insert("path".into(), if path.is_empty() { PATH } else { path }.into());
        input.insert("type".into(), new_type(context.text(USER_TYPE), stage.user_type).as_str().into());
        input.insert("is_active".into(), (!stage.create_users_as_inactive).into());
        input.insert("name".into(), "".into());
        let mut groups: Vec<Json> = stage.create_users_group.iter().map(|g| g.to_string().into()).collect();
        groups.extend(context.get(GROUPS).and_then(Json::as_array).into_iter().flatten().filter_map(group_key));
        if !groups.is_empty() {
            input.insert("groups".into(), groups.into());
        }
    }
    for (key, value) in data {
        match key.as_str() {
            "password" => password = value.as_str().filter(|p| !p.is_empty()).map(str::to_owned),
            "attributes" => {
                if let Json::Object(map) = value {
                    attributes.extend(map.clone());
                }
            }
            field if FIELDS.contains(&field) => _ = input.insert(field.to_owned(), value.clone()),
            other => {
                let path = other.strip_prefix("attributes.").map(str::to_owned);
                let path = path.or_else(|| other.strip_prefix("attributes_").map(|rest| rest.replace('_', ".")));
                if let Some(path) = path {
                    put(&mut attributes, &path, value.clone());
                } else {
                    tracing::debug!(field = other, "Not a field of users, and not written");
                }
            }
        }
    }
    if before.is_none() || attributes != had {
        input.insert("attributes".into(), Json::Object(attributes));
    }
    (input, password)
}

/// COMPAT: upstream makes no accounts of its own parts this way either.
fn new_type(wanted: Option<&str>, otherwise: NewUserType) -> NewUserType {
    match wanted.and_then(NewUserType::parse).unwrap_or(otherwise) {
        NewUserType::InternalServiceAccount => NewUserType::ServiceAccount,
        other => other,
    }
}

/// A group that a policy put into the flow's context: the object or its key.
fn group_key(value: &Json) -> Option<Json> {
    match value {
        Json::String(text) => Uuid::try_parse(text).ok().map(|k| k.to_string().into()),
        other => match flow::context::reference(other)? {
            ("authentik_core.group", Key::Uuid(key)) => Some(key.to_string().into()),
            _ => None,
        },
    }
}

/// Sets a value below a path of names, making mappings on the way.
fn put(map: &mut Map<String, Json>, path: &str, value: Json) {
    match path.split_once('.') {
        None => _ = map.insert(path.to_owned(), value),
        Some((first, rest)) => {
            let next = map.entry(first.to_owned()).or_insert_with(|| Json::Object(Map::new()));
            if !next.is_object() {
                *next = Json::Object(Map::new());
            }
            if let Json::Object(next) = next {
                put(next, rest, value);
            }
        }
    }
}

/// A name or an address that is another's already.
async fn refuse_collisions(store: &Store, before: Option<&Record>, input: &Map<String, Json>) -> Result<(), Refusal> {
    for field in ["username", "email"] {
        let Some(text) = input.get(field).and_then(Json::as_str).filter(|t| !t.is_empty()) else { continue };
        if before.is_some_and(|b| b.text(field) == text) {
            continue;
        }
        let mut filter = Filter::compare(field, Op::IEq, text);
        if let Some(key) = before.and_then(Record::key) {
            filter = filter.and(Filter::eq("pk", key).negate());
        }
        if store.exists(User::model(), filter).await? {
            return Err(Refusal::Say(FAILED));
        }
    }
    Ok(())
}

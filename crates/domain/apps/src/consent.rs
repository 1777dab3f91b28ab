//! Consents that people gave.

use std::collections::HashMap;
use std::sync::Arc;

use clock::Timestamp;
use feature::{App, BoxFuture, Caller, Change, Computed, Job, Kind, Problem, Rendering};
use object::{Id, Key, Model, Object, Record, Uuid};
use parking_lot::RwLock;
use serde_json::Value as Json;
use store::{Filter, Op, Query};

use crate::application::Application;

/// A person agreed that an application gets some of their data.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_core.userconsent",
    table = "authentik_core_userconsent",
    path = "core/user_consent",
    verbose = "User Consent",
    plural = "User Consents",
    api_name = "UserConsent",
    verbs = ["list", "retrieve", "destroy", "used_by"],
    filters = ["user", "application"],
    search = ["user__username"],
    ordering = ["user__username"],
    unique_together = [&["user", "application", "permissions"]],
    expires,
    no_blueprint
)]
pub struct UserConsent {
    #[field(key, counted, label = "ID")]
    pub pk: Id<Self>,
    /// When the consent ends.
    pub expires: Option<Timestamp>,
    /// Whether the consent ends at all.
    #[field(default_bool = true)]
    pub expiring: bool,
    /// Who agreed.
    #[field(to = "authentik_core.user", cascade)]
    pub user: i64,
    /// Who gets the data.
    #[field(cascade)]
    pub application: Id<Application>,
    /// The permissions that were agreed to, as the provider names them.
    #[field(blank)]
    pub permissions: String,
}

impl UserConsent {
    /// The consent of a user to an application, if it has not run out. `permissions` as the provider names them.
    pub async fn find(
        store: &store::Store,
        now: Timestamp,
        user: i64,
        application: Uuid,
        permissions: &str,
    ) -> store::Result<Option<Self>> {
        let filter = Filter::eq("user", user)
            .and(Filter::eq("application", application))
            .and(Filter::eq("permissions", permissions));
        let found: Option<Self> = store.first(filter).await?;
        Ok(found.filter(|c| !c.expiring || c.expires.is_none_or(|e| e > now)))
    }
}

pub const KIND: Kind = Kind::of::<UserConsent>()
    .own_rows(own)
    .own_changes()
    .deleting(deleting)
    .hidden(&["user", "application"])
    .display(|record| format!("User Consent {}", record.key().map(|k| k.to_string()).unwrap_or_default()))
    .computed(&[
        Computed { name: "user", schema: r##"{"$ref":"#/components/schemas/User"}"##, required: true, render: user },
        Computed {
            name: "application",
            schema: r##"{"$ref":"#/components/schemas/Application"}"##,
            required: true,
            render: application,
        },
    ]);

/// Runs in the transaction in which somebody takes a consent back, with that consent.
pub type Withdrawn = for<'a> fn(&'a Change<'_>, &'a UserConsent) -> BoxFuture<'a, Result<(), Problem>>;

#[derive(Default)]
struct Hooks(RwLock<Vec<Withdrawn>>);

/// Asks to be told when a consent is taken back: what was given to the application on the strength of it ends with it. A
/// consent that runs out by itself is no such case, it only has to be given again.
pub fn on_withdrawal(app: &App, hook: Withdrawn) {
    hooks(app).0.write().push(hook);
}

fn hooks(app: &App) -> Arc<Hooks> {
    app.shared()
}

fn deleting<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let consent: UserConsent = change.record.clone().to()?;
        let all = hooks(change.app).0.read().clone();
        for hook in all {
            hook(change, &consent).await?;
        }
        Ok(())
    })
}

pub const EXPIRE: Job = Job { name: "consents_expire", every: 3600, run: expire };

fn own(caller: &Caller) -> Filter {
    caller.user.map_or(Filter::False, |user| Filter::eq("user", user))
}

/// Removes what has run out.
fn expire(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        let past = Filter::compare("expires", Op::Lt, app.clock().now()).and(Filter::eq("expiring", true));
        app.store().delete_where(UserConsent::model(), past).await?;
        Ok(())
    })
}

fn user<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move { inside(rendering, records, "user", directory::User::model()).await })
}
fn application<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move { inside(rendering, records, "application", Application::model()).await })
}

/// What a reference leads to, as the API shows it: one query for all records.
async fn inside(
    rendering: &Rendering<'_>,
    records: &[Record],
    field: &str,
    target: &'static Model,
) -> Result<Vec<Json>, Problem> {
    let keys: Vec<Key> = records.iter().filter_map(|r| r.get(field).as_key()).collect();
    let mut wanted = keys.clone();
    wanted.sort_unstable();
    wanted.dedup();
    let found =
        rendering.store.records(target, &Query::filter(Filter::any_of(target.key_field().name, wanted))).await?;
    let shown = rendering.objects(&found).await?;
    let by_key: HashMap<Key, Json> = found.iter().filter_map(Record::key).zip(shown).collect();
    Ok(records
        .iter()
        .map(|r| r.get(field).as_key().and_then(|k| by_key.get(&k)).cloned().unwrap_or_default())
        .collect())
}

//! Users as objects: what Django's and authentik's user models offer beyond their fields.

use std::any::Any;
use std::sync::Arc;

use directory::User;
use expr::{HostArgs, HostObject, HostResult, Value};
use feature::App;
use object::{Key, Refs};
use serde_json::{Map, Value as Json, json};
use store::Snapshot;

use super::environment::{Env, Slot, current, env, unavailable};
use super::http_request::HttpRequest;
use super::query_set::QuerySet;
use super::{related, row};
use crate::binding::PolicyBinding;
use crate::engine;
use crate::subject::{Membership, Subject, set_extra};

/// The user as an expression sees it.
pub fn value(user: &Arc<Subject>) -> Value {
    Value::Host(Arc::clone(user) as Arc<dyn HostObject>)
}

/// The user behind a value.
pub fn subject_of(value: &Value) -> Option<Arc<Subject>> {
    value.downcast_host::<Subject>().map(Subject::me)
}

/// The user as events and trials name one.
pub fn summary(user: &Subject) -> Json {
    json!({"username": user.username(), "pk": user.key(), "email": user.record().text("email")})
}

/// What follows from the groups: at once when they are known, else after a query.
pub fn with_membership(
    env: &Arc<Env>,
    user: &Arc<Subject>,
    then: impl FnOnce(&Membership, &Snapshot) -> Value + Send + 'static,
) -> HostResult {
    if let Some(known) = user.known_membership(&env.snapshot) {
        return HostResult::Ready(then(&known, &env.snapshot));
    }
    let user = Arc::clone(user);
    // The load only brings the groups; what is asked of them is worked out when the instruction runs again.
    env.act(Slot::Call(format!("groups of {:?}", user.key())), move |env| {
        Box::pin(async move {
            let membership = user.membership(env.app.store()).await.map_err(|e| unavailable(&e))?;
            Ok(then(&membership, &env.snapshot))
        })
    })
}

/// The id by which applications know the user of this row.
pub fn uid_of(app: &App, record: &object::Record) -> String {
    record.clone().to::<User>().map(|user| user.uid(app)).unwrap_or_default()
}

/// The user as the crate `directory` knows it.
fn typed(user: &Subject) -> Option<User> {
    object::Record::clone(user.record()).to().ok()
}

impl Subject {
    /// A handle on this very user.
    fn me(&self) -> Arc<Self> {
        self.shared.upgrade().unwrap_or_else(|| Self::new(Arc::clone(self.record())))
    }
    fn groups(&self, all: bool) -> HostResult {
        env(|env| match QuerySet::groups_of(&env, &self.me(), all) {
            Ok(set) if all => HostResult::Ready(set.value()),
            Ok(set) => HostResult::Ready(set.manager("ManyRelatedManager").value()),
            Err(refused) => refused,
        })
    }
    fn group_attributes(&self, args: &HostArgs<'_>) -> HostResult {
        let request = args.positional.first().or_else(|| args.get("request"));
        let brand = request.and_then(|r| r.downcast_host::<HttpRequest>()).and_then(|r| r.info.brand.clone());
        let base =
            brand.and_then(|b| b.get("attributes").as_json().and_then(Json::as_object).cloned()).unwrap_or_default();
        let Some(mut user) = typed(self) else { return HostResult::Ready(Value::dict([])) };
        env(|env| {
            with_membership(&env, &self.me(), move |membership, snapshot| {
                user.groups = Refs(membership.direct.iter().filter_map(|k| object::Id::from_key(*k)).collect());
                expr::from_json(&Json::Object(user.attributes_over(base, snapshot)))
            })
        })
    }
    fn all_roles(&self) -> HostResult {
        env(|env| {
            let Ok(model) = env.app.store().model("authentik_rbac.role") else { return HostResult::Ready(Value::None) };
            let own = self.record().get("roles").as_keys().to_vec();
            with_membership(&env, &self.me(), move |membership, snapshot| {
                let mut keys = own;
                for group in membership.rows(snapshot) {
                    keys.extend(group.get("roles").as_keys());
                }
                keys.sort_unstable();
                keys.dedup();
                QuerySet::of_keys(model, keys).value()
            })
        })
    }
    /// The rights inside an application that are bound to the user or its groups.
    fn app_entitlements(&self, args: &HostArgs<'_>, attributes: bool) -> HostResult {
        let app = args.positional.first().or_else(|| args.get("app")).and_then(row::key_of);
        let Some(app) = app else {
            return HostResult::Ready(if attributes { Value::dict([]) } else { Value::list(Vec::new()) });
        };
        let user = self.key();
        env(|env| {
            let Ok(model) = env.app.store().model("authentik_core.applicationentitlement") else {
                return HostResult::Ready(Value::list(Vec::new()));
            };
            let mut rows: Vec<store::Row> = related::referring(&env, model, "app", app).cloned().collect();
            rows.sort_by(|a, b| a.text("name").cmp(b.text("name")));
            with_membership(&env, &self.me(), move |membership, snapshot| {
                let held = |row: &&store::Row| {
                    let Some(Key::Uuid(target)) = row.key() else { return false };
                    engine::bindings(snapshot, target).iter().any(|b| stands(b, user, membership))
                };
                let held: Vec<&store::Row> = rows.iter().filter(held).collect();
                if attributes {
                    let mut all = Map::new();
                    for map in held.iter().filter_map(|r| r.get("attributes").as_json().and_then(Json::as_object)) {
                        merge(&mut all, map);
                    }
                    return expr::from_json(&Json::Object(all));
                }
                QuerySet::of_keys(model, held.iter().filter_map(|r| r.key()).collect()).value()
            })
        })
    }
}

/// Whether a binding of a user or a group is for this user.
fn stands(binding: &PolicyBinding, user: Option<i64>, membership: &Membership) -> bool {
    let fits = match (binding.user, binding.group) {
        (Some(bound), _) => Some(bound) == user,
        (None, Some(group)) => membership.all.contains(&Key::Uuid(group)),
        (None, None) => return false,
    };
    fits != binding.negate
}

/// Adds mappings into one: mappings are merged, lists joined, anything else replaced.
fn merge(into: &mut Map<String, Json>, more: &Map<String, Json>) {
    for (name, value) in more {
        match (into.get_mut(name), value) {
            (Some(Json::Object(mine)), Json::Object(theirs)) => merge(mine, theirs),
            (Some(Json::Array(mine)), Json::Array(theirs)) => mine.extend(theirs.iter().cloned()),
            _ => _ = into.insert(name.clone(), value.clone()),
        }
    }
}

const METHODS: &[&str] = &[
    "all_groups",
    "group_attributes",
    "all_roles",
    "app_entitlements",
    "app_entitlements_attributes",
    "locale",
    "get_full_name",
    "get_short_name",
    "get_username",
    "has_usable_password",
    "has_perm",
    "has_perms",
    "set_password",
    "check_password",
    "set_unusable_password",
    "natural_key",
];

impl HostObject for Subject {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &'static str {
        "User"
    }
    fn attr(&self, name: &str) -> HostResult {
        // The row's own fields win: they are what expressions ask for most.
        match name {
            "ak_groups" | "groups" => self.groups(false),
            "is_superuser" | "is_staff" => {
                env(|env| with_membership(&env, &self.me(), |m, snapshot| Value::Bool(m.is_superuser(snapshot))))
            }
            "is_authenticated" => HostResult::Ready(Value::Bool(true)),
            "is_anonymous" => HostResult::Ready(Value::Bool(false)),
            "uid" => match (current(), typed(self)) {
                (Some(env), Some(user)) => HostResult::Ready(Value::from(user.uid(&env.app))),
                _ => HostResult::no_attribute("User", name),
            },
            "avatar" => match (current(), typed(self)) {
                (Some(env), Some(user)) => HostResult::Ready(Value::from(user.avatar(&env.app))),
                _ => HostResult::no_attribute("User", name),
            },
            "sources" => env(|env| match env.app.store().model("authentik_core.source") {
                Ok(model) => {
                    HostResult::Ready(QuerySet::of_keys(model, Vec::new()).manager("ManyRelatedManager").value())
                }
                Err(_) => HostResult::Ready(no_sources()),
            }),
            "password" => HostResult::no_attribute("User", name),
            _ => row::attribute(self.record(), &self.extra, name),
        }
    }
    fn set_attr(&self, name: &str, value: &Value) -> HostResult {
        set_extra(&self.extra, name, value.clone());
        HostResult::Ready(Value::None)
    }
    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name) || row::WRITING.contains(&name)
    }
    fn call_method(&self, name: &str, args: &HostArgs<'_>) -> HostResult {
        match name {
            "all_groups" => self.groups(true),
            "group_attributes" => self.group_attributes(args),
            "all_roles" => self.all_roles(),
            "app_entitlements" => self.app_entitlements(args, false),
            "app_entitlements_attributes" => self.app_entitlements(args, true),
            "locale" => {
                let attributes = self.record().get("attributes").as_json();
                let locale = attributes.and_then(|a| a.pointer("/settings/locale")).and_then(Json::as_str);
                HostResult::Ready(Value::str(locale.unwrap_or_default()))
            }
            "get_full_name" => HostResult::Ready(Value::str(self.record().text("name"))),
            "get_short_name" | "get_username" => HostResult::Ready(Value::str(self.username())),
            "has_usable_password" => {
                HostResult::Ready(Value::Bool(typed(self).is_some_and(|user| user.has_usable_password())))
            }
            "has_perm" | "has_perms" => {
                env(|env| with_membership(&env, &self.me(), |m, snapshot| Value::Bool(m.is_superuser(snapshot))))
            }
            other => row::refuse_writing(other),
        }
    }
    fn to_str(&self) -> HostResult {
        HostResult::Ready(Value::str(self.username()))
    }
    fn to_repr(&self) -> HostResult {
        HostResult::Ready(Value::from(row::described(self.record())))
    }
    fn equals(&self, other: &Value) -> bool {
        row::same(self.record(), other)
    }
    fn hash_key(&self) -> Option<u64> {
        row::hash(self.record())
    }
    fn is_instance(&self, type_name: &str) -> bool {
        type_name == "User"
    }
    fn to_json(&self) -> Option<Json> {
        Some(summary(self))
    }
}

/// The sources of a user, as long as no kind of source exists.
fn no_sources() -> Value {
    Value::host(NoSources { manager: true })
}

#[derive(Debug)]
struct NoSources {
    manager: bool,
}

impl HostObject for NoSources {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &'static str {
        if self.manager { "ManyRelatedManager" } else { "InheritanceQuerySet" }
    }
    fn has_method(&self, name: &str) -> bool {
        matches!(name, "all" | "filter" | "exclude" | "none" | "first" | "exists" | "count")
    }
    fn call_method(&self, name: &str, _args: &HostArgs<'_>) -> HostResult {
        HostResult::Ready(match name {
            "first" => Value::None,
            "exists" => Value::Bool(false),
            "count" => Value::Int(0),
            _ => Value::host(Self { manager: false }),
        })
    }
    fn iterate(&self) -> Option<HostResult> {
        (!self.manager).then(|| HostResult::Ready(Value::list(Vec::new())))
    }
    fn len(&self) -> Option<HostResult> {
        (!self.manager).then_some(HostResult::Ready(Value::Int(0)))
    }
    fn to_repr(&self) -> HostResult {
        HostResult::Ready(Value::str("<InheritanceQuerySet []>"))
    }
}

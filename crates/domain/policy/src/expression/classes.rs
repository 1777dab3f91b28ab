//! What expressions import from authentik and Django: models, constants, enumerations.
//!
//! Anything that is not on these lists does not exist for an expression.

use std::any::Any;
use std::collections::HashMap;
use std::sync::LazyLock;

use expr::{ExcType, HostArgs, HostObject, HostResult, Importer, Type, Value};
use object::{Catalogue, Kind, Model};
use parking_lot::Mutex;

use super::query_set::QuerySet;
use super::{Namespace, functions, globals};

/// Models that expressions cannot reach: private keys and the sessions of browsers.
const CLOSED: &[&str] = &["authentik_crypto.certificatekeypair", "authentik_core.session"];

/// Constants by module and name.
const CONSTANTS: &[(&str, &str, &str)] = &[
    ("authentik.core.models", "USER_ATTRIBUTE_GENERATED", "goauthentik.io/user/generated"),
    ("authentik.core.models", "USER_ATTRIBUTE_EXPIRES", "goauthentik.io/user/expires"),
    ("authentik.core.models", "USER_ATTRIBUTE_DELETE_ON_LOGOUT", "goauthentik.io/user/delete-on-logout"),
    ("authentik.core.models", "USER_ATTRIBUTE_SOURCES", "goauthentik.io/user/sources"),
    ("authentik.core.models", "USER_ATTRIBUTE_TOKEN_EXPIRING", "goauthentik.io/user/token-expires"),
    ("authentik.core.models", "USER_ATTRIBUTE_TOKEN_MAXIMUM_LIFETIME", "goauthentik.io/user/token-maximum-lifetime"),
    ("authentik.core.models", "USER_ATTRIBUTE_CHANGE_USERNAME", "goauthentik.io/user/can-change-username"),
    ("authentik.core.models", "USER_ATTRIBUTE_CHANGE_NAME", "goauthentik.io/user/can-change-name"),
    ("authentik.core.models", "USER_ATTRIBUTE_CHANGE_EMAIL", "goauthentik.io/user/can-change-email"),
    ("authentik.core.models", "USER_PATH_SYSTEM_PREFIX", "goauthentik.io"),
    ("authentik.core.models", "USER_PATH_SERVICE_ACCOUNT", "goauthentik.io/service-accounts"),
    ("authentik.flows.planner", "PLAN_CONTEXT_PENDING_USER", "pending_user"),
    ("authentik.flows.planner", "PLAN_CONTEXT_SSO", "is_sso"),
    ("authentik.flows.planner", "PLAN_CONTEXT_REDIRECT", "redirect"),
    ("authentik.flows.planner", "PLAN_CONTEXT_APPLICATION", "application"),
    ("authentik.flows.planner", "PLAN_CONTEXT_SOURCE", "source"),
    ("authentik.flows.planner", "PLAN_CONTEXT_OUTPOST", "outpost"),
    ("authentik.flows.planner", "PLAN_CONTEXT_IS_RESTORED", "is_restored"),
    ("authentik.stages.prompt.stage", "PLAN_CONTEXT_PROMPT", "prompt_data"),
    ("authentik.stages.password.stage", "PLAN_CONTEXT_METHOD", "auth_method"),
    ("authentik.stages.password.stage", "PLAN_CONTEXT_METHOD_ARGS", "auth_method_args"),
];

/// Enumerations: module, class, model and the field whose choices they are.
const ENUMERATIONS: &[(&str, &str, &str, &str)] = &[
    ("authentik.core.models", "UserTypes", "authentik_core.user", "type"),
    ("authentik.core.models", "TokenIntents", "authentik_core.token", "intent"),
    ("authentik.flows.models", "FlowAuthenticationRequirement", "authentik_flows.flow", "authentication"),
    ("authentik.flows.models", "FlowDesignation", "authentik_flows.flow", "designation"),
    ("authentik.flows.models", "FlowDeniedAction", "authentik_flows.flow", "denied_action"),
    ("authentik.flows.models", "InvalidResponseAction", "authentik_flows.flowstagebinding", "invalid_response_action"),
    ("authentik.policies.models", "PolicyEngineMode", "authentik_policies.policybindingmodel", "policy_engine_mode"),
    ("authentik.events.models", "EventAction", "authentik_events.event", "action"),
];

/// Functions of the prelude by the modules they are imported from.
const FUNCTIONS: &[(&str, &str)] =
    &[("django.utils.timezone", "now"), ("authentik.lib.utils.time", "timedelta_from_string")];

/// Whether expressions may look at rows of a model.
pub fn is_open(model: &Model) -> bool {
    !CLOSED.contains(&model.name())
}

/// The module in which upstream keeps a model.
pub fn module_of(model: &Model) -> String {
    let label = model.schema.app_label();
    let rest = label.strip_prefix("authentik_").unwrap_or(label);
    // `providers_oauth2` is a folder in a folder, `event_matcher` is not.
    let path = match rest.split_once('_') {
        Some((group @ ("providers" | "sources" | "stages" | "policies"), name)) => format!("{group}.{name}"),
        _ => rest.to_owned(),
    };
    format!("authentik.{path}.models")
}

fn exception_type(model: &Model, name: &'static str) -> ExcType {
    type Known = HashMap<(&'static str, &'static str), ExcType>;
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let make = || ExcType::define(&module_of(model), name, &object_does_not_exist(name));
    KNOWN.lock().entry((model.name(), name)).or_insert_with(make).clone()
}

fn object_does_not_exist(name: &str) -> ExcType {
    static MISSING: LazyLock<ExcType> = LazyLock::new(|| {
        ExcType::define("django.core.exceptions", "ObjectDoesNotExist", &ExcType::builtin("Exception"))
    });
    static SEVERAL: LazyLock<ExcType> = LazyLock::new(|| {
        ExcType::define("django.core.exceptions", "MultipleObjectsReturned", &ExcType::builtin("Exception"))
    });
    if name == "DoesNotExist" { MISSING.clone() } else { SEVERAL.clone() }
}

/// `Model.DoesNotExist`.
pub fn does_not_exist(model: &Model) -> ExcType {
    exception_type(model, "DoesNotExist")
}

/// `Model.MultipleObjectsReturned`.
pub fn multiple_objects(model: &Model) -> ExcType {
    exception_type(model, "MultipleObjectsReturned")
}

/// The class of a model.
pub fn class_of(model: &'static Model) -> Value {
    Value::host(Class { model })
}

/// Answers `from authentik.core.models import User`.
pub struct Classes {
    catalogue: &'static Catalogue,
}

impl Classes {
    pub fn new(catalogue: &'static Catalogue) -> Self {
        Self { catalogue }
    }
    fn enumeration(&self, model: &str, field: &str) -> Option<Value> {
        let Kind::Choice(choices) = self.catalogue.model(model)?.field(field)?.kind else { return None };
        let mut members = Namespace::new("ChoicesType");
        for choice in choices {
            let name = choice.value.to_uppercase().replace(['-', '.', ' '], "_");
            members = members.with(name.trim_end_matches('_'), choice.value);
        }
        Some(members.value())
    }
    fn known_module(&self, module: &str) -> bool {
        let listed = CONSTANTS.iter().map(|(m, ..)| *m).chain(FUNCTIONS.iter().map(|(m, _)| *m));
        listed.chain(ENUMERATIONS.iter().map(|(m, ..)| *m)).any(|m| m == module)
            || self.catalogue.models().iter().any(|m| module_of(m) == module)
            || matches!(module, "django.core.exceptions" | "authentik.lib.expression.exceptions" | "django.utils.text")
    }
}

impl Importer for Classes {
    fn import(&self, module: &str, name: Option<&str>) -> Option<Value> {
        let Some(name) = name else {
            // A module as a whole: only that it is there.
            return self.known_module(module).then(|| Value::module(module, Vec::new()));
        };
        if let Some((.., value)) = CONSTANTS.iter().find(|(m, n, _)| *m == module && *n == name) {
            return Some(Value::str(value));
        }
        if FUNCTIONS.contains(&(module, name)) {
            return globals::from_prelude(name);
        }
        if let Some((_, _, model, field)) = ENUMERATIONS.iter().find(|(m, n, ..)| *m == module && *n == name) {
            return self.enumeration(model, field);
        }
        match (module, name) {
            ("django.core.exceptions", "ObjectDoesNotExist") => {
                return Some(Value::Type(Type::Exc(object_does_not_exist("DoesNotExist"))));
            }
            ("django.core.exceptions", "MultipleObjectsReturned") => {
                return Some(Value::Type(Type::Exc(object_does_not_exist(name))));
            }
            ("authentik.lib.expression.exceptions", globals::SKIP_OBJECT) => return Some(globals::skip_object()),
            ("django.utils.text", "slugify") => {
                return functions::all().into_iter().find(|(n, _)| n == name).map(|(_, v)| v);
            }
            _ => {}
        }
        let found = self.catalogue.models().iter().find(|m| m.schema.api_name == name && module_of(m) == module)?;
        is_open(found).then(|| class_of(found))
    }
}

/// A model as a class: `User.objects`, `User.DoesNotExist`.
#[derive(Debug)]
struct Class {
    model: &'static Model,
}

impl HostObject for Class {
    fn as_any(&self) -> &dyn Any {
        self
    }
    /// The name that `isinstance` compares with.
    fn type_name(&self) -> &str {
        self.model.schema.api_name
    }
    fn attr(&self, name: &str) -> HostResult {
        HostResult::Ready(match name {
            "objects" => {
                let kind = if self.model.schema.model_name() == "user" { "UserManager" } else { "Manager" };
                QuerySet::of(self.model).manager(kind).value()
            }
            "DoesNotExist" => Value::Type(Type::Exc(does_not_exist(self.model))),
            "MultipleObjectsReturned" => Value::Type(Type::Exc(multiple_objects(self.model))),
            "__name__" => Value::str(self.model.schema.api_name),
            "__module__" => Value::from(module_of(self.model)),
            _ => {
                let text = format!("type object '{}' has no attribute '{name}'", self.model.schema.api_name);
                return HostResult::raise(&ExcType::builtin("AttributeError"), text);
            }
        })
    }
    fn call(&self, _args: &HostArgs<'_>) -> HostResult {
        functions::refuse("Expressions only read objects; they cannot make new ones.")
    }
    fn is_instance(&self, type_name: &str) -> bool {
        type_name == "type"
    }
    fn to_repr(&self) -> HostResult {
        HostResult::Ready(Value::from(format!("<class '{}.{}'>", module_of(self.model), self.model.schema.api_name)))
    }
}

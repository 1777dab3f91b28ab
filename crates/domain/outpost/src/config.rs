//! How an outpost behaves: the JSON that is kept, as a type with its defaults, and what is wrong with one.

use clock::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use url::Url;

/// The configuration of an outpost. Fields are in the order in which clients know them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// Where the outpost finds the server.
    pub authentik_host: String,
    /// Whether the server's certificate goes unchecked.
    pub authentik_host_insecure: bool,
    /// Where browsers find the server, when that is elsewhere.
    pub authentik_host_browser: String,
    pub log_level: String,
    pub object_naming_template: String,
    /// How often the outpost reads its configuration again without being told.
    pub refresh_interval: String,
    pub container_image: Option<String>,
    pub docker_network: Option<String>,
    pub docker_map_ports: bool,
    pub docker_labels: Option<Map<String, Json>>,
    pub kubernetes_replicas: i64,
    pub kubernetes_namespace: String,
    pub kubernetes_ingress_annotations: Map<String, Json>,
    pub kubernetes_ingress_secret_name: String,
    pub kubernetes_ingress_class_name: Option<String>,
    pub kubernetes_ingress_path_type: Option<String>,
    pub kubernetes_httproute_annotations: Map<String, Json>,
    pub kubernetes_httproute_parent_refs: Vec<Json>,
    pub kubernetes_service_type: String,
    pub kubernetes_disabled_components: Vec<Json>,
    pub kubernetes_image_pull_secrets: Vec<Json>,
    pub kubernetes_json_patches: Option<Map<String, Json>>,
}

/// How often, when the configuration does not say or says something else than a span of time.
const REFRESH: &str = "minutes=5";

impl Default for Config {
    fn default() -> Self {
        Self {
            authentik_host: String::new(),
            authentik_host_insecure: false,
            authentik_host_browser: String::new(),
            log_level: "info".into(),
            object_naming_template: "ak-outpost-%(name)s".into(),
            refresh_interval: REFRESH.into(),
            container_image: None,
            docker_network: None,
            docker_map_ports: true,
            docker_labels: None,
            kubernetes_replicas: 1,
            kubernetes_namespace: "default".into(),
            kubernetes_ingress_annotations: Map::new(),
            kubernetes_ingress_secret_name: "authentik-outpost-tls".into(),
            kubernetes_ingress_class_name: None,
            kubernetes_ingress_path_type: None,
            kubernetes_httproute_annotations: Map::new(),
            kubernetes_httproute_parent_refs: Vec::new(),
            kubernetes_service_type: "ClusterIP".into(),
            kubernetes_disabled_components: Vec::new(),
            kubernetes_image_pull_secrets: Vec::new(),
            kubernetes_json_patches: None,
        }
    }
}

impl Config {
    /// What was kept. It was checked then; should it not fit all the same, the defaults count.
    pub fn of(json: &Map<String, Json>) -> Self {
        serde_json::from_value(Json::Object(json.clone())).unwrap_or_else(|e| {
            tracing::warn!("The configuration of an outpost is not usable, its defaults count: {e}");
            Self::default()
        })
    }
    pub fn to_map(&self) -> Map<String, Json> {
        match json!(self) {
            Json::Object(map) => map,
            _ => Map::new(),
        }
    }
    /// How often the outpost reads its configuration again.
    pub fn refresh_interval(&self) -> TimeDelta {
        let usual = || TimeDelta::parse(REFRESH).unwrap_or_default();
        TimeDelta::parse(&self.refresh_interval).unwrap_or_else(|_| usual())
    }
}

/// Types as the messages name them.
#[derive(Clone, Copy)]
enum Type {
    Str,
    Bool,
    Int,
    Dict,
    List,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Dict => "dict",
            Self::List => "list",
        }
    }
    fn is(self, json: &Json) -> bool {
        match self {
            Self::Str => json.is_string(),
            Self::Bool => json.is_boolean(),
            Self::Int => json.is_i64(),
            Self::Dict => json.is_object(),
            Self::List => json.is_array(),
        }
    }
}

/// Name, type, and what stands beside `None` where nothing is a value too.
const FIELDS: &[(&str, Type, Option<&str>)] = &[
    ("authentik_host", Type::Str, None),
    ("authentik_host_insecure", Type::Bool, None),
    ("authentik_host_browser", Type::Str, None),
    ("log_level", Type::Str, None),
    ("object_naming_template", Type::Str, None),
    ("refresh_interval", Type::Str, None),
    ("container_image", Type::Str, Some("str")),
    ("docker_network", Type::Str, Some("str")),
    ("docker_map_ports", Type::Bool, None),
    ("docker_labels", Type::Dict, Some("dict[str, str]")),
    ("kubernetes_replicas", Type::Int, None),
    ("kubernetes_namespace", Type::Str, None),
    ("kubernetes_ingress_annotations", Type::Dict, None),
    ("kubernetes_ingress_secret_name", Type::Str, None),
    ("kubernetes_ingress_class_name", Type::Str, Some("str")),
    ("kubernetes_ingress_path_type", Type::Str, Some("str")),
    ("kubernetes_httproute_annotations", Type::Dict, None),
    ("kubernetes_httproute_parent_refs", Type::List, None),
    ("kubernetes_service_type", Type::Str, None),
    ("kubernetes_disabled_components", Type::List, None),
    ("kubernetes_image_pull_secrets", Type::List, None),
    ("kubernetes_json_patches", Type::Dict, Some("dict[str, list[dict[str, typing.Any]]]")),
];

/// What is wrong with a configuration; nothing for one that can be used. Names that are no field are kept and not looked at.
pub fn fault(config: &Map<String, Json>) -> Option<String> {
    wrong_type(config).or_else(|| wrong_value(config)).map(|text| format!("Failed to validate config: {text}"))
}

/// COMPAT: the words are those that clients know from authentik.
fn wrong_type(config: &Map<String, Json>) -> Option<String> {
    let wrong = |name: &str, should: &str, json: &Json| {
        let (shown, is) = (shown(json), object::python_type(json));
        format!(
            "wrong value type for field \"{name}\" - should be \"{should}\" instead of value \"{shown}\" of type \"{is}\""
        )
    };
    for (name, kind, or_none) in FIELDS {
        let Some(json) = config.get(*name) else { continue };
        match or_none {
            Some(_) if json.is_null() => {}
            Some(union) if !kind.is(json) => {
                let is = object::python_type(json);
                return Some(format!("can not match type \"{is}\" to any type of \"{name}\" union: {union} | None"));
            }
            None if !kind.is(json) => return Some(wrong(name, kind.name(), json)),
            _ => {}
        }
        let texts = match (*name, json) {
            (
                "docker_labels" | "kubernetes_ingress_annotations" | "kubernetes_httproute_annotations",
                Json::Object(m),
            ) => m.iter().map(|(key, value)| (format!("{name}.{key}"), value)).collect(),
            ("kubernetes_disabled_components" | "kubernetes_image_pull_secrets", Json::Array(items)) => {
                items.iter().enumerate().map(|(i, value)| (format!("{name}.{i}"), value)).collect()
            }
            _ => Vec::new(),
        };
        if let Some((place, value)) = texts.iter().find(|(_, value)| !value.is_string()) {
            return Some(wrong(place, "str", value));
        }
    }
    None
}

fn shown(json: &Json) -> String {
    json.as_str().map_or_else(|| object::python_repr(json), str::to_owned)
}

fn wrong_value(config: &Map<String, Json>) -> Option<String> {
    let text = |name: &str| config.get(name).and_then(Json::as_str).unwrap_or_default();
    for name in ["authentik_host", "authentik_host_browser"] {
        if let Err(why) = address(text(name)) {
            return Some(format!("\"{name}\" {why}"));
        }
    }
    if config.contains_key("refresh_interval") {
        match TimeDelta::parse(text("refresh_interval")) {
            Ok(span) if span.as_secs() > 0 => {}
            Ok(_) => return Some("\"refresh_interval\" must be longer than nothing, like minutes=5".to_owned()),
            Err(e) => return Some(format!("\"refresh_interval\" is no span of time like minutes=5: {e}")),
        }
    }
    if config.get("kubernetes_replicas").and_then(Json::as_i64).is_some_and(|n| n < 0) {
        return Some("\"kubernetes_replicas\" must be 0 or more".to_owned());
    }
    None
}

/// The address of a server; `None` when empty, which leaves it to be worked out.
pub fn address(text: &str) -> Result<Option<Url>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).map_err(|_| "must be an address like https://id.example.com")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("must be an address like https://id.example.com");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("must be an address without credentials and fragment");
    }
    if leads_nowhere(&url) {
        return Err("must be an address that browsers can open; 0.0.0.0 and [::] stand for every address of a machine");
    }
    Ok(Some(url))
}

/// Whether the address is one that a server listens on but nobody can go to.
pub fn leads_nowhere(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_unspecified(),
        Some(url::Host::Ipv6(ip)) => ip.is_unspecified() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_unspecified()),
        Some(url::Host::Domain(name)) => name.is_empty(),
        None => true,
    }
}

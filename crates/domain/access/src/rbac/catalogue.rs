//! Every permission there is, out of the declarations of the objects.

use feature::Registry;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};

/// One permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: i64,
    pub name: String,
    /// Without the app: `view_user`.
    pub codename: String,
    pub model: String,
    pub app_label: String,
    pub model_verbose: String,
}

/// Permissions on the installation as a whole.
const SYSTEM: [(&str, &str); 6] = [
    ("access_admin_interface", "Can access admin interface"),
    ("edit_system_settings", "Can edit system settings"),
    ("manage_media_files", "Can manage media files"),
    ("view_media_files", "Can view media files"),
    ("view_system_info", "Can view system info"),
    ("view_system_settings", "Can view system settings"),
];

/// The permissions of each registry there is: one in a program, several in tests.
static KNOWN: Mutex<Vec<(&'static Registry, &'static [Entry])>> = Mutex::new(Vec::new());

/// All of them, by name. Worked out once; a registry lives as long as the program.
pub fn permissions(registry: &'static Registry) -> &'static [Entry] {
    let mut known = KNOWN.lock();
    if let Some((_, entries)) = known.iter().find(|(of, _)| std::ptr::eq(*of, registry)) {
        return entries;
    }
    let entries: &'static [Entry] = Vec::leak(collect(registry));
    known.push((registry, entries));
    entries
}

fn collect(registry: &Registry) -> Vec<Entry> {
    let mut all = Vec::new();
    for model in registry.catalogue.models() {
        let schema = model.schema;
        let mut push = |codename: String, name: String| {
            all.push(Entry {
                id: 0,
                name,
                codename,
                model: schema.model_name().to_owned(),
                app_label: schema.app_label().to_owned(),
                model_verbose: schema.verbose_name.to_owned(),
            });
        };
        for verb in ["add", "change", "delete", "view"] {
            push(format!("{verb}_{}", schema.model_name()), format!("Can {verb} {}", schema.verbose_name));
        }
        for (codename, name) in schema.permissions {
            push((*codename).to_owned(), (*name).to_owned());
        }
    }
    for (codename, name) in SYSTEM {
        all.push(Entry {
            id: 0,
            name: name.to_owned(),
            codename: codename.to_owned(),
            model: "systempermission".to_owned(),
            app_label: "authentik_rbac".to_owned(),
            model_verbose: "System permission".to_owned(),
        });
    }
    // Numbers follow from the names alone, so that they stay while the program does.
    all.sort_by(|a, b| (&a.app_label, &a.model, &a.codename).cmp(&(&b.app_label, &b.model, &b.codename)));
    all.dedup_by(|a, b| a.app_label == b.app_label && a.model == b.model && a.codename == b.codename);
    for (entry, id) in all.iter_mut().zip(1..) {
        entry.id = id;
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

impl Entry {
    /// With the app: `authentik_core.view_user`.
    pub fn full(&self) -> String {
        format!("{}.{}", self.app_label, self.codename)
    }
    pub fn to_json(&self) -> Json {
        json!({
            "id": self.id,
            "name": self.name,
            "codename": self.codename,
            "model": self.model,
            "app_label": self.app_label,
            "app_label_verbose": app_verbose(&self.app_label),
            "model_verbose": self.model_verbose,
        })
    }
}

/// `authentik Providers.OAuth2` of `authentik_providers_oauth2`.
pub fn app_verbose(label: &str) -> String {
    let Some(rest) = label.strip_prefix("authentik_") else { return label.to_owned() };
    let word = |w: &str| match w {
        "rbac" => "RBAC".to_owned(),
        "oauth2" => "OAuth2".to_owned(),
        "oauth" => "OAuth".to_owned(),
        "saml" | "ldap" | "scim" | "rac" | "ssf" => w.to_uppercase(),
        "outposts" => "Outpost".to_owned(),
        other => {
            let mut letters = other.chars();
            letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
    };
    let words: Vec<String> = match rest.split_once('_') {
        Some((family, kind)) if ["providers", "sources", "stages", "policies", "enterprise"].contains(&family) => {
            vec![word(family), kind.split('_').map(word).collect::<Vec<_>>().join(" ")]
        }
        _ => rest.split('_').map(word).collect(),
    };
    format!("authentik {}", words.join("."))
}

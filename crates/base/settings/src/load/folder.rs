//! A folder in which each file is one setting: a mounted Secret, or systemd's credentials.
//!
//! Separate from variables because a file has no prefix to tell it from what is not ours: everything in the folder is
//! meant for us, so an unknown name is a mistake.

use std::{collections::BTreeMap, path::Path};

use super::{Collected, PREFIXES, item_of};
use crate::{
    Origin, ignored,
    source::{beside, names, read_text},
    value::Raw,
};

impl Collected {
    pub(super) fn folder(&mut self, folder: &Path) {
        let names = match names(folder) {
            Ok(names) => names,
            Err(error) => {
                let message = format!("cannot read the folder: {error}; {}", beside(folder));
                return self.problem(&folder.display().to_string(), Origin::Default, message);
            }
        };
        let mut here: BTreeMap<&'static str, String> = BTreeMap::new();
        for name in names {
            let path = folder.join(&name);
            let origin = Origin::Secret(path.clone());
            let key = key_of(&name);
            let Some(item) = item_of(&key) else {
                self.unknown(&key, &name, origin, &|key| key.replace('.', "__"));
                continue;
            };
            let content = match read_text(&path) {
                Ok(content) => content.trim_end_matches(['\r', '\n']).to_owned(),
                Err(error) => {
                    self.problem(item.key, origin, format!("cannot read it: {error}"));
                    continue;
                }
            };
            if content.is_empty() && item.is_secret {
                self.problem(item.key, origin, "the file is empty".to_owned());
            } else if let Some(other) = here.insert(item.key, name) {
                self.problem(item.key, origin, format!("the file {other} beside it sets the same; keep one of them"));
            } else if !content.is_empty() || item.empty_is_value {
                self.insert(item, Raw::Text(content), origin);
            }
        }
    }
}

/// The key a file's name stands for: `AUTHENTIK_POSTGRESQL__HOST`, `postgresql__host`, `postgresql.host`, `secret-key`.
fn key_of(name: &str) -> String {
    let bare = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let key = bare.to_lowercase().replace("__", ".");
    let dashed = key.replace('-', "_");
    if item_of(&dashed).is_some() || ignored::reason(&dashed).is_some() { dashed } else { key }
}

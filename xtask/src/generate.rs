//! `gen`: the files under `schema/` and `docs/reference/`, written by the program itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// File, and the arguments of `keywright` that print it.
const FILES: [(&str, &[&str]); 6] = [
    ("schema/openapi.yml", &["schema", "openapi"]),
    ("schema/model.lock", &["schema", "lock"]),
    ("schema/forms.json", &["schema", "forms"]),
    ("schema/settings.json", &["config", "schema"]),
    ("docs/reference/settings.md", &["config", "reference"]),
    ("docs/reference/objects.md", &["schema", "objects"]),
];

pub fn run(root: &Path, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (file, arguments) in FILES {
        let output = Command::new("cargo")
            .args(["run", "--quiet", "-p", "keywright", "--"])
            .args(arguments)
            .current_dir(root)
            .output()
            .context("running keywright")?;
        if !output.status.success() {
            bail!("keywright {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        let path = root.join(file);
        if check {
            if fs::read(&path).unwrap_or_default() != output.stdout {
                stale.push(format!("{file} is stale: run `make gen`"));
            }
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, &output.stdout)?;
        println!("{file}");
    }
    crate::report("gen", &stale)
}

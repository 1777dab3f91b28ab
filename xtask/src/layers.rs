//! Folders are layers: an edge that points up, or sideways where siblings may not see each other, is an error.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The domain crates in their order: each may use those before it.
const DOMAIN: [&str; 12] = [
    "feature",
    "events",
    "keys",
    "directory",
    "access",
    "policy",
    "flow",
    "apps",
    "brand",
    "outpost",
    "gate",
    "blueprint",
];

/// What each layer may use beside what is said in [`allowed`].
fn rank(layer: &str) -> u8 {
    match layer {
        "base" | "wire" => 0,
        "model" => 1,
        "domain" => 2,
        "features" | "surface" => 3,
        _ => 4,
    }
}

pub fn run(root: &Path) -> Result<()> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root)
        .output()
        .context("running cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let mut homes = HashMap::new();
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    for package in &packages {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
        let folder = manifest.strip_prefix(root).unwrap_or(manifest);
        let parts: Vec<_> = folder.components().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
        let layer = match parts.first().map(String::as_str) {
            Some("crates") => parts.get(1).cloned().unwrap_or_default(),
            _ => "bin".to_owned(),
        };
        homes.insert(package["name"].as_str().unwrap_or_default().to_owned(), layer);
    }
    let mut found = Vec::new();
    for package in &packages {
        let from = package["name"].as_str().unwrap_or_default();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let (Some(a), Some(b)) = (homes.get(from), homes.get(to)) else { continue };
            // Tests may look anywhere below the binary.
            if dependency["kind"].as_str() != Some("dev") && !allowed((from, a), (to, b)) {
                found.push(format!("{from} ({a}) may not use {to} ({b})"));
            }
        }
    }
    crate::report("layers", &found)
}

fn allowed((from, a): (&str, &str), (to, b): (&str, &str)) -> bool {
    match (a, b) {
        ("domain", "domain") => {
            let place = |name| DOMAIN.iter().position(|d| *d == name);
            place(to) < place(from)
        }
        ("wire", "base") => to == "secret",
        ("base", "base") | ("wire", "wire") | ("model", "model") => true,
        ("features", "features") => (from, to) == ("provider-proxy", "provider-oauth2"),
        ("surface" | "features", "surface") => false,
        ("surface", "features") => false,
        _ => rank(b) < rank(a) || a == b,
    }
}

//! House style as a check: module docs, file sizes, SQL in its place, no orphans.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// Lines after which a file holds more than one subject.
const LONGEST: usize = 600;
/// Files that are longer all the same. This list only shrinks.
const LONG: &str = include_str!("../long-files.txt");

pub fn run(root: &Path) -> Result<()> {
    let mut files = Vec::new();
    for folder in ["bin", "crates", "xtask"] {
        sources(&root.join(folder), &mut files);
    }
    let mut found = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file)?;
        let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().into_owned();
        look_at(&name, &text, &mut found);
        orphan(file, &name, &mut found);
    }
    crate::report("tidy", &found)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_none_or(|n| n != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn look_at(name: &str, text: &str, found: &mut Vec<String>) {
    if !text.starts_with("//!") {
        found.push(format!("{name}: a file starts with `//!`: what it is, and why it is separate"));
    }
    let lines = text.lines().count();
    if lines > LONGEST && !LONG.lines().any(|l| l == name) {
        found.push(format!("{name}: {lines} lines; more than {LONGEST} hold more than one subject"));
    }
    // The kit starts a PostgreSQL server for the tests and has to ask it whether it is up.
    let store = ["crates/model/store/", "crates/base/testkit/", "xtask/"].iter().any(|home| name.starts_with(home));
    for (number, line) in text.lines().enumerate() {
        let place = || format!("{name}:{}", number + 1);
        // The SQL keyword in a string, with what follows it in real statements.
        let sql = line.contains("\"SELECT ") || line.contains("\"INSERT INTO ") || line.contains("\"DELETE FROM ");
        if sql && !store {
            found.push(format!("{}: SQL belongs into the crate store", place()));
        }
        let unfinished = ["todo!(", "unimplemented!(", "dbg!("].iter().any(|m| line.contains(m));
        if unfinished && !name.starts_with("xtask/") {
            found.push(format!("{}: unfinished", place()));
        }
    }
}

/// A file that no `mod` line names is not compiled, and nobody notices.
fn orphan(file: &Path, name: &str, found: &mut Vec<String>) {
    let Some(stem) = file.file_stem().and_then(|s| s.to_str()) else { return };
    let in_sources = name.contains("/src/") && !name.contains("/src/bin/");
    if !in_sources || matches!(stem, "lib" | "main" | "mod") {
        return;
    }
    let Some(folder) = file.parent() else { return };
    let parents = [folder.with_extension("rs"), folder.join("lib.rs"), folder.join("main.rs"), folder.join("mod.rs")];
    let named = parents.iter().filter_map(|p| fs::read_to_string(p).ok()).any(|text| {
        text.lines().any(|l| {
            let line = l.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
            line.strip_prefix("mod ").is_some_and(|rest| rest.trim_end_matches([';', ' ', '{']) == stem)
        })
    });
    if !named {
        found.push(format!("{name}: no `mod {stem};` names it, so it is not compiled"));
    }
}

//! Mistakes in declarations, and what the compiler says to them: each file in `ui/` is compiled by itself and must fail with
//! the words of its first line.
//!
//! One run of cargo compiles them all, into the target folder of this test, where what they need is compiled already.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// A project with the files as its examples.
fn project(folder: &Path) {
    let object = Path::new(HERE).with_file_name("object");
    let manifest = format!(
        "[package]\nname = \"declarations\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nobject = {{ path = '{}' }}\n",
        object.display()
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let root = Path::new(HERE).ancestors().nth(3).unwrap();
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    std::fs::create_dir(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/lib.rs"), "").unwrap();
    std::fs::create_dir(folder.join("examples")).unwrap();
    for file in files() {
        std::fs::copy(&file, folder.join("examples").join(file.file_name().unwrap())).unwrap();
    }
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(HERE).join("tests/ui")).unwrap();
    entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "rs")).collect()
}

/// What the compiler said to each file.
fn errors(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--examples", "--keep-going", "--message-format=json"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seen_object = false;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(line) = serde_json::from_str::<Json>(line) else { continue };
        seen_object |= line["reason"] == "compiler-artifact" && line["target"]["name"] == "object";
        if line["message"]["level"] == "error" {
            let name = line["target"]["name"].as_str().unwrap_or_default().to_owned();
            said.entry(name).or_default().push(line["message"]["message"].as_str().unwrap_or_default().to_owned());
        }
    }
    assert!(seen_object, "the examples were not reached:\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn mistakes_are_told_in_words_that_help() {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path());
    let said = errors(folder.path());
    let mut failures = Vec::new();
    for file in files() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let expected = text.lines().next().and_then(|l| l.strip_prefix("//! error: "));
        let found = said.get(&name).map_or(&[][..], Vec::as_slice);
        let is_right = match expected {
            Some(expected) => found.iter().any(|f| f.contains(expected)),
            None => found.is_empty(),
        };
        if !is_right {
            failures.push(format!("{name}: expected {expected:?}, the compiler said {found:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

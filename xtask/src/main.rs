//! Checks and generators of the workspace: what no linter knows about this house.
//!
//! `cargo run -p xtask -- tidy | layers | gen [--check]`

mod generate;
mod layers;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    match arguments.first().map(String::as_str) {
        Some("tidy") => tidy::run(&root()),
        Some("layers") => layers::run(&root()),
        Some("gen") => generate::run(&root(), arguments.iter().any(|a| a == "--check")),
        _ => bail!("say `tidy`, `layers`, `gen` or `gen --check`"),
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_owned)
}

/// Prints what was found and fails if there was anything.
fn report(check: &str, found: &[String]) -> Result<()> {
    for one in found {
        eprintln!("{one}");
    }
    if found.is_empty() {
        println!("{check}: nothing to complain about");
        return Ok(());
    }
    bail!("{check}: {} complaints", found.len())
}

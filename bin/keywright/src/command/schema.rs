//! `schema`: what the program says of itself, for the files under `schema/`. Needs no database.

use std::process::ExitCode;

use anyhow::Result;
use feature::Registry;

use crate::cli::Schema;
use crate::features::FEATURES;

pub fn run(what: Schema) -> Result<ExitCode> {
    let registry = Registry::new(FEATURES)?;
    match what {
        Schema::Openapi => out!("{}", rest::openapi::yaml(registry)),
        Schema::Lock => out!("{}", store::lock_text(registry.catalogue)),
        Schema::Forms => outln!("{:#}", rest::forms(registry)),
        Schema::Objects => out!("{}", rest::reference(registry)),
    }
    Ok(ExitCode::SUCCESS)
}

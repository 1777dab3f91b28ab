//! `migrate`: the database to this version's shape.

use std::process::ExitCode;

use anyhow::Result;
use feature::Registry;
use settings::{Loaded, Sources};
use store::{MigrateOptions, Store};

use crate::assemble;
use crate::cli::Migrate;
use crate::features::FEATURES;

pub async fn run(loaded: Loaded, sources: &Sources, options: &Migrate) -> Result<ExitCode> {
    if options.dry_run {
        let registry = Registry::new(FEATURES)?;
        let plan = Store::pending(&assemble::place(&loaded.settings), registry.catalogue).await?;
        out!("{plan}");
        return Ok(ExitCode::SUCCESS);
    }
    let migration = MigrateOptions { yes: options.yes, dump: options.dump.clone() };
    if options.accept_secret_key {
        let app = assemble::build(loaded, sources, &migration).await?;
        directory::own_key::accept(&app).await.map_err(assemble::problem)?;
        outln!("The secret key that is set is now that of the installation.");
    } else {
        assemble::app(loaded, sources, &migration).await?;
    }
    outln!("The database has the shape of version {}.", env!("CARGO_PKG_VERSION"));
    Ok(ExitCode::SUCCESS)
}

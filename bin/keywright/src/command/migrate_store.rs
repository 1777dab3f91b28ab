//! `migrate-store`: everything from one database into another.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use feature::Registry;
use settings::Settings;
use store::{MigrateOptions, Place, PostgresConfig, Store};

use super::progress;
use crate::assemble;
use crate::cli::MigrateStore;
use crate::features::FEATURES;

pub async fn run(settings: &Settings, options: &MigrateStore) -> Result<ExitCode> {
    let registry = Registry::new(FEATURES)?;
    let source = match &options.from {
        Some(text) => place(settings, text)?,
        None => Place::Sqlite(settings.general.data_dir.join("keywright.db")),
    };
    let target = match &options.to {
        Some(text) => place(settings, text)?,
        None => assemble::place(settings),
    };
    if let Place::Sqlite(path) = &source {
        if !path.exists() {
            bail!("there is no database {}; name the one to move with --from", path.display());
        }
        if matches!(&target, Place::Sqlite(other) if other == path) {
            bail!("source and target are the same database; say where to with --to, or set postgresql.host");
        }
        same_key(settings, path)?;
    }
    outln!("From {}\nto   {}", named(&source), named(&target));
    let migration = MigrateOptions::default();
    let from = Store::open(&source, registry.catalogue, &migration).await.context("opening the source")?;
    let to = Store::open(&target, registry.catalogue, &migration).await.context("opening the target")?;
    let result = backup::copy(&from, &to, &mut progress::bar()).await;
    progress::done();
    let report = result?;
    out!("{report}");
    outln!("Every row was read back and compared. The source is as it was.");
    Ok(ExitCode::SUCCESS)
}

/// What is encrypted in the rows can be read with the source's key alone.
fn same_key(settings: &Settings, database: &Path) -> Result<()> {
    let file = database.with_file_name("secret.key");
    let (Ok(kept), Some(set)) = (std::fs::read_to_string(&file), &settings.general.secret_key) else { return Ok(()) };
    if kept.trim() == set.expose() {
        return Ok(());
    }
    bail!(
        "the secret key that is set is not the one of the source: set KEYWRIGHT_SECRET_KEY, here and on every node, to the \
         content of {}; without it what the source keeps encrypted is lost",
        file.display()
    );
}

fn place(settings: &Settings, text: &str) -> Result<Place> {
    if text == "settings" {
        return Ok(assemble::place(settings));
    }
    if let Some(path) = text.strip_prefix("sqlite:") {
        return Ok(Place::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))));
    }
    if text.starts_with("postgresql://") || text.starts_with("postgres://") {
        return Ok(Place::Postgres(Box::new(PostgresConfig::from_url(text)?)));
    }
    bail!("{text} is no database: write sqlite:PATH, postgresql://USER:PASSWORD@HOST/DATABASE, or settings")
}

fn named(place: &Place) -> String {
    match place {
        Place::Sqlite(path) => format!("SQLite {}", path.display()),
        Place::Postgres(config) => format!("PostgreSQL {} on {}", config.database, config.host),
    }
}

//! The commands, one file each.

pub mod backup;
mod blueprint;
mod config;
mod healthcheck;
mod migrate;
mod migrate_store;
mod outpost;
mod people;
mod progress;
mod schema;
mod server;
mod setup;
mod supervised;

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory as _;

use store::MigrateOptions;

use crate::assemble;
use crate::cli::{Cli, Command};

/// The blueprint folder, when somebody named one that is not there. That the default one is missing is usual.
fn missing_folder(loaded: &settings::Loaded) -> Option<String> {
    let named = loaded.rows.iter().any(|row| row.key == "blueprints_dir" && row.origin != settings::Origin::Default);
    let folder = &loaded.settings.general.blueprints_dir;
    (named && !folder.is_dir()).then(|| folder.display().to_string())
}

pub async fn run(cli: Cli, passed: net::Passed) -> Result<ExitCode> {
    match cli.command {
        Command::DumpConfig => return config::dump(cli.config),
        Command::Config { command } => return config::run(cli.config, &command),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "keywright", &mut script);
            out!("{}", String::from_utf8_lossy(&script));
            return Ok(ExitCode::SUCCESS);
        }
        Command::Schema { command } => return schema::run(command),
        _ => {}
    }
    let (loaded, sources) = assemble::settings(cli.config)?;
    let passed = passed.named(sources.variable("LISTEN_FDNAMES"));
    match cli.command {
        Command::Healthcheck => return healthcheck::run(&loaded.settings).await,
        Command::Server | Command::Worker | Command::Outpost { .. } => telemetry::start_logs(&loaded.settings.log)?,
        _ => {}
    }
    for notice in &loaded.notices {
        tracing::info!("{notice}");
    }
    match cli.command {
        Command::Outpost { kind } => {
            outpost::run(&loaded.settings, kind).await?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Migrate(options) => return migrate::run(loaded, &sources, &options).await,
        Command::MigrateStore(options) => return migrate_store::run(&loaded.settings, &options).await,
        Command::Restore(options) => return backup::restore(&loaded.settings, &options).await,
        _ => {}
    }
    let folder = matches!(cli.command, Command::Server | Command::Worker).then(|| missing_folder(&loaded)).flatten();
    let app = assemble::app(loaded, &sources, &MigrateOptions::default()).await?;
    if let Some(folder) = folder {
        tracing::warn!(
            "No blueprints are read: the folder {folder} (blueprints_dir) does not exist. It is looked for again"
        );
    }
    match cli.command {
        Command::Server => server::run(app, true, passed).await?,
        Command::Worker => server::run(app, false, passed).await?,
        Command::ApplyBlueprint(options) => return blueprint::apply(&app, &options).await,
        Command::Setup(options) => setup::run(&app, &options)?,
        Command::Backup(options) => return backup::create(&app, &options).await,
        Command::ExportBlueprint => blueprint::export(&app).await?,
        Command::CreateRecoveryKey(options) => people::recovery_key(&app, &options).await?,
        Command::Changepassword { username } => people::change_password(&app, &username).await?,
        Command::Config { .. }
        | Command::Outpost { .. }
        | Command::DumpConfig
        | Command::Completions { .. }
        | Command::Schema { .. }
        | Command::Healthcheck
        | Command::Migrate(_)
        | Command::MigrateStore(_)
        | Command::Restore(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

//! Putting the program together: settings, database, features.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clock::{Clock, Random};
use feature::{App, Parts, Registry};
use settings::{Loaded, Postgresql, Settings, Sources, Storage};
use store::{MigrateOptions, Place, PostgresConfig, SslMode, Store};
use telemetry::Metrics;

use crate::features::FEATURES;

/// Reads all settings; every problem is reported at once.
pub fn settings(config: Option<PathBuf>) -> Result<(Loaded, Sources)> {
    let sources = Sources::from_process().with_config(config);
    let loaded = Settings::load(&sources).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    Ok((loaded, sources))
}

/// Opens the store and builds the program on it; nothing runs yet.
pub async fn app(loaded: Loaded, sources: &Sources, migration: &MigrateOptions) -> Result<App> {
    let settings = loaded.settings;
    let registry = Registry::new(FEATURES).context("the catalogue of objects contradicts itself")?;
    let random = Random::system();
    std::fs::create_dir_all(&settings.general.data_dir)
        .with_context(|| format!("the data folder {} cannot be made", settings.general.data_dir.display()))?;
    let secret_key = settings.secret_key(|buffer| random.fill(buffer))?;
    let store = Store::open(&place(&settings), registry.catalogue, migration).await.context("opening the database")?;
    let app = App::new(Parts {
        store,
        registry,
        settings: Arc::new(settings),
        secret_key,
        clock: Clock::system(),
        hasher: secret::Hasher::new(random.clone()),
        random,
        metrics: Metrics::new(),
    });
    app.provide(sources.clone());
    app.set_up();
    app.observe(vec![Box::new(events::Audit), Box::new(access::Giver), Box::new(outpost::Watch)]);
    Ok(app)
}

/// Where the objects are kept.
pub fn place(settings: &Settings) -> Place {
    match settings.storage() {
        Storage::Embedded => Place::Sqlite(settings.general.data_dir.join("keywright.db")),
        Storage::Postgresql(postgresql) => Place::Postgres(Box::new(postgres(postgresql))),
    }
}

fn postgres(wanted: &Postgresql) -> PostgresConfig {
    PostgresConfig {
        host: wanted.host.clone().unwrap_or_default(),
        port: wanted.port,
        database: wanted.name.clone(),
        user: wanted.user.clone(),
        password: wanted.password.clone(),
        sslmode: match wanted.sslmode {
            settings::SslMode::Disable => SslMode::Disable,
            settings::SslMode::Allow | settings::SslMode::Prefer => SslMode::Prefer,
            settings::SslMode::Require => SslMode::Require,
            settings::SslMode::VerifyCa => SslMode::VerifyCa,
            settings::SslMode::VerifyFull => SslMode::VerifyFull,
        },
        sslrootcert: wanted.sslrootcert.clone(),
        sslcert: wanted.sslcert.clone(),
        sslkey: wanted.sslkey.clone(),
        schema: wanted.default_schema.clone(),
        max_connections: wanted.max_connections as usize,
        max_age: wanted.conn_max_age.map(std::time::Duration::from_secs),
        ..PostgresConfig::default()
    }
}

/// What a fresh installation needs before anybody can log in. Does nothing on later starts.
pub async fn first_start(app: &App) -> Result<()> {
    // Nodes that start together on an empty database make one of each.
    let prepare = async {
        keys::ensure_default(app).await.map_err(problem)?;
        directory::bootstrap::ensure_admin(app).await.map_err(problem)?;
        outpost::embedded::ensure(app).await.map_err(problem)?;
        blueprint::apply_defaults(app).await.map_err(problem)?;
        Ok(())
    };
    app.store().exclusively("first start", prepare).await
}

/// A refusal of the domain as an error of the command line.
pub fn problem(problem: feature::Problem) -> anyhow::Error {
    anyhow::anyhow!("{}", problem.body)
}

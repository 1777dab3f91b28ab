//! Putting the program together: settings, database, features.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clock::{Clock, Random};
use feature::{App, Parts, Registry};
use serde_json::Value as Json;
use settings::{Loaded, Postgresql, Settings, Sources, Storage};
use store::{MigrateOptions, Place, PostgresConfig, SslMode, Store};
use telemetry::Metrics;

use crate::features::FEATURES;
use crate::opening;

/// Reads all settings; every problem is reported at once.
pub fn settings(config: Option<PathBuf>) -> Result<(Loaded, Sources)> {
    let sources = Sources::from_process().with_config(config);
    let loaded = Settings::load(&sources).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    Ok((loaded, sources))
}

/// Opens the store and builds the program on it; nothing runs yet.
pub async fn app(loaded: Loaded, sources: &Sources, migration: &MigrateOptions) -> Result<App> {
    let app = build(loaded, sources, migration).await?;
    if !directory::own_key::is_ours(&app).await.map_err(problem)? {
        let general = &app.settings().general;
        let file = general.data_dir.join("secret.key").display().to_string();
        let found = if general.secret_key.is_some() { "the setting KEYWRIGHT_SECRET_KEY" } else { &file };
        bail!(
            "secret_key: found in {found}, but this installation was made with another one: people would come to every \
             application as strangers, and what is stored encrypted could not be read. Put the former key back, in \
             KEYWRIGHT_SECRET_KEY or {file} (`keywright restore --secret-key latest` prints that of a backup). If the \
             change is meant: `keywright migrate --accept-secret-key`"
        );
    }
    Ok(app)
}

/// As [`app`], whatever secret key is set.
pub async fn build(loaded: Loaded, sources: &Sources, migration: &MigrateOptions) -> Result<App> {
    let settings = loaded.settings;
    let registry = Registry::new(FEATURES).context("the catalogue of objects contradicts itself")?;
    let random = Random::system();
    make_folder(&settings.general.data_dir)?;
    let secret_key = settings.secret_key(|buffer| random.fill(buffer))?;
    let store = Store::open(&place(&settings), registry.catalogue, migration)
        .await
        .map_err(|error| opening::explain(&settings, &error))?;
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

fn make_folder(folder: &Path) -> Result<()> {
    let shown = folder.display();
    if folder.exists() && !folder.is_dir() {
        bail!("data_dir: {shown} is a file; set KEYWRIGHT_DATA_DIR to a folder");
    }
    std::fs::create_dir_all(folder).with_context(|| {
        format!(
            "data_dir: the folder {shown} cannot be made; make it and let this user write to it, or set KEYWRIGHT_DATA_DIR \
             to one that it may write to"
        )
    })
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
        directory::own_key::keep(app).await.map_err(problem)?;
        keys::ensure_default(app).await.map_err(problem)?;
        directory::bootstrap::ensure_admin(app).await.map_err(problem)?;
        outpost::embedded::ensure(app).await.map_err(problem)?;
        blueprint::apply_defaults(app).await.map_err(problem)?;
        Ok(())
    };
    app.store().exclusively("first start", prepare).await
}

/// A refusal of the domain as an error of the command line: `field: what is wrong`, one after the other.
pub fn problem(problem: feature::Problem) -> anyhow::Error {
    let text = |messages: &Json| match messages {
        Json::String(text) => text.clone(),
        Json::Array(all) => {
            all.iter().map(|m| m.as_str().map_or_else(|| m.to_string(), str::to_owned)).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    let Json::Object(fields) = &problem.body else { return anyhow::anyhow!("{}", problem.body) };
    let one = |(field, messages): (&String, &Json)| match field.as_str() {
        "detail" | "non_field_errors" => text(messages),
        field => format!("{field}: {}", text(messages)),
    };
    anyhow::anyhow!("{}", fields.iter().map(one).collect::<Vec<_>>().join("; "))
}

//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// One login for everything a person, a homelab or a company runs.
///
/// Without any setting, `keywright server` keeps its data in ./data and listens on port 9000 (HTTP), 9443 (HTTPS with a
/// certificate made on first start) and 9300 (metrics). With AUTHENTIK_POSTGRESQL__HOST (or KEYWRIGHT_POSTGRESQL__HOST)
/// it keeps them in PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "keywright", version, max_term_width = 100)]
#[command(after_help = "Settings come from a YAML file and from the environment (KEYWRIGHT_… or AUTHENTIK_…); \
    `keywright config check` shows each with its origin, `keywright config reference` explains all of them.")]
pub struct Cli {
    /// YAML file with settings.
    #[arg(long, global = true, env = "KEYWRIGHT_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process: web pages, API, worker and embedded outpost.
    Server,
    /// Run the background work alone: blueprints, clean-up, notifications. For installations with several nodes.
    Worker,
    /// Run an outpost near the applications: it needs no database, only the server's address (AUTHENTIK_HOST) and its token
    /// (AUTHENTIK_TOKEN).
    Outpost {
        #[command(subcommand)]
        kind: Outpost,
    },
    /// Bring the database to this version's shape.
    Migrate(Migrate),
    /// Move everything from one database into another: from SQLite to PostgreSQL, or back.
    #[command(name = "migrate-store", visible_alias = "migrate_store")]
    MigrateStore(MigrateStore),
    /// Make an encrypted backup of everything.
    Backup(Backup),
    /// Put a backup in the place of everything there is.
    Restore(Restore),
    /// Say whether the server on this machine is ready (exit status 0 or 1).
    Healthcheck,
    /// Apply blueprint files: all of each or nothing of it.
    #[command(name = "apply_blueprint", visible_alias = "apply-blueprint")]
    ApplyBlueprint(ApplyBlueprint),
    /// Print the present configuration as a blueprint.
    #[command(name = "export_blueprint", visible_alias = "export-blueprint")]
    ExportBlueprint,
    /// Print a link that logs a person in once, for when they are locked out.
    #[command(name = "create_recovery_key", visible_alias = "create-recovery-key")]
    CreateRecoveryKey(CreateRecoveryKey),
    /// Set a person's password; it is read from standard input.
    Changepassword {
        /// Username.
        username: String,
    },
    /// Print the configuration of a reverse proxy that asks about an application.
    Setup(Setup),
    /// Look at the settings.
    Config {
        #[command(subcommand)]
        command: Config,
    },
    /// Print the settings as JSON. Secrets are not shown.
    #[command(name = "dump_config", visible_alias = "dump-config")]
    DumpConfig,
    /// Print completions for a shell.
    Completions { shell: clap_complete::Shell },
    /// Print what the program says of itself.
    Schema {
        #[command(subcommand)]
        command: Schema,
    },
}

#[derive(Debug, Args)]
pub struct Setup {
    /// Slug of an application with a proxy provider.
    pub application: String,
    /// traefik, traefik-labels, traefik-kubernetes, nginx, ingress-nginx, caddy, haproxy, envoy or istio.
    #[arg(long = "for", value_name = "PROXY")]
    pub proxy: String,
    /// Where the proxy reaches Keywright; http://keywright:9000 if not given.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Where the proxy reaches the application.
    #[arg(long, value_name = "URL")]
    pub upstream: Option<String>,
    /// The address people open, where the provider stands for a whole domain.
    #[arg(long, value_name = "URL")]
    pub app: Option<String>,
    /// What files, routers and services are called after; the slug, or the first part of the host.
    #[arg(long)]
    pub name: Option<String>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Outpost {
    /// Let people through to applications over HTTP: forward authentication and reverse proxy.
    Proxy,
}

#[derive(Debug, Args)]
pub struct Migrate {
    /// Only show what would be done.
    #[arg(long)]
    pub dry_run: bool,
    /// PostgreSQL: go on without a fresh dump.
    #[arg(long)]
    pub yes: bool,
    /// PostgreSQL: the dump taken just before, as proof that there is a way back.
    #[arg(long, value_name = "FILE")]
    pub dump: Option<PathBuf>,
    /// Go on with the secret key that is set, although the installation was made with another: applications will take
    /// everybody for somebody new, and what is stored encrypted is lost.
    #[arg(long)]
    pub accept_secret_key: bool,
}

/// Move everything from one database into another: from SQLite to PostgreSQL, or back.
///
/// Stop all nodes first: what is written during the move is not moved. All of it is copied in one transaction, read back,
/// and compared row by row before it counts; whatever goes wrong leaves the target empty, and the source is only read.
///
/// To leave SQLite: set postgresql.* to the new server as the nodes will have it, set the secret key to the content of
/// DATA/secret.key, and run `keywright migrate-store` where the data folder is.
#[derive(Debug, Args)]
#[command(
    after_help = "A database is written as sqlite:PATH, postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or settings \
    (the one that the settings name)."
)]
pub struct MigrateStore {
    /// The database to read [default: the SQLite database in the data folder].
    #[arg(long, value_name = "DATABASE")]
    pub from: Option<String>,
    /// The database to fill, which has to be empty [default: the one that the settings name].
    #[arg(long, value_name = "DATABASE")]
    pub to: Option<String>,
}

/// Make an encrypted backup of everything: all rows as of one moment, and the secret key.
///
/// Nothing has to be stopped. The passphrase comes from backup.passphrase (KEYWRIGHT_BACKUP__PASSPHRASE) or a key file. A
/// backup goes back into either kind of database.
#[derive(Debug, Args)]
pub struct Backup {
    /// Where to keep it: a folder, or s3://BUCKET/FOLDER [default: backup.to, or DATA/backups].
    #[arg(long, value_name = "PLACE")]
    pub to: Option<String>,
    /// File whose content is used as the passphrase.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// Put a backup in the place of everything there is.
///
/// All of the backup is checked before anything is touched, and all of what was written is read back before it counts. Stop
/// all nodes first.
#[derive(Debug, Args)]
pub struct Restore {
    /// A file, the name of one where backups are kept, s3://BUCKET/FOLDER/NAME, or `latest`.
    pub backup: String,
    /// Replace the data that the database holds.
    #[arg(long)]
    pub yes: bool,
    /// Only check the backup and say what is in it.
    #[arg(long)]
    pub check: bool,
    /// Only print the secret key in it.
    #[arg(long, conflicts_with = "check")]
    pub secret_key: bool,
    /// File whose content is used as the passphrase.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ApplyBlueprint {
    /// Blueprint files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Show what would change, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct CreateRecoveryKey {
    /// How long the link is good for, in minutes.
    #[arg(default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub minutes: u32,
    /// Username.
    #[arg(default_value = "akadmin")]
    pub username: String,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Check every setting and show where each comes from. Secrets are not shown.
    Check,
    /// Explain every setting (Markdown).
    Reference,
    /// The JSON schema of the settings file.
    Schema,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Schema {
    /// The OpenAPI document of the API.
    Openapi,
    /// The tables of the database.
    Lock,
    /// The forms of the admin pages.
    Forms,
    /// The reference of all objects (Markdown).
    Objects,
}

//! `backup` and `restore`, and the backups that are made by themselves.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use backup::{Extras, Passphrase, Place, S3};
use feature::{App, Registry};
use settings::Settings;
use store::{MigrateOptions, Store};

use super::progress;
use crate::assemble;
use crate::cli::{Backup, Restore};
use crate::features::FEATURES;

/// `keywright backup`
pub async fn create(app: &App, options: &Backup) -> Result<ExitCode> {
    let passphrase = passphrase(app.settings(), options.key_file.as_deref())?;
    let place = place(app.settings(), options.to.as_deref())?;
    let (kept, report) = one(app, &passphrase, &place, &mut progress::bar()).await?;
    progress::done();
    outln!("{} rows of {} tables are kept in {kept}", report.rows(), report.tables.len());
    Ok(ExitCode::SUCCESS)
}

async fn one(
    app: &App,
    passphrase: &Passphrase,
    place: &Place,
    tell: &mut (dyn FnMut(backup::Progress<'_>) + Send),
) -> Result<(String, backup::Report)> {
    let settings = app.settings();
    let secret_key = settings.secret_key(|buffer| app.random().fill(buffer))?;
    let extras = Extras { secret_key: secret_key.expose().clone() };
    // Sealed from its first byte, so that it may lie beside the database meanwhile.
    let file = settings.general.data_dir.join(format!(".backup-{}.part", app.random().uuid_v4()));
    std::fs::create_dir_all(&settings.general.data_dir)?;
    let done = async {
        let report = backup::create(app.store(), &extras, passphrase, &file, tell).await?;
        let kept = place.keep(&file, app.clock().now()).await?;
        Ok((kept, report))
    };
    let done: Result<_, backup::Error> = done.await;
    let _ = std::fs::remove_file(&file);
    Ok(done?)
}

/// `keywright restore`
pub async fn restore(settings: &Settings, options: &Restore) -> Result<ExitCode> {
    let passphrase = passphrase(settings, options.key_file.as_deref())?;
    let registry = Registry::new(FEATURES)?;
    let (file, fetched) = find(settings, &options.backup).await?;
    let result = from_file(settings, options, &passphrase, &file, registry).await;
    if fetched {
        let _ = std::fs::remove_file(&file);
    }
    result
}

async fn from_file(
    settings: &Settings,
    options: &Restore,
    passphrase: &Passphrase,
    file: &Path,
    registry: &'static Registry,
) -> Result<ExitCode> {
    // Against the tables of this version, before any database is opened.
    let blank = Store::open_temporary(registry.catalogue).await?;
    let contents = backup::verify(file, passphrase, &blank.layout())?;
    drop(blank);
    if options.secret_key {
        outln!("{}", contents.extras.secret_key);
        return Ok(ExitCode::SUCCESS);
    }
    out!("{}", contents.report);
    outln!("The backup of {} is whole.", contents.created);
    if options.check {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(set) = &settings.general.secret_key
        && *set.expose() != contents.extras.secret_key
    {
        bail!(
            "the secret key that is set is not the one of the backup; nothing was changed. Print the backup's with \
             `keywright restore --secret-key …` and set KEYWRIGHT_SECRET_KEY to it on every node"
        );
    }
    std::fs::create_dir_all(&settings.general.data_dir)?;
    let store = Store::open(&assemble::place(settings), registry.catalogue, &MigrateOptions::default())
        .await
        .context("opening the database")?;
    if !options.yes && !store.is_empty().await? {
        bail!(
            "the database holds data, all of which would be replaced; nothing was changed. Say --yes if that is meant"
        );
    }
    let result = backup::restore(&store, passphrase, file, &mut progress::bar()).await;
    progress::done();
    let contents = result?;
    if settings.general.secret_key.is_none() {
        keep_key(&settings.general.data_dir.join("secret.key"), &contents.extras.secret_key)?;
    }
    outln!("Everything is as it was when the backup was made. Start the nodes again.");
    Ok(ExitCode::SUCCESS)
}

/// Puts the backup's secret key where the generated one is kept; another one that was there is laid aside.
fn keep_key(path: &Path, key: &str) -> Result<()> {
    if std::fs::read_to_string(path).is_ok_and(|kept| kept.trim() == key) {
        return Ok(());
    }
    if path.exists() {
        let aside = path.with_extension("key.before-restore");
        std::fs::rename(path, &aside).with_context(|| format!("laying {} aside", path.display()))?;
        outln!("Another secret key was there; it is kept in {}", aside.display());
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("writing {}", path.display()))?;
    std::io::Write::write_all(&mut file, key.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// The file of a backup: as named, or fetched from where backups are kept.
async fn find(settings: &Settings, wanted: &str) -> Result<(PathBuf, bool)> {
    if Path::new(wanted).is_file() {
        return Ok((wanted.into(), false));
    }
    let (folder, name) = match wanted.rsplit_once('/') {
        Some((folder, name)) => (Some(folder), name),
        None => (None, wanted),
    };
    let place = place(settings, folder)?;
    let names = place.list().await.with_context(|| format!("looking for the backup {wanted}"))?;
    let found = match name {
        "latest" => names.last(),
        name => names.iter().find(|n| *n == name),
    };
    let Some(found) = found else {
        bail!("there is no backup {wanted}; those there are: {}", names.join(", "));
    };
    std::fs::create_dir_all(&settings.general.data_dir)?;
    let file = settings.general.data_dir.join(format!(".restore-{}.part", clock::Random::system().uuid_v4()));
    place.fetch(found, &file).await?;
    Ok((file, true))
}

fn passphrase(settings: &Settings, key_file: Option<&Path>) -> Result<Passphrase> {
    let backup = &settings.backup;
    if let Some(path) = key_file.or(backup.key_file.as_deref()) {
        let bytes = std::fs::read(path).with_context(|| format!("reading the key file {}", path.display()))?;
        return Ok(Passphrase::new(&bytes)?);
    }
    match &backup.passphrase {
        Some(passphrase) => Ok(Passphrase::new(passphrase.expose().as_bytes())?),
        None => bail!("set backup.passphrase (KEYWRIGHT_BACKUP__PASSPHRASE) or backup.key_file, or name a --key-file"),
    }
}

fn place(settings: &Settings, to: Option<&str>) -> Result<Place> {
    let backup = &settings.backup;
    let Some(to) = to.or(backup.to.as_deref()) else {
        return Ok(Place::Folder(settings.general.data_dir.join("backups")));
    };
    let Some(rest) = to.strip_prefix("s3://") else { return Ok(Place::Folder(to.into())) };
    let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
    let folder = folder.trim_matches('/');
    let endpoint = match &backup.s3_endpoint {
        Some(endpoint) => endpoint.to_string(),
        None => format!("https://s3.{}.amazonaws.com", backup.s3_region),
    };
    let (Some(access_key), Some(secret_key)) = (&backup.s3_access_key, &backup.s3_secret_key) else {
        bail!("set backup.s3.access_key and backup.s3.secret_key for {to}");
    };
    Ok(Place::S3(Box::new(S3 {
        endpoint: endpoint.parse().with_context(|| format!("the address {endpoint}"))?,
        region: backup.s3_region.clone(),
        bucket: bucket.to_owned(),
        prefix: if folder.is_empty() { String::new() } else { format!("{folder}/") },
        access_key: access_key.clone(),
        secret_key: secret_key.clone(),
    })))
}

/// How long to wait after one that failed.
const AGAIN: Duration = Duration::from_mins(10);

/// Makes backups as the settings say, one node for all; does nothing where they say nothing.
pub fn schedule(app: &App, tasks: &mut tokio::task::JoinSet<()>) -> Result<()> {
    let Some(period) = app.settings().backup.schedule else { return Ok(()) };
    let period = period.max(Duration::from_mins(1));
    let passphrase = passphrase(app.settings(), None).context("backup.schedule is set")?;
    let place = place(app.settings(), None).context("backup.schedule is set")?;
    let app = app.clone();
    tasks.spawn(async move {
        loop {
            // Claims come round a little early rather than slip later every day.
            if app.store().claim("backup", period.mul_f32(0.99)).await.unwrap_or(false)
                && let Err(error) = scheduled(&app, &passphrase, &place).await
            {
                tracing::error!("The backup failed and is tried again in {} min: {error:#}", AGAIN.as_secs() / 60);
                tokio::time::sleep(AGAIN.min(period)).await;
                let _ = app.store().release("backup").await;
            }
            tokio::time::sleep(Duration::from_secs(30).min(period / 4)).await;
        }
    });
    Ok(())
}

async fn scheduled(app: &App, passphrase: &Passphrase, place: &Place) -> Result<()> {
    let (kept, report) = one(app, passphrase, place, &mut |_| ()).await?;
    tracing::info!("Backup of {} rows is kept in {kept}", report.rows());
    for name in place.thin_out(app.settings().backup.keep as usize).await? {
        tracing::info!("Removed the old backup {name}");
    }
    Ok(())
}

//! Bringing a database to the catalogue's shape.
//!
//! The table `keywright_schema` records every shape the database has had. What is missing between the last and ours is
//! computed, shown, and carried out in one transaction: it happens wholly or not at all. Two instances that start at once
//! do it once.

mod plan;
mod render;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use object::{Catalogue, Value};

use crate::conn::Conn;
use crate::error::{Error, Result};
use crate::postgres::Postgres;
use crate::shape::Shape;
use crate::sql::{self, Dialect};
use crate::sqlite::{Location, Sqlite};
use crate::statement::{Column, Statement};

/// What may be done to a database that holds data of an older version.
#[derive(Debug, Clone, Default)]
pub struct MigrateOptions {
    /// Change a PostgreSQL database: there is a backup. SQLite makes its own copy and needs no leave.
    pub yes: bool,
    /// Write a copy here first: with SQLite instead of beside the database, with PostgreSQL by `pg_dump`.
    pub dump: Option<PathBuf>,
}

/// What a migration would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub steps: Vec<String>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("The database is up to date.\n");
        }
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

/// The tables of a catalogue for review: `schema/model.lock`.
pub fn lock_text(catalogue: &Catalogue) -> String {
    Shape::of(catalogue).to_text()
}

/// Version of the program: a database that a later one changed is not touched.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");
/// Names the advisory lock on PostgreSQL; any number that nobody else uses.
const LOCK: i64 = 0x4b65_7977_7269;

fn statement(sql: &str, params: Vec<Value>, columns: Vec<Column>) -> Statement {
    let params = params.into_iter().map(Into::into).collect();
    Statement::heavy(sql, params).returning(columns)
}

/// How many tables there are, and whether ours is among them: one question, as another instance may be making them.
fn count_tables(dialect: Dialect) -> Statement {
    let (name, from) = match dialect {
        Dialect::Sqlite => ("name", "sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"),
        Dialect::Postgres => ("table_name", "information_schema.tables WHERE table_schema = current_schema()"),
    };
    let sql = format!("SELECT COUNT(*), COUNT(CASE WHEN {name} = 'keywright_schema' THEN 1 END) FROM {from}");
    statement(&sql, vec![], vec![Column::Int, Column::Int])
}

fn history() -> Statement {
    let sql = "SELECT version, program, shape FROM keywright_schema ORDER BY version";
    statement(sql, vec![], vec![Column::Int, Column::Text, Column::Text])
}

/// What the database says of itself.
enum State {
    Empty,
    Made {
        version: i64,
        shape: Box<Shape>,
    },
    /// As we want it.
    Equal,
}

/// Reads what there is through `read` and judges it.
async fn state(
    dialect: Dialect,
    wanted: &Shape,
    read: impl AsyncFn(Statement) -> Result<Vec<Vec<Value>>>,
) -> Result<State> {
    let counted = read(count_tables(dialect)).await?;
    let number = |i: usize| counted.first().and_then(|r| r.get(i)).and_then(Value::as_int).unwrap_or_default();
    if number(0) == 0 {
        return Ok(State::Empty);
    }
    if number(1) == 0 {
        return Err(Error::Schema(
            "the database holds tables that Keywright did not make; give Keywright a database or a schema of its own"
                .into(),
        ));
    }
    judge(wanted, &read(history()).await?)
}

fn judge(wanted: &Shape, history: &[Vec<Value>]) -> Result<State> {
    let text = |row: &[Value], i: usize| row.get(i).and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(last) = history.last() else { return Ok(State::Empty) };
    let ours = wanted.to_json();
    if text(last, 2) == ours {
        return Ok(State::Equal);
    }
    let program = text(last, 1);
    let known = history.iter().any(|row| text(row, 2) == ours);
    if known || newer(&program, PROGRAM) {
        return Err(Error::Schema(format!(
            "the database was changed by a later version ({program}) and this is {PROGRAM}: start the later version, or \
             restore the copy that was made before the change"
        )));
    }
    let shape = serde_json::from_str(&text(last, 2))
        .map_err(|e| Error::Schema(format!("the record in keywright_schema cannot be read: {e}")))?;
    Ok(State::Made { version: last.first().and_then(Value::as_int).unwrap_or_default(), shape: Box::new(shape) })
}

fn newer(theirs: &str, ours: &str) -> bool {
    let parts = |v: &str| v.split('.').map(|p| p.parse::<u64>().unwrap_or_default()).collect::<Vec<_>>();
    parts(theirs) > parts(ours)
}

/// The SQL for what is to be done, with the record of it last.
fn script(dialect: Dialect, state: &State, wanted: &Shape) -> Result<Option<(Vec<String>, Statement)>> {
    let (mut out, version) = match state {
        State::Equal => return Ok(None),
        State::Empty => {
            let time = if dialect == Dialect::Sqlite { "TEXT" } else { "timestamptz" };
            let strict = if dialect == Dialect::Sqlite { " STRICT" } else { "" };
            let mut out = vec![format!(
                "CREATE TABLE keywright_schema (version {} PRIMARY KEY, program TEXT NOT NULL, shape TEXT NOT NULL, \
                 applied {time} NOT NULL){strict}",
                sql::sql_type(Column::Int, dialect)
            )];
            let number = sql::sql_type(Column::Int, dialect);
            out.push(format!(
                "CREATE TABLE keywright_change (label TEXT PRIMARY KEY NOT NULL, version {number} NOT NULL){strict}"
            ));
            out.extend(sql::create_all(wanted, dialect));
            (out, 0)
        }
        State::Made { version, shape } => {
            let steps = plan::steps(shape, wanted)?;
            (render::render(shape, wanted, &steps, dialect), *version)
        }
    };
    if version > 0 {
        // Whoever is connected reads everything again.
        out.push("UPDATE keywright_change SET version = version + 1".into());
    }
    let record = statement(
        &match dialect {
            Dialect::Sqlite => {
                "INSERT INTO keywright_schema (version, program, shape, applied) VALUES (?1, ?2, ?3, datetime('now'))"
                    .to_owned()
            }
            Dialect::Postgres => {
                "INSERT INTO keywright_schema (version, program, shape, applied) VALUES ($1, $2, $3, now())".to_owned()
            }
        },
        vec![Value::Int(version + 1), PROGRAM.into(), wanted.to_json().into()],
        vec![],
    );
    Ok(Some((out, record)))
}

fn described(state: &State, wanted: &Shape) -> Result<Plan> {
    Ok(match state {
        State::Equal => Plan::default(),
        State::Empty => Plan { steps: wanted.tables.keys().map(|t| format!("create table {t}")).collect() },
        State::Made { shape, .. } => {
            Plan { steps: plan::steps(shape, wanted)?.iter().map(ToString::to_string).collect() }
        }
    })
}

/// What a migration would do now.
pub async fn pending(conn: &Conn, catalogue: &Catalogue) -> Result<Plan> {
    let wanted = Shape::of(catalogue);
    let state = state(conn.dialect(), &wanted, async |s| conn.read(s).await).await?;
    described(&state, &wanted)
}

/// What would be done to a database that does not exist yet.
pub fn pending_new(catalogue: &Catalogue) -> Result<Plan> {
    described(&State::Empty, &Shape::of(catalogue))
}

/// Brings the database to the shape of the catalogue.
pub async fn migrate(conn: &Conn, catalogue: &Catalogue, options: &MigrateOptions) -> Result<()> {
    let wanted = Shape::of(catalogue);
    let dialect = conn.dialect();
    let state = state(dialect, &wanted, async |s| conn.read(s).await).await?;
    if let State::Equal = state {
        return Ok(());
    }
    if let State::Made { version, .. } = state {
        let plan = described(&state, &wanted)?;
        if !plan.is_empty() {
            tracing::info!("Migrating the database:\n{plan}");
            save(conn, version, &plan, options).await?;
        }
    }
    match conn {
        Conn::Sqlite(db) => sqlite(db, wanted).await,
        Conn::Postgres(db) => postgres(db, &wanted).await,
        Conn::SqliteTx(_) | Conn::PostgresTx(_) => Err(Error::TransactionOver),
    }
}

/// A copy to go back to.
async fn save(conn: &Conn, version: i64, plan: &Plan, options: &MigrateOptions) -> Result<()> {
    match conn {
        Conn::Sqlite(db) => {
            let Location::File(path) = db.location() else { return Ok(()) };
            let to = options.dump.clone().unwrap_or_else(|| beside(path, version));
            db.copy_to(&to).await?;
            tracing::info!("The database as it was is kept in {}", to.display());
            Ok(())
        }
        Conn::Postgres(db) => match &options.dump {
            Some(path) => dump(db, path).await,
            None if options.yes => Ok(()),
            None => Err(Error::Schema(format!(
                "the database is of an older version and has to be changed:\n{plan}Make a backup and run \
                 `keywright migrate --yes`, or let `keywright migrate --dump FILE` make one with pg_dump first"
            ))),
        },
        Conn::SqliteTx(_) | Conn::PostgresTx(_) => Err(Error::TransactionOver),
    }
}

fn beside(path: &Path, version: i64) -> PathBuf {
    let now = clock::Clock::system().now().strftime("%Y%m%dT%H%M%S").to_string();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-{}-{now}", version + 1));
    name.into()
}

async fn dump(db: &Postgres, path: &Path) -> Result<()> {
    let config = db.config().clone();
    let path = path.to_owned();
    let work = move || {
        let mut command = std::process::Command::new("pg_dump");
        command.args(["--format=custom", "--no-password", "--host", &config.host, "--username", &config.user]);
        command.args(["--port", &config.port.to_string(), "--schema", &config.schema, "--file"]).arg(&path);
        command.arg(&config.database);
        if let Some(password) = &config.password {
            command.env("PGPASSWORD", password.expose());
        }
        command.env("PGSSLMODE", config.sslmode.as_str());
        let files =
            [("PGSSLROOTCERT", &config.sslrootcert), ("PGSSLCERT", &config.sslcert), ("PGSSLKEY", &config.sslkey)];
        for (name, file) in files {
            if let Some(file) = file {
                command.env(name, file);
            }
        }
        let done =
            command.output().map_err(|e| Error::Schema(format!("pg_dump cannot be run: {e}; nothing was changed")))?;
        if done.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        Err(Error::Schema(format!("pg_dump failed, nothing was changed: {said}")))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::Unavailable(e.to_string()))?
}

/// A step that fails leaves the database as it was; the message says so.
fn refused(error: Error) -> Error {
    match error {
        Error::Unavailable(_) | Error::Schema(_) => error,
        other => Error::Schema(format!(
            "a migration step failed and nothing was changed: {other}. If rows lack a value that is now required, give the \
             field a default or fill it in with the version before"
        )),
    }
}

async fn sqlite(db: &Sqlite, wanted: Shape) -> Result<()> {
    let look = move |read: &dyn Fn(Statement) -> Result<Vec<Vec<Value>>>| {
        // The reads do not wait for anything, so one poll is enough.
        let judged = state(Dialect::Sqlite, &wanted, async |s| read(s));
        let state = futures::FutureExt::now_or_never(judged).unwrap_or(Err(Error::TransactionOver))?;
        script(Dialect::Sqlite, &state, &wanted)
    };
    db.script(look).await.map_err(refused)
}

async fn postgres(db: &Postgres, wanted: &Shape) -> Result<()> {
    let look = async |tx: &crate::postgres::PostgresTx| {
        let state = state(Dialect::Postgres, wanted, async |s| tx.read(&s).await).await?;
        script(Dialect::Postgres, &state, wanted)
    };
    db.script(LOCK, look).await.map_err(refused)
}

//! Applying a whole blueprint in one transaction.

use blueprint_yaml::{Answers, Blueprint, Context, Entry, Outcome, Problem, ProblemKind, Severity};
use feature::{App, Caller};
use serde_json::{Map, Value as Json};
use store::Store;

use crate::entry;
use crate::lookup::{self, Known, NOT_MADE};
use crate::report::{Failure, Report};

/// Where a blueprint's text comes from, which decides what its tags may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Part of the program, a file of the operator, the command line.
    Trusted,
    /// Sent over the API: no files outside the blueprint folder, no settings of the server.
    Api,
}

/// Everything that one application needs.
pub struct Application<'a> {
    pub app: &'a App,
    pub caller: &'a Caller,
    /// The transaction.
    pub store: &'a Store,
    pub origin: Origin,
    pub context: Context,
}

/// Applies the text of a blueprint and commits, or with `dry_run` only says what would happen.
pub async fn apply_text(app: &App, caller: &Caller, file: &str, text: &str, dry_run: bool) -> Result<Report, Failure> {
    let tx = app.store().begin().await.map_err(|e| Failure::fault(file, e.to_string()))?;
    let mut report = apply_in(app, caller, &tx, Origin::Trusted, file, text, &Map::new()).await?;
    report.dry_run = dry_run;
    let ended = if dry_run { tx.rollback().await } else { tx.commit().await };
    ended.map_err(|e| Failure::fault(file, e.to_string()))?;
    Ok(report)
}

/// Applies inside the caller's transaction and undoes it: the problems, if any, are what counts.
pub async fn rehearse(
    app: &App,
    caller: &Caller,
    store: &Store,
    file: &str,
    text: &str,
    context: &Map<String, Json>,
) -> Result<(), Failure> {
    let point = store.savepoint().await.map_err(|e| Failure::fault(file, e.to_string()))?;
    let result = apply_in(app, caller, store, Origin::Api, file, text, context).await;
    point.undo().await.map_err(|e| Failure::fault(file, e.to_string()))?;
    result.map(|_| ())
}

/// Applies inside the caller's transaction, which must be rolled back on an error.
pub async fn apply_in(
    app: &App,
    caller: &Caller,
    store: &Store,
    origin: Origin,
    file: &str,
    text: &str,
    context: &Map<String, Json>,
) -> Result<Report, Failure> {
    let read = blueprint_yaml::read(text);
    let warnings: Vec<Problem> = read.problems.iter().filter(|p| p.severity == Severity::Warning).cloned().collect();
    let (blueprint, _) = read.into_result().map_err(|problems| Failure::new(file, text, problems))?;
    let mut report = Report {
        file: file.to_owned(),
        name: blueprint.metadata.as_ref().map(|m| m.name.clone()).unwrap_or_default(),
        warnings: warnings.iter().map(|w| w.render(file, text)).collect(),
        ..Report::default()
    };
    let context = Context::layered(&installation(app), &blueprint, context);
    let application = Application { app, caller, store, origin, context };
    let problems = entries(&application, &blueprint, &mut report).await;
    report.notes = report.hints.iter().map(|hint| hint.render(file, text)).collect();
    if problems.is_empty() { Ok(report) } else { Err(Failure::new(file, text, problems)) }
}

/// The values that every blueprint may read by `!Context`: what this installation is made of.
fn installation(app: &App) -> Map<String, Json> {
    let models = app.registry().catalogue.models().iter().filter(|m| m.schema.path.is_some() || m.schema.family);
    let names: Map<String, Json> =
        models.map(|m| (m.schema.model_name().to_owned(), Json::from(m.schema.app_label()))).collect();
    let mut values = Map::new();
    values.insert("goauthentik.io/rbac/models".into(), names.into());
    values.insert("goauthentik.io/enterprise/licensed".into(), false.into());
    values
}

/// Goes through all entries even after one failed, so that a person sees every mistake at once. What depends on a failed
/// entry is passed over rather than complained about.
async fn entries(application: &Application<'_>, blueprint: &Blueprint, report: &mut Report) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut known = Known::of(blueprint);
    for one in &blueprint.entries {
        match entry::apply(application, one, &mut known, report).await {
            Ok(()) => {}
            Err(found) => {
                if let Some(id) = &one.id {
                    known.failed(id);
                }
                problems.extend(found);
            }
        }
        if problems.len() > blueprint_yaml::MAX_PROBLEMS {
            break;
        }
    }
    // A complaint about a reference to an entry that failed itself says nothing new.
    let follows = |p: &Problem| p.message.starts_with(NOT_MADE) && known.mentions_failed(&p.message);
    if problems.iter().any(|p| !follows(p)) {
        problems.retain(|p| !follows(p));
    }
    problems
}

/// Evaluates until nothing more needs to be looked up.
pub async fn evaluate<T>(
    application: &Application<'_>,
    known: &Known,
    answers: &mut Answers,
    mut step: impl FnMut(&blueprint_yaml::Evaluation<'_>) -> Result<Outcome<T>, Problem>,
) -> Result<T, Vec<Problem>> {
    loop {
        let evaluation = blueprint_yaml::Evaluation { context: &application.context, answers };
        match step(&evaluation).map_err(|p| vec![p])? {
            Outcome::Done(value) => return Ok(value),
            Outcome::Need(lookups) => {
                for lookup in lookups {
                    let answer = lookup::answer(application, known, &lookup).await;
                    answers.give(&lookup, answer);
                }
            }
        }
    }
}

/// A problem with an entry as a whole.
pub fn about(entry: &Entry, message: impl Into<String>, remedy: impl Into<String>) -> Problem {
    Problem::error(ProblemKind::Value, entry.model.span, message).at(entry.path.clone()).remedy(remedy)
}

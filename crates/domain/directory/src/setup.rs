//! That an installation was set up, remembered for ever.
//!
//! SECURITY: what opens the initial set-up may not be the state of an account, which can be deleted or lose its
//! password. The row made here is never removed; who makes it first wins.

use feature::{App, Problem};
use jiff::Timestamp;
use object::{Generated, Id, Object};
use store::{Filter, Store};

/// A thing that happens once in the life of an installation.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_core.milestone",
    table = "keywright_milestone",
    verbose = "Milestone",
    plural = "Milestones",
    verbs = [],
    unaudited,
    no_blueprint
)]
pub struct Milestone {
    #[field(key)]
    pub pk: Id<Self>,
    /// What happened.
    #[field(max = 100, unique)]
    pub name: String,
    /// When it happened.
    #[field(generated(Generated::Now))]
    pub at: Timestamp,
}

const SETUP: &str = "initial-setup";

/// Whether the installation was set up.
pub async fn is_done(app: &App) -> Result<bool, Problem> {
    Ok(app.store().exists(Milestone::model(), Filter::eq("name", SETUP)).await?)
}

/// Closes the initial set-up for ever. True for the one who did it; false when it was closed already.
pub async fn finish(app: &App) -> Result<bool, Problem> {
    let tx = app.store().begin().await?;
    if tx.exists(Milestone::model(), Filter::eq("name", SETUP)).await? {
        return Ok(false);
    }
    match finish_in(app, &tx).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(true)
        }
        // Somebody else was faster.
        Err(problem) if problem.status == http::StatusCode::BAD_REQUEST => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// As [`finish`], as part of a transaction: together with the first password.
pub async fn finish_in(app: &App, store: &Store) -> Result<(), Problem> {
    let row = Milestone { pk: Id::unsaved(), name: SETUP.to_owned(), at: app.clock().now() };
    store.insert(&row).await?;
    Ok(())
}

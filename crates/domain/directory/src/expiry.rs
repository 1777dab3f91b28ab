//! Sessions that run out: their logins end as by a logout, and whoever let somebody in for one is told.
//!
//! What else expires is cleared away without a word by the crate `events`; sessions do not say that they expire, so that it
//! leaves them alone.

use feature::{App, BoxFuture, Job, Problem};
use object::Object;
use store::{Filter, Op, Query};

use crate::session::Session;

pub const JOB: Job = Job { name: "sessions_expire", every: 60, run };

/// As many at a time: on SQLite nobody else writes meanwhile.
const BATCH: u64 = 500;

fn run(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        loop {
            let past = Filter::compare("expires", Op::Lt, app.clock().now()).and(Filter::eq("expiring", true));
            let query = Query::filter(past.clone()).columns_only().limit(BATCH);
            let over: Vec<_> = app.store().find::<Session>(&query).await?.into_iter().map(|s| s.pk.0).collect();
            if over.is_empty() {
                return Ok(());
            }
            let tx = app.store().begin().await?;
            crate::news::announce_ends(&tx, Filter::any_of("session", over.iter().copied())).await?;
            // Again with the condition: one that was used meanwhile stays.
            tx.delete_where(Session::model(), past.and(Filter::any_of("pk", over.iter().copied()))).await?;
            tx.commit().await?;
        }
    })
}

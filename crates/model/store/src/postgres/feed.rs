//! News of configuration that another instance changed.
//!
//! Every writing transaction counts up a row per changed model in `keywright_change` and notifies. Whoever is told, or
//! was cut off, or has not heard for a while, compares the counters with those it last loaded and reads what differs. So
//! a lost notification delays a change by one poll and never loses it, and an instance's own changes cost it one query.

use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::time::Duration;

use object::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_postgres::{AsyncMessage, Client};

use super::Postgres;
use super::bind::run_prepared;
use crate::error::Result;
use crate::statement::Statement;
use crate::store::Store;

pub const CHANNEL: &str = "keywright_change";
/// How long the server may take to answer a look before the link counts as lost.
const ANSWER: Duration = Duration::from_secs(3);

/// Follows the feed until the driver is gone. `store` gives the store while it is in use.
pub async fn follow(driver: Weak<Postgres>, store: impl Fn() -> Option<Store> + Send + 'static) {
    let Some(mut gone) = driver.upgrade().map(|d| d.alive.subscribe()) else { return };
    tokio::select! {
        _ = gone.changed() => {}
        () = keep_listening(driver, store) => {}
    }
}

/// Runs a read over a connection outside the pool.
pub async fn read_over(client: &Client, statement: Statement) -> Result<Vec<Vec<Value>>> {
    run_prepared(client, &statement, None, None).await.map(|outcome| outcome.rows).map_err(|fault| fault.error)
}

async fn keep_listening(driver: Weak<Postgres>, store: impl Fn() -> Option<Store> + Send) {
    let mut pause = Duration::from_millis(200);
    loop {
        let Some(pool) = driver.upgrade().map(|d| Arc::clone(&d.pool)) else { return };
        let (poll, health) = (pool.options.poll, Arc::clone(&pool.health));
        match pool.listener().await {
            Ok((client, mut connection)) => {
                health.up();
                let wanted = pool.can_listen();
                drop(pool);
                let (sender, mut news) = tokio::sync::mpsc::unbounded_channel();
                let reading = tokio::spawn(async move {
                    while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                        if matches!(message, AsyncMessage::Notification(_)) && sender.send(()).is_err() {
                            return;
                        }
                    }
                });
                let listening = if wanted { client.batch_execute(&format!("LISTEN {CHANNEL}")).await } else { Ok(()) };
                if listening.is_ok() {
                    pause = Duration::from_millis(200);
                    set_linked(&store, true);
                    if let Some(store) = store() {
                        store.shared.news.look_at_all();
                    }
                    loop {
                        // First of all, as something may have changed while nobody listened.
                        let Some(store) = store() else {
                            reading.abort();
                            return;
                        };
                        // Over the link itself: a link that no longer answers is noticed by that.
                        match timeout(ANSWER, store.read_news(Some(&client))).await {
                            Ok(Ok(counters)) => {
                                health.up();
                                if let Err(e) = store.act_on_news(counters).await {
                                    tracing::warn!("Changed configuration could not be read: {e}");
                                }
                            }
                            Ok(Err(e)) if !client.is_closed() => tracing::warn!("News could not be read: {e}"),
                            Ok(Err(_)) => break,
                            Err(_) => {
                                health.down("a look at the news took too long");
                                break;
                            }
                        }
                        drop(store);
                        match timeout_at(Instant::now() + poll, news.recv()).await {
                            Ok(None) => break,
                            Ok(Some(())) => while news.try_recv().is_ok() {},
                            Err(_) => {}
                        }
                    }
                    set_linked(&store, false);
                    tracing::warn!(
                        "The link to PostgreSQL's notifications is lost; changes arrive late until it is back"
                    );
                }
                reading.abort();
            }
            Err(e) => {
                drop(pool);
                // No more connections are to be had, perhaps, while those there are work.
                let idle = driver.upgrade().is_some_and(|d| d.pool.has_idle());
                let looked = match store() {
                    Some(store) if idle => timeout(ANSWER, store.look()).await.is_ok_and(|r| r.is_ok()),
                    Some(_) => false,
                    None => return,
                };
                if looked {
                    health.up();
                } else {
                    health.down(&e.why);
                }
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

fn set_linked(store: &impl Fn() -> Option<Store>, linked: bool) {
    if let Some(store) = store() {
        store.shared.snapshots.set_linked(linked);
    }
}

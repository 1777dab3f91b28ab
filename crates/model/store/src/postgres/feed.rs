//! News of configuration that another instance changed.
//!
//! Every writing transaction counts up a row per changed model in `keywright_change` and notifies. Whoever is told, or
//! was cut off, or has not heard for a while, compares the counters with those it last loaded and reads what differs. So
//! a lost notification delays a change by one poll and never loses it, and an instance's own changes cost it one query.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use object::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Client};

use super::Postgres;
use super::bind::run_prepared;
use super::connect::Wire;
use super::health::Health;
use crate::error::Result;
use crate::news::Look;
use crate::statement::Statement;
use crate::store::Store;

pub const CHANNEL: &str = "keywright_change";
/// How long the server may take to answer a look before the link counts as lost.
const ANSWER: Duration = Duration::from_secs(3);
/// How often to look while changed configuration is read, at least.
const POLL_MEANWHILE: Duration = Duration::from_millis(500);
/// How long to wait before the link is made anew; longer each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

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
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(pool) = driver.upgrade().map(|d| Arc::clone(&d.pool)) else { return };
        let (poll, health) = (pool.options.poll, Arc::clone(&pool.health));
        match pool.listener().await {
            Ok((client, connection)) => {
                if health.is_gone() {
                    // The network may have forgotten the connections of before without telling us.
                    pool.forget();
                }
                health.up();
                let wanted = pool.can_listen();
                drop(pool);
                let (reading, notified) = read_messages(connection);
                let mut link = Link { client, notified, poll, health };
                if link.listen(wanted).await {
                    pause = FIRST_PAUSE;
                    set_linked(&store, true);
                    if let Some(store) = store() {
                        store.shared.news.look_at_all();
                    }
                    // First of all, as something may have changed while nobody listened.
                    while let Some(store) = store()
                        && link.look_and_act(&store).await
                    {
                        drop(store);
                        link.wait().await;
                    }
                    if store().is_none() {
                        reading.abort();
                        return;
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

/// Moves the messages of a connection; what notifications come in is told by the receiver, and by its end that the
/// connection has ended.
fn read_messages(mut connection: Wire) -> (JoinHandle<()>, UnboundedReceiver<()>) {
    let (sender, notified) = tokio::sync::mpsc::unbounded_channel();
    let reading = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if matches!(message, AsyncMessage::Notification(_)) && sender.send(()).is_err() {
                return;
            }
        }
    });
    (reading, notified)
}

/// The connection over which this process hears of the others. That it answers is what tells whether the server does.
struct Link {
    client: Client,
    notified: UnboundedReceiver<()>,
    poll: Duration,
    health: Arc<Health>,
}

impl Link {
    /// Has the server tell of news, where it can. False when the link is lost.
    async fn listen(&self, wanted: bool) -> bool {
        if !wanted {
            return true;
        }
        let listening = timeout(ANSWER, self.client.batch_execute(&format!("LISTEN {CHANNEL}"))).await;
        if listening.is_err() {
            self.health.down("it took too long to be told of news");
        }
        listening.is_ok_and(|listening| listening.is_ok())
    }

    /// Looks, and reads the configuration that changed. False when the link is lost.
    async fn look_and_act(&self, store: &Store) -> bool {
        let look = match self.look(store).await {
            Some(Some(look)) => look,
            Some(None) => return true,
            None => return false,
        };
        // Reading may take long, or not end at all when the network is cut in the middle of it. News of other things go on
        // to be heard meanwhile, and silence to be noticed.
        let mut acting = pin!(store.act_on_news(look));
        loop {
            match timeout(self.poll.min(POLL_MEANWHILE), &mut acting).await {
                Ok(Ok(())) => return true,
                Ok(Err(e)) => {
                    tracing::warn!("Changed configuration could not be read: {e}");
                    return true;
                }
                Err(_) => {
                    if self.look(store).await.is_none() {
                        return false;
                    }
                }
            }
        }
    }

    /// Asks over the link itself: `None` when it no longer answers, nothing inside when the server refuses.
    async fn look(&self, store: &Store) -> Option<Option<Look>> {
        match timeout(ANSWER, store.read_news(Some(&self.client))).await {
            Ok(Ok(look)) => {
                self.health.up();
                Some(Some(look))
            }
            Ok(Err(e)) if !self.client.is_closed() => {
                tracing::warn!("News could not be read: {e}");
                Some(None)
            }
            Ok(Err(_)) => None,
            Err(_) => {
                self.health.down("a look at the news took too long");
                None
            }
        }
    }

    /// Until it is time to look again.
    async fn wait(&mut self) {
        if let Ok(Some(())) = timeout(self.poll, self.notified.recv()).await {
            while self.notified.try_recv().is_ok() {}
        }
    }
}

fn set_linked(store: &impl Fn() -> Option<Store>, linked: bool) {
    if let Some(store) = store() {
        store.shared.snapshots.set_linked(linked);
    }
}

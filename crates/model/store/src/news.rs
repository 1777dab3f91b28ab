//! News that processes on one database tell each other: "this session has ended", "that code was used".
//!
//! For rows that are kept in memory somewhere without being configuration. [`Store::announce`] is part of the transaction
//! that it is called in: it is heard once that is committed, and never otherwise. It is heard in the announcing process at
//! once, elsewhere within milliseconds by NOTIFY and within half a second without (a pooler in between, a link that broke):
//! the news stands in a table which everybody looks at, and NOTIFY says no more than "look now". A listener hears of
//! everything at least once; what it may not have heard, because it or its process slept too long, is told as
//! [`News::Missed`], after which it has to forget what it holds.
//!
//! Memory is to be trusted only while news come in: see [`Store::news_age`] and [`Store::catch_up`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use object::Value;
use parking_lot::Mutex;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use crate::conn::Conn;
use crate::error::{Error, Result};
use crate::sql;
use crate::statement::Statement;
use crate::store::Store;
use crate::touch::Touch;
use crate::write::Write;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Told(Arc<str>),
    /// Something may have been told that was not heard: whatever rests on the channel has to be read again.
    Missed,
}

/// An ear for one channel. It hears what is announced from its making on.
pub struct Listener {
    channel: &'static str,
    told: broadcast::Receiver<Told>,
}

impl Listener {
    /// The next piece of news; `None` when the store is gone.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            match self.told.recv().await {
                Ok(Told::Item(item)) if &*item.channel == self.channel => return Some(News::Told(item.payload)),
                Ok(Told::Item(_)) => {}
                Ok(Told::Missed) | Err(broadcast::error::RecvError::Lagged(_)) => return Some(News::Missed),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

/// One announcement as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub number: i64,
    pub channel: Arc<str>,
    pub payload: Arc<str>,
}

#[derive(Debug, Clone)]
enum Told {
    Item(Item),
    Missed,
}

/// Longest payload: news names a thing, it does not carry it.
const LONGEST: usize = 16 << 10;
/// How many pieces a listener may be behind.
const BACKLOG: usize = 8192;
/// How long a transaction may take between writing its news and its commit: numbers are given before the commit.
const SLOWEST: Duration = Duration::from_mins(2);
/// Who did not look for that long may have missed what was cleared away meanwhile ([`KEPT`] less what a clock may be off).
const AWAY: Duration = Duration::from_mins(10);
/// How long news are kept in the table.
pub(crate) const KEPT: Duration = Duration::from_mins(15);
/// How often old ones are cleared away.
const SWEEP: Duration = Duration::from_mins(5);
/// How long ago a look may have begun for what is in memory to be believed.
const TRUSTED: Duration = Duration::from_secs(1);
/// How long catching up may take.
const CATCHING_UP: Duration = Duration::from_secs(5);

/// What a look found, before anything was done about it.
pub(crate) struct Look {
    began: Moment,
    counters: Vec<Vec<Value>>,
}

/// A moment by both clocks: that of the process stands still while the machine sleeps, that of the world may be set.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Instant,
    time: Timestamp,
}

impl Moment {
    fn now() -> Self {
        Self { at: Instant::now(), time: clock::Clock::system().now() }
    }
    /// The longer time of the two, as nothing may seem younger than it is.
    fn age(self) -> Duration {
        let by_the_world = clock::Clock::system().now().duration_since(self.time);
        self.at.elapsed().max(Duration::try_from(by_the_world).unwrap_or_default())
    }
}

/// The hub of this process.
pub(crate) struct Hub {
    told: broadcast::Sender<Told>,
    state: Mutex<State>,
    /// Told each time that all configuration was read.
    progress: Notify,
}

#[derive(Default)]
struct State {
    /// Numbers up to this one need not be read again.
    floor: i64,
    /// Highest numbers by when they were seen: the floor follows them slowly.
    marks: Vec<(Instant, i64)>,
    heard: HashMap<i64, (Instant, Item)>,
    /// When the last look began that succeeded.
    looked: Option<Moment>,
    /// When the last look began after which all configuration that it told of was read.
    caught_up: Option<Moment>,
    swept: Option<Instant>,
}

impl Default for Hub {
    fn default() -> Self {
        Self { told: broadcast::Sender::new(BACKLOG), state: Mutex::default(), progress: Notify::new() }
    }
}

impl Hub {
    /// Tells listeners, unless they were told.
    pub fn deliver(&self, items: Vec<Item>) {
        let mut state = self.state.lock();
        self.pass_on(&mut state, items, Instant::now());
    }

    fn pass_on(&self, state: &mut State, items: Vec<Item>, now: Instant) {
        for item in items {
            // The number alone is not enough: a standby that takes over may give it again.
            let known = state.heard.insert(item.number, (now, item.clone()));
            if known.is_none_or(|(_, earlier)| earlier != item) {
                // Nobody listening is no fault.
                let _ = self.told.send(Told::Item(item));
            }
        }
    }

    fn floor(&self) -> i64 {
        self.state.lock().floor
    }

    /// Makes the next look read all that is kept: another server may be answering now.
    pub fn look_at_all(&self) {
        let mut state = self.state.lock();
        state.floor = 0;
        state.marks.clear();
    }

    /// Takes note of what was read by a look that began then.
    fn heard(&self, look: Moment, items: Vec<Item>) {
        let mut state = self.state.lock();
        let began = look.at;
        let highest = items.iter().map(|i| i.number).max().unwrap_or(state.floor);
        match state.looked {
            // What was announced before this process listened concerns nobody in it.
            None => state.heard.extend(items.into_iter().map(|i| (i.number, (began, i)))),
            Some(before) => {
                if look.time.duration_since(before.time).unsigned_abs() > AWAY {
                    let _ = self.told.send(Told::Missed);
                }
                self.pass_on(&mut state, items, began);
            }
        }
        state.looked = Some(look);
        if state.marks.last().is_none_or(|(_, mark)| *mark < highest) {
            state.marks.push((began, highest));
        }
        while let Some((at, mark)) = state.marks.first().copied()
            && began.duration_since(at) > SLOWEST
        {
            state.floor = state.floor.max(mark);
            state.marks.remove(0);
        }
        if state.heard.len() > 64 {
            state.heard.retain(|_, (at, _)| began.duration_since(*at) < KEPT + SLOWEST);
        }
    }

    /// Takes note that all is read that a look told of.
    fn caught_up(&self, look: Moment) {
        let mut state = self.state.lock();
        // One that began earlier may end later.
        state.caught_up = state.caught_up.filter(|other| other.at > look.at).or(Some(look));
        drop(state);
        self.progress.notify_waiters();
    }

    /// Whether it is time to clear the table, said once.
    fn is_sweep_due(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        let due = state.swept.is_none_or(|at| now.duration_since(at) > SWEEP);
        if due {
            state.swept = Some(now);
        }
        due
    }
}

impl Store {
    /// Tells every process on this database, this one included. In a transaction: once it is committed.
    ///
    /// ```ignore
    /// let tx = store.begin().await?;
    /// tx.delete(Session::model(), key).await?;
    /// tx.announce("session", &key.to_string()).await?;
    /// tx.commit().await?;
    /// ```
    pub async fn announce(&self, channel: &'static str, payload: &str) -> Result<()> {
        self.apply_announcing(Vec::new(), channel, &[payload]).await
    }

    /// Carries out the writes and tells of them, all or nothing.
    pub async fn apply_announcing<P: AsRef<str>>(
        &self,
        writes: Vec<Write>,
        channel: &'static str,
        payloads: &[P],
    ) -> Result<()> {
        if let Some(long) = payloads.iter().find(|p| p.as_ref().len() > LONGEST) {
            let (what, length) = (format!("news on {channel}"), long.as_ref().len());
            return Err(Error::Database { what, message: format!("{length} bytes are more than {LONGEST}") });
        }
        let mut statements = Vec::new();
        let mut touched = Vec::new();
        for write in &writes {
            touched.push(Touch::of(write));
            sql::plan(self.catalogue(), self.conn.dialect(), write, &mut statements)?;
        }
        let first = statements.len();
        let told = payloads.iter().map(|p| sql::tell(self.conn.dialect(), channel, p.as_ref()));
        statements.extend(told);
        let outcomes = self.run(statements, touched).await?;
        let numbers = outcomes.iter().skip(first).filter_map(|o| o.rows.first()?.first()?.as_int());
        let items: Vec<Item> = numbers
            .zip(payloads)
            .map(|(number, payload)| Item { number, channel: channel.into(), payload: payload.as_ref().into() })
            .collect();
        match &self.touched {
            Some(touched) => touched.lock().news.extend(items),
            None => self.shared.news.deliver(items),
        }
        Ok(())
    }

    /// Listens to a channel.
    pub fn listen(&self, channel: &'static str) -> Listener {
        Listener { channel, told: self.shared.news.told.subscribe() }
    }

    /// How long ago the last look at the news began that succeeded: nothing older than this was missed. It stays below a
    /// second as long as the database answers. A process that was stopped, or cut off, finds it large when it wakes; what
    /// is only true until somebody says otherwise has then to be asked of the database.
    pub fn news_age(&self) -> Duration {
        self.shared.news.state.lock().looked.map_or(Duration::MAX, Moment::age)
    }

    /// Whether what this process holds in memory is as the database had it a second ago.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.shared.news.state.lock().caught_up.is_some_and(|look| look.age() < TRUSTED)
    }

    /// Makes sure that this process knows what others committed until a second ago. To be called before configuration
    /// decides anything. Costs nothing while news come in; after a silence (the process was stopped, the network was cut)
    /// it looks at once, and all who wait wait for the same look.
    ///
    /// # Errors
    /// What others changed cannot be known now.
    pub async fn catch_up(&self) -> Result<()> {
        // A file is never cut off; others write to it now and then at most, and are heard of within half a second.
        if !matches!(self.conn, Conn::Postgres(_)) || self.is_caught_up() {
            return Ok(());
        }
        let looking = async {
            let _turn = self.shared.catching_up.lock().await;
            if self.is_caught_up() { Ok(()) } else { self.look().await }
        };
        tokio::select! {
            biased;
            // The change feed may be faster.
            () = self.caught_up() => Ok(()),
            looked = looking => looked,
            () = tokio::time::sleep(CATCHING_UP) => {
                Err(Error::Unavailable("reading what others changed took too long".into()))
            }
        }
    }

    async fn caught_up(&self) {
        loop {
            let mut told = std::pin::pin!(self.shared.news.progress.notified());
            // From here on it hears, so that nothing is missed after the question.
            told.as_mut().enable();
            if self.is_caught_up() {
                return;
            }
            told.await;
        }
    }

    /// Looks once and acts on what changed.
    pub(crate) async fn look(&self) -> Result<()> {
        let look = self.read_news(None).await?;
        self.act_on_news(look).await
    }

    /// Reads the news, passes them on, and reads the counters of configuration. `link` is asked instead of the pool,
    /// where there is one.
    pub(crate) async fn read_news(&self, link: Option<&tokio_postgres::Client>) -> Result<Look> {
        let read = async |statement: Statement| match link {
            Some(client) => crate::postgres::read_over(client, statement).await,
            None => self.conn.read(statement).await,
        };
        let began = Moment::now();
        let rows = read(sql::news(self.shared.news.floor())).await?;
        let counters = read(sql::counters()).await?;
        self.shared.news.heard(began, rows.into_iter().filter_map(item).collect());
        Ok(Look { began, counters })
    }

    /// Reads the configuration that changed, and clears old news away now and then.
    pub(crate) async fn act_on_news(&self, look: Look) -> Result<()> {
        self.follow_counters(look.counters).await?;
        self.shared.news.caught_up(look.began);
        if self.shared.news.is_sweep_due(Instant::now()) {
            self.conn.write(vec![sql::forget_news(self.conn.dialect(), KEPT)]).await?;
        }
        Ok(())
    }
}

fn item(row: Vec<Value>) -> Option<Item> {
    let text = |i: usize| row.get(i).and_then(Value::as_str).map(Arc::from);
    Some(Item { number: row.first()?.as_int()?, channel: text(1)?, payload: text(2)? })
}

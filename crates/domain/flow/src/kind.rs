//! What a kind of stage has to say, and the list of all kinds.
//!
//! A kind fills in small hooks; everything that must not be forgotten (is this the stage that was asked about, is the form
//! from this plan, is an empty answer an answer) is in the executor's frame and cannot be skipped.

use std::collections::HashMap;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use feature::{App, BoxFuture, Problem};
use object::{Id, Key, KeyType, Object};
use parking_lot::RwLock;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::answer::{Answer, Errors};
use crate::challenge::Challenge;
use crate::visit::Visit;

/// How it goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Show the stage's challenge.
    Ask,
    /// The stage is passed.
    Pass,
    /// The answer will not do; show the challenge again with what is wrong.
    Wrong(Errors),
    /// The flow ends with a refusal.
    Deny(Option<String>),
    /// Show this instead; the stage stays where it is.
    Show(Challenge),
    /// The flow is over and the browser goes there. The address was checked by the stage.
    Leave(String),
    /// The flow is over; show this.
    Finish(Challenge),
}

/// A kind of stage. `Config` is the object it is configured by, or for stages that features put in, their data.
pub trait StageKind: Send + Sync + 'static {
    type Config: Send + Sync;
    /// The component that the challenge goes by.
    const COMPONENT: &'static str;

    /// Whether it acts before anybody answered.
    const SILENT: bool = false;

    /// Before anything is shown: the place for stages that need no answer.
    fn enter(&self, visit: &mut Visit, config: &Self::Config) -> impl Future<Output = Result<Next, Problem>> + Send {
        let _ = (visit, config);
        async { Ok(Next::Ask) }
    }
    /// What is shown.
    fn challenge(
        &self,
        visit: &mut Visit,
        config: &Self::Config,
    ) -> impl Future<Output = Result<Challenge, Problem>> + Send;
    /// What an answer does.
    fn answer(
        &self,
        visit: &mut Visit,
        config: &Self::Config,
        answer: &Answer,
    ) -> impl Future<Output = Result<Next, Problem>> + Send;
    /// What is wrong with an answer to another stage, or with none at all. It never passes.
    fn missing(
        &self,
        visit: &mut Visit,
        config: &Self::Config,
    ) -> impl Future<Output = Result<Errors, Problem>> + Send {
        let _ = (visit, config);
        async { Ok(Errors::one("component", "This field is required.", "required")) }
    }
    /// After an answer that will not do: the place to count and to give up.
    fn refused(&self, visit: &mut Visit, config: &Self::Config) -> Option<Next> {
        let _ = (visit, config);
        None
    }
}

/// What the executor asks of a stage, whatever its kind.
pub(crate) trait AnyStage: Send + Sync {
    fn component(&self) -> &'static str;
    fn is_silent(&self) -> bool;
    fn enter<'a>(&'a self, visit: &'a mut Visit) -> BoxFuture<'a, Result<Next, Problem>>;
    fn challenge<'a>(&'a self, visit: &'a mut Visit) -> BoxFuture<'a, Result<Challenge, Problem>>;
    fn answer<'a>(&'a self, visit: &'a mut Visit, answer: &'a Answer) -> BoxFuture<'a, Result<Next, Problem>>;
    fn missing<'a>(&'a self, visit: &'a mut Visit) -> BoxFuture<'a, Result<Errors, Problem>>;
    fn refused(&self, visit: &mut Visit) -> Option<Next>;
}

/// A kind together with one configuration.
struct Loaded<K: StageKind> {
    kind: Arc<K>,
    config: Arc<K::Config>,
}

impl<K: StageKind> AnyStage for Loaded<K> {
    fn component(&self) -> &'static str {
        K::COMPONENT
    }
    fn is_silent(&self) -> bool {
        K::SILENT
    }
    fn enter<'a>(&'a self, visit: &'a mut Visit) -> BoxFuture<'a, Result<Next, Problem>> {
        Box::pin(self.kind.enter(visit, &self.config))
    }
    fn challenge<'a>(&'a self, visit: &'a mut Visit) -> BoxFuture<'a, Result<Challenge, Problem>> {
        Box::pin(self.kind.challenge(visit, &self.config))
    }
    fn answer<'a>(&'a self, visit: &'a mut Visit, answer: &'a Answer) -> BoxFuture<'a, Result<Next, Problem>> {
        Box::pin(self.kind.answer(visit, &self.config, answer))
    }
    fn missing<'a>(&'a self, visit: &'a mut Visit) -> BoxFuture<'a, Result<Errors, Problem>> {
        Box::pin(self.kind.missing(visit, &self.config))
    }
    fn refused(&self, visit: &mut Visit) -> Option<Next> {
        self.kind.refused(visit, &self.config)
    }
}

trait Loader: Send + Sync {
    /// The stage with its configuration: from the snapshot by key, or from the data given.
    fn load(&self, snapshot: &store::Snapshot, key: Option<Key>, data: &Json) -> Option<Box<dyn AnyStage>>;
}

struct Configured<K>(Arc<K>);
struct InMemory<K>(Arc<K>, PhantomData<fn() -> K>);

impl<K> Loader for Configured<K>
where
    K: StageKind,
    K::Config: Object,
{
    fn load(&self, snapshot: &store::Snapshot, key: Option<Key>, _: &Json) -> Option<Box<dyn AnyStage>> {
        let id = <K::Config as Object>::Key::from_key(key?).map(Id)?;
        let config = snapshot.get::<K::Config>(id)?;
        Some(Box::new(Loaded { kind: Arc::clone(&self.0), config }))
    }
}
impl<K> Loader for InMemory<K>
where
    K: StageKind,
    K::Config: DeserializeOwned,
{
    fn load(&self, _: &store::Snapshot, _: Option<Key>, data: &Json) -> Option<Box<dyn AnyStage>> {
        let config = serde_json::from_value(data.clone()).ok()?;
        Some(Box::new(Loaded { kind: Arc::clone(&self.0), config: Arc::new(config) }))
    }
}

/// All kinds of stages: those with a configuration by their model, those that features put in by a name.
#[derive(Default)]
pub struct StageRegistry {
    loaders: RwLock<HashMap<&'static str, Arc<dyn Loader>>>,
}

impl StageRegistry {
    /// Adds a kind that is configured by an object.
    pub fn add<K>(&self, kind: K)
    where
        K: StageKind,
        K::Config: Object,
    {
        self.loaders.write().insert(K::Config::MODEL, Arc::new(Configured(Arc::new(kind))));
    }
    /// Adds a kind that features put into plans, under the name they use.
    pub fn add_in_memory<K>(&self, name: &'static str, kind: K)
    where
        K: StageKind,
        K::Config: DeserializeOwned,
    {
        self.loaders.write().insert(name, Arc::new(InMemory(Arc::new(kind), PhantomData)));
    }
    pub(crate) fn load(
        &self,
        name: &str,
        snapshot: &store::Snapshot,
        key: Option<Key>,
        data: &Json,
    ) -> Option<Box<dyn AnyStage>> {
        let loader = self.loaders.read().get(name).cloned()?;
        loader.load(snapshot, key, data)
    }
}

/// The kinds of stages of this program. Features add theirs while it is put together.
pub fn stage_registry(app: &App) -> Arc<StageRegistry> {
    app.shared()
}

/// Somebody who wants to know before a session ends. Stages put into the visit's plan come after the logout.
pub type BeforeLogout = for<'a> fn(&'a mut Visit) -> BoxFuture<'a, Result<(), Problem>>;

#[derive(Default)]
struct LogoutHooks(RwLock<Vec<BeforeLogout>>);

/// Asks to be told before a flow logs somebody out.
pub fn before_logout(app: &App, hook: BeforeLogout) {
    logout_hooks(app).0.write().push(hook);
}

fn logout_hooks(app: &App) -> Arc<LogoutHooks> {
    app.shared()
}

impl Visit {
    /// Ends the session of whoever is logged in, after everybody who asked was told.
    ///
    /// # Errors
    /// The session could not be ended. It is no error that somebody could not be told.
    pub async fn log_out(&mut self) -> Result<(), Problem> {
        let hooks = logout_hooks(self.app()).0.read().clone();
        for hook in hooks {
            if let Err(problem) = hook(self).await {
                tracing::error!("A logout could not be passed on: {}", problem.body);
            }
        }
        let caller = self.caller().clone();
        self.at.browser.logout(&caller).await?;
        self.at.caller = feature::Caller {
            address: caller.address,
            request_id: caller.request_id,
            user_agent: caller.user_agent,
            request: caller.request,
            ..feature::Caller::default()
        };
        self.forget_user();
        Ok(())
    }
}

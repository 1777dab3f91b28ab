//! Finding the rows: in memory where they are there, else by one query.

use std::sync::Arc;

use expr::Value;
use object::Key;
use store::{Filter, Query, Row};

use super::super::environment::Env;
use super::super::{convert, matching};
use super::{QuerySet, Source};

/// The most rows that one look brings into memory.
const MOST: u64 = 20_000;

impl QuerySet {
    /// The keys of the rows to choose from, if they are known; `Err` when they must be looked up first.
    fn candidates(&self, env: &Env) -> Result<Option<Vec<Key>>, ()> {
        match &self.source {
            Source::All => Ok(None),
            Source::Keys(keys) => Ok(Some(keys.to_vec())),
            Source::Groups(user, all) => {
                let known = user.known_membership(&env.snapshot).ok_or(())?;
                Ok(Some(if *all { known.all.clone() } else { known.direct.clone() }))
            }
            Source::Linked(..) => Err(()),
        }
    }
    fn in_memory(&self, env: &Env, keys: Option<&[Key]>) -> Option<Vec<Row>> {
        if self.model.schema.family || !self.model.schema.cached {
            return None;
        }
        let label = self.model.name();
        let mut rows = match keys {
            Some(keys) => {
                let rows = keys.iter().filter_map(|k| env.snapshot.row(label, *k).cloned());
                matching::select(rows, &self.filter)?
            }
            None => matching::select(env.snapshot.rows(label).iter().cloned(), &self.filter)?,
        };
        matching::sort(&mut rows, &self.order);
        let from = usize::try_from(self.offset).unwrap_or(usize::MAX).min(rows.len());
        let upto = self
            .limit
            .map_or(rows.len(), |n| from.saturating_add(usize::try_from(n).unwrap_or(usize::MAX)).min(rows.len()));
        rows.truncate(upto);
        rows.drain(..from);
        Some(rows)
    }
    /// The rows, when no query is needed.
    pub(super) fn now(&self, env: &Env) -> Option<Vec<Row>> {
        self.in_memory(env, self.candidates(env).ok()?.as_deref())
    }
    /// The keys of the rows, when no query is needed.
    pub fn keys_now(&self, env: &Env) -> Option<Vec<Value>> {
        Some(self.now(env)?.iter().filter_map(|r| r.key()).map(convert::key).collect())
    }
    async fn resolved(&self, env: &Env) -> store::Result<Option<Vec<Key>>> {
        Ok(match &self.source {
            Source::All => None,
            Source::Keys(keys) => Some(keys.to_vec()),
            Source::Groups(user, all) => {
                let known = user.membership(env.app.store()).await?;
                Some(if *all { known.all.clone() } else { known.direct.clone() })
            }
            Source::Linked(model, key, field) => Some(env.app.store().linked(model, *key, field).await?),
        })
    }
    fn condition(&self, keys: Option<Vec<Key>>) -> Filter {
        match keys {
            Some(keys) => self.filter.clone().and(Filter::any_of(self.model.key_field().name, keys)),
            None => self.filter.clone(),
        }
    }
    pub(super) async fn rows(&self, env: &Env) -> store::Result<Vec<Row>> {
        let keys = self.resolved(env).await?;
        if let Some(rows) = self.in_memory(env, keys.as_deref()) {
            return Ok(rows);
        }
        let mut query = Query::filter(self.condition(keys)).columns_only().offset(self.offset);
        query.limit = Some(self.limit.unwrap_or(MOST).min(MOST));
        query.order = self.order.iter().map(|name| name.clone().into()).collect();
        let found = env.app.store().concretes(self.model, &query).await?;
        Ok(found.into_iter().map(Arc::new).collect())
    }
    pub(super) async fn counted(&self, env: &Env) -> store::Result<u64> {
        let keys = self.resolved(env).await?;
        if let Some(rows) = self.in_memory(env, keys.as_deref()) {
            return Ok(rows.len() as u64);
        }
        let all = env.app.store().count(self.model, &self.condition(keys)).await?;
        Ok(all.saturating_sub(self.offset).min(self.limit.unwrap_or(u64::MAX)))
    }
}

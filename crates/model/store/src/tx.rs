//! Interactive transactions.

use std::ops::Deref;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::sql;
use crate::store::Store;

/// A store inside a transaction. Dropped without [`Tx::commit`], nothing of it happened.
pub struct Tx {
    store: Store,
    outer: Store,
    /// Whether this is the transaction's owner: one begun inside another ends with it.
    owner: bool,
}

impl Tx {
    pub(crate) async fn begin(outer: &Store) -> Result<Self> {
        let owner = !outer.conn.is_transaction();
        let conn = outer.conn.begin().await?;
        let touched = outer.touched.clone().unwrap_or_default();
        let store = Store { conn, shared: Arc::clone(&outer.shared), touched: Some(touched) };
        Ok(Self { store, outer: outer.clone(), owner })
    }
    /// Makes it all happen; returns once it is durable and this process sees the new configuration.
    pub async fn commit(self) -> Result<()> {
        if !self.owner {
            return Ok(());
        }
        let touched = self.store.touched.as_ref().map(|t| std::mem::take(&mut *t.lock())).unwrap_or_default();
        let concerned = self.outer.concerned(&touched.touches);
        if concerned.is_empty() && touched.news.is_empty() {
            return self.store.conn.end(true).await;
        }
        // As with single writes: once it is committed it must be read back, whether or not anybody still waits.
        let finish = async move {
            let news = sql::announce(self.store.conn.dialect(), &concerned);
            if !news.is_empty() {
                self.store.conn.write(news).await?;
            }
            self.store.conn.end(true).await?;
            self.outer.shared.news.deliver(touched.news);
            self.outer.refresh_committed(&concerned).await;
            Ok(())
        };
        tokio::spawn(finish).await.map_err(|e| Error::Unavailable(e.to_string()))?
    }
    /// Undoes it all.
    pub async fn rollback(self) -> Result<()> {
        if self.owner { self.store.conn.end(false).await } else { Ok(()) }
    }
}

impl Deref for Tx {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

/// A point inside a transaction to go back to, for a rehearsal.
pub struct Savepoint<'a> {
    store: &'a Store,
    /// How many touches and news there were.
    touched: (usize, usize),
}

impl Savepoint<'_> {
    /// Undoes everything since the point.
    pub async fn undo(self) -> Result<()> {
        self.store.conn.script("ROLLBACK TO rehearsal; RELEASE rehearsal").await?;
        if let Some(list) = &self.store.touched {
            let mut list = list.lock();
            list.touches.truncate(self.touched.0);
            list.news.truncate(self.touched.1);
        }
        Ok(())
    }
}

impl Store {
    /// Marks a point to go back to. Only inside a transaction, and only one at a time.
    pub async fn savepoint(&self) -> Result<Savepoint<'_>> {
        self.conn.script("SAVEPOINT rehearsal").await?;
        let touched = self.touched.as_ref().map_or((0, 0), |t| {
            let list = t.lock();
            (list.touches.len(), list.news.len())
        });
        Ok(Savepoint { store: self, touched })
    }
}

//! Interactive transactions.

use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::Result;
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
        let touched = outer.touched.clone().unwrap_or_else(|| Arc::new(Mutex::new(Vec::new())));
        let store = Store { conn, shared: Arc::clone(&outer.shared), touched: Some(touched) };
        Ok(Self { store, outer: outer.clone(), owner })
    }
    /// Makes it all happen; returns once it is durable and this process sees the new configuration.
    pub async fn commit(self) -> Result<()> {
        if !self.owner {
            return Ok(());
        }
        self.store.conn.end(true).await?;
        let touched = self.store.touched.as_ref().map(|t| std::mem::take(&mut *t.lock())).unwrap_or_default();
        self.outer.refresh(&touched).await
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

//! Who is told when a pair gets another private key.
//!
//! What was signed with the key before is still around, and only those who signed know for how long. They hand their hook in
//! while the program is put together, so that this crate knows none of them.

use std::sync::Arc;

use feature::{App, BoxFuture, Change, Problem};
use parking_lot::RwLock;

use crate::key_pair::CertificateKeyPair;

/// Runs in the transaction in which the pair changes, with the pair as it was.
pub type Renewed = for<'a> fn(&'a Change<'_>, &'a CertificateKeyPair) -> BoxFuture<'a, Result<(), Problem>>;

#[derive(Default)]
struct Hooks(RwLock<Vec<Renewed>>);

/// Asks to be told.
pub fn on_renewal(app: &App, hook: Renewed) {
    hooks(app).0.write().push(hook);
}

fn hooks(app: &App) -> Arc<Hooks> {
    app.shared()
}

pub fn saved<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let Some(before) = change.before.filter(|_| change.differs("key_data")) else { return Ok(()) };
        let before: CertificateKeyPair = before.clone().to()?;
        if before.key_data.trim().is_empty() {
            return Ok(());
        }
        let all = hooks(change.app).0.read().clone();
        for hook in all {
            hook(change, &before).await?;
        }
        Ok(())
    })
}

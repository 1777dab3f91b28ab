//! Password hashing for servers: off the runtime's threads, and only so many at a time.

use std::sync::Arc;
use std::thread::available_parallelism;

use clock::Random;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::Secret;
use crate::password::{self, Cost, PasswordError};

/// A handle on the hashing workers. Clones share the limit.
///
/// Each hash takes 19 MiB and tens of milliseconds of a core. Without a limit, a burst of logins
/// would take all memory; with it the burst waits.
#[derive(Clone, Debug)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    cost: Cost,
    random: Random,
}

/// The outcome of comparing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right.
    Match,
    /// The password is right, and the stored hash is of an old kind: store a new one.
    MatchOutdated,
    Mismatch,
}

impl Verdict {
    pub fn is_match(self) -> bool {
        self != Self::Mismatch
    }
}

impl Hasher {
    /// As many hashes at a time as there are cores.
    pub fn new(random: Random) -> Self {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        Self::with(random, Cost::default(), cores)
    }

    /// A chosen cost and limit (at least one): tests take a cheap cost.
    pub fn with(random: Random, cost: Cost, limit: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(limit.max(1))), cost, random }
    }

    /// Hash a new password for storing.
    pub async fn hash(&self, password: Secret<String>) -> Result<String, PasswordError> {
        let (cost, random) = (self.cost, self.random.clone());
        self.run(move || password::hash(password.expose(), cost, &random)).await
    }

    /// Compare a password with a stored hash.
    pub async fn verify(&self, password: Secret<String>, stored: String) -> Result<Verdict, PasswordError> {
        let cost = self.cost;
        self.run(move || {
            Ok(match password::verify(password.expose(), &stored)? {
                false => Verdict::Mismatch,
                true if password::needs_rehash(&stored, cost) => Verdict::MatchOutdated,
                true => Verdict::Match,
            })
        })
        .await
    }

    /// Spend the time of a comparison when there is nothing to compare with.
    ///
    /// SECURITY: call it for unknown users and for unusable passwords, so that the time of the answer
    /// does not tell which names exist.
    pub async fn verify_unknown(&self, password: Secret<String>) -> Verdict {
        // Only the time matters; too long a password fails as fast here as for a known user.
        let _ = self.hash(password).await;
        Verdict::Mismatch
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|error| PasswordError::Hashing(error.to_string()))?;
        spawn_blocking(move || {
            // Held by the work itself: a caller that goes away must not free a busy place.
            let _permit = permit;
            work()
        })
        .await
        .map_err(|error| PasswordError::Hashing(error.to_string()))?
    }
}

#[cfg(test)]
mod tests;

//! Places that are taken and get free again with time: the arithmetic of every limit here, with a bound on its memory.
//!
//! It knows no accounts and no addresses, only keys. A place is taken before it is known whether the guess is right, and
//! given back if it was: of many guesses at the same moment no more get through than of many in a row.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::time::Duration;

use parking_lot::Mutex;
use settings::Rate;

/// Keys that are remembered. One takes about 50 bytes.
const MOST: usize = 100_000;

/// Who is counted, as a number that nobody outside can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(u64);

/// No place is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full {
    /// How long until one is.
    pub wait: Duration,
    /// Whether this is the first that is turned away since there was a place.
    pub is_first: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Places {
    /// When all are free again, on the clock that only goes forward.
    free_at: Duration,
    /// Whether somebody was turned away since a place was last taken.
    is_told: bool,
}

#[derive(Debug, Default)]
pub struct Ledger {
    places: Mutex<HashMap<Key, Places>>,
    hasher: RandomState,
}

impl Ledger {
    pub fn key(&self, of: impl Hash) -> Key {
        Key(self.hasher.hash_one(of))
    }

    /// Takes a place.
    ///
    /// # Errors
    /// None is free.
    pub fn take(&self, key: Key, rate: &Rate, now: Duration) -> Result<(), Full> {
        let Some(each) = one_of(rate) else { return Ok(()) };
        let mut all = self.places.lock();
        if all.len() >= MOST && !all.contains_key(&key) {
            make_room(&mut all, now);
        }
        let places = all.entry(key).or_default();
        let free_at = places.free_at.max(now) + each;
        let over = free_at.saturating_sub(now).saturating_sub(rate.per);
        // A few microseconds are lost where the period does not divide evenly.
        if over > Duration::from_millis(1) {
            let is_first = !std::mem::replace(&mut places.is_told, true);
            return Err(Full { wait: over, is_first });
        }
        *places = Places { free_at, is_told: false };
        Ok(())
    }

    /// Gives a place back.
    pub fn give_back(&self, key: Key, rate: &Rate) {
        let Some(each) = one_of(rate) else { return };
        if let Some(places) = self.places.lock().get_mut(&key) {
            places.free_at = places.free_at.saturating_sub(each);
        }
    }

    /// Notes something about a key for a while, and whether it is still noted.
    pub fn note(&self, key: Key, until: Duration, now: Duration) {
        let mut all = self.places.lock();
        if all.len() >= MOST && !all.contains_key(&key) {
            make_room(&mut all, now);
        }
        all.insert(key, Places { free_at: until, is_told: false });
    }
    pub fn is_noted(&self, key: Key, now: Duration) -> bool {
        self.places.lock().get(&key).is_some_and(|p| p.free_at > now)
    }
}

/// How long one place is taken; `None` when there is no limit.
fn one_of(rate: &Rate) -> Option<Duration> {
    (rate.count > 0).then(|| rate.per / rate.count)
}

/// Forgets what is over, and if that is too little, the quarter that is over first.
fn make_room(all: &mut HashMap<Key, Places>, now: Duration) {
    all.retain(|_, places| places.free_at > now);
    if all.len() < MOST {
        return;
    }
    let mut ends: Vec<Duration> = all.values().map(|p| p.free_at).collect();
    let (_, limit, _) = ends.select_nth_unstable(MOST / 4);
    let limit = *limit;
    all.retain(|_, places| places.free_at > limit);
}

#[cfg(test)]
mod tests;

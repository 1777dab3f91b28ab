//! The sessions in memory: a map in many pieces, so that checks at the same time rarely meet.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::session::{Held, Session, SessionKey};

const PIECES: usize = 64;
/// Sessions in memory at most. The others are still kept by [`crate::Sessions`] and read again when they are needed.
const MOST: usize = 262_144;
/// Cookies that lead nowhere, remembered at most.
const MOST_MISSING: usize = 65_536;
/// Seconds for which such a cookie is remembered. The content of a cookie cannot be guessed before it is given out, so
/// that only a replica that lags behind could make this wrong.
const MISSING_FOR: i64 = 5;

/// The sessions in memory.
#[derive(Debug)]
pub struct Memory {
    pieces: Vec<RwLock<Piece>>,
}

#[derive(Debug, Default)]
struct Piece {
    sessions: HashMap<SessionKey, Held>,
    missing: HashMap<SessionKey, i64>,
}

/// What is known of a key.
pub enum Found {
    Session(Held),
    /// It was looked for a moment ago, and there is none.
    Missing,
    Unknown,
}

impl Default for Memory {
    fn default() -> Self {
        Self { pieces: (0..PIECES).map(|_| RwLock::default()).collect() }
    }
}

impl Memory {
    fn piece(&self, key: &SessionKey) -> &RwLock<Piece> {
        &self.pieces[usize::from(key.0[0]) % PIECES]
    }
    pub fn get(&self, key: &SessionKey, now: i64) -> Found {
        let piece = self.piece(key).read();
        if let Some(session) = piece.sessions.get(key) {
            return Found::Session(Arc::clone(session));
        }
        match piece.missing.get(key) {
            Some(until) if *until > now => Found::Missing,
            _ => Found::Unknown,
        }
    }
    /// Remembers a session. Where another request was quicker, its session stays and is returned.
    pub fn put(&self, session: Session, now: i64) -> Held {
        let mut piece = self.piece(&session.key).write();
        if piece.sessions.len() >= MOST / PIECES {
            piece.make_room(now);
        }
        piece.missing.remove(&session.key);
        let held = Arc::new(session);
        match piece.sessions.get(&held.key) {
            Some(there) if !there.is_over(now) => Arc::clone(there),
            _ => {
                piece.sessions.insert(held.key, Arc::clone(&held));
                held
            }
        }
    }
    /// Puts a session in the place of one that it renews. Where that is gone, the new one is not kept either.
    pub fn renew(&self, old: &Held, session: Session) -> Held {
        let held = Arc::new(session);
        let mut piece = self.piece(&held.key).write();
        if let Some(place) = piece.sessions.get_mut(&held.key)
            && Arc::ptr_eq(place, old)
        {
            // A doubt that came up meanwhile is about the new one, too.
            held.inherit(old);
            *place = Arc::clone(&held);
        }
        held
    }
    /// Remembers that a key leads nowhere.
    pub fn put_missing(&self, key: SessionKey, now: i64) {
        self.put_missing_for(key, now, MISSING_FOR);
    }
    pub(crate) fn put_missing_for(&self, key: SessionKey, now: i64, seconds: i64) {
        let mut piece = self.piece(&key).write();
        if piece.missing.len() >= MOST_MISSING / PIECES {
            piece.missing.retain(|_, until| *until > now);
            if piece.missing.len() >= MOST_MISSING / PIECES {
                piece.missing.clear();
            }
        }
        piece.missing.insert(key, now + seconds);
    }
    /// Takes a session out, also of the hands that hold it.
    pub fn end(&self, key: &SessionKey) {
        if let Some(session) = self.piece(key).write().sessions.remove(key) {
            session.end();
        }
    }
    /// Takes all sessions out that fit.
    pub fn end_where(&self, fits: impl Fn(&Session) -> bool) {
        for piece in &self.pieces {
            piece.write().sessions.retain(|_, session| {
                let ends = fits(session);
                if ends {
                    session.end();
                }
                !ends
            });
        }
    }
    /// Has the sessions that fit decided again when they are next used.
    pub fn doubt_where(&self, fits: impl Fn(&Session) -> bool) {
        for piece in &self.pieces {
            piece.read().sessions.values().filter(|s| fits(s)).for_each(|s| s.doubt());
        }
    }
    /// Drops what ended by itself.
    pub fn tidy(&self, now: i64) {
        for piece in &self.pieces {
            let mut piece = piece.write();
            piece.sessions.retain(|_, session| !session.is_over(now));
            piece.missing.retain(|_, until| *until > now);
        }
    }
    pub fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.read().sessions.len()).sum()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Piece {
    fn make_room(&mut self, now: i64) {
        self.sessions.retain(|_, session| !session.is_over(now));
        let mut excess = (self.sessions.len() + 1).saturating_sub(MOST / PIECES);
        // Which ones go does not matter much: they are read again when they come back.
        self.sessions.retain(|_, _| {
            let goes = excess > 0;
            excess -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests;

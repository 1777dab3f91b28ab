//! Keys of objects, typed by what they point at.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::record::Object;

/// What a primary key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Counted by the database.
    Int,
    Uuid,
}

/// A primary key without its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Int(i64),
    Uuid(Uuid),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => n.fmt(f),
            Self::Uuid(u) => u.hyphenated().fmt(f),
        }
    }
}

impl From<i64> for Key {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}
impl From<Uuid> for Key {
    fn from(u: Uuid) -> Self {
        Self::Uuid(u)
    }
}
impl<T: Object> From<Id<T>> for Key {
    fn from(id: Id<T>) -> Self {
        id.0.into_key()
    }
}
impl<T: Object> From<&Id<T>> for Key {
    fn from(id: &Id<T>) -> Self {
        id.0.into_key()
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(n) => s.serialize_i64(*n),
            Self::Uuid(u) => s.collect_str(&u.hyphenated()),
        }
    }
}
impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Int(i64),
            Uuid(Uuid),
        }
        Ok(match Either::deserialize(d)? {
            Either::Int(n) => Self::Int(n),
            Either::Uuid(u) => Self::Uuid(u),
        })
    }
}

/// A type that a key can be made of: `i64` or [`Uuid`].
pub trait KeyType: Copy + Eq + Hash + Ord + fmt::Debug + fmt::Display + Send + Sync + 'static {
    const KIND: KeyKind;
    /// The key of an object that is not in the database yet.
    const NEW: Self;
    fn into_key(self) -> Key;
    fn from_key(key: Key) -> Option<Self>;
}

impl KeyType for i64 {
    const KIND: KeyKind = KeyKind::Int;
    const NEW: Self = 0;
    fn into_key(self) -> Key {
        Key::Int(self)
    }
    fn from_key(key: Key) -> Option<Self> {
        match key {
            Key::Int(n) => Some(n),
            Key::Uuid(_) => None,
        }
    }
}
impl KeyType for Uuid {
    const KIND: KeyKind = KeyKind::Uuid;
    const NEW: Self = Uuid::nil();
    fn into_key(self) -> Key {
        Key::Uuid(self)
    }
    fn from_key(key: Key) -> Option<Self> {
        match key {
            Key::Uuid(u) => Some(u),
            Key::Int(_) => None,
        }
    }
}

/// The key of a `T`: both the key of an object itself and a reference to another one.
pub struct Id<T: Object>(pub T::Key);

impl<T: Object> Id<T> {
    /// The key of an object that the database has not seen; it is given a real one when it is inserted.
    pub fn unsaved() -> Self {
        Self(T::Key::NEW)
    }
    pub fn is_unsaved(self) -> bool {
        self.0 == T::Key::NEW
    }
    pub fn key(self) -> Key {
        self.0.into_key()
    }
    pub fn from_key(key: Key) -> Option<Self> {
        T::Key::from_key(key).map(Self)
    }
}

impl<T: Object> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Object> Copy for Id<T> {}
impl<T: Object> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T: Object> Eq for Id<T> {}
impl<T: Object> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T: Object> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T: Object> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T: Object> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
impl<T: Object> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T: Object> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.key().serialize(s)
    }
}
impl<'de, T: Object> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::from_key(Key::deserialize(d)?).ok_or_else(|| serde::de::Error::custom("a key of the other kind"))
    }
}

/// References to many objects, in the order given.
pub struct Refs<T: Object>(pub Vec<Id<T>>);

impl<T: Object> Clone for Refs<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}
impl<T: Object> Default for Refs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
impl<T: Object> PartialEq for Refs<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T: Object> fmt::Debug for Refs<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<T: Object> std::ops::Deref for Refs<T> {
    type Target = Vec<Id<T>>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

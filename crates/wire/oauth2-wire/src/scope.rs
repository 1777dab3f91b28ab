//! Sets of scopes (RFC 6749 §3.3).

use std::fmt;
use std::str::FromStr;

use indexmap::IndexSet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Scopes without repetition, in the order they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(IndexSet<String>);

impl ScopeSet {
    /// Read a space-delimited list. COMPAT: any white space delimits, as in authentik.
    pub fn parse(text: &str) -> Self {
        text.split_whitespace().collect()
    }

    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn insert(&mut self, scope: &str) {
        self.0.insert(scope.to_owned());
    }

    pub fn remove(&mut self, scope: &str) -> bool {
        self.0.shift_remove(scope)
    }

    pub fn is_subset(&self, of: &Self) -> bool {
        self.0.is_subset(&of.0)
    }

    /// What both have, in this set's order.
    pub fn intersection(&self, with: &Self) -> Self {
        self.iter().filter(|scope| with.contains(scope)).collect()
    }

    /// What this set has and the other has not.
    pub fn difference(&self, without: &Self) -> Self {
        self.iter().filter(|scope| !without.contains(scope)).collect()
    }
}

impl<'a> FromIterator<&'a str> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = &'a str>>(scopes: I) -> Self {
        Self(scopes.into_iter().map(str::to_owned).collect())
    }
}

impl FromStr for ScopeSet {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::parse(text))
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

/// As on the wire: one space-delimited string.
impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    //! Tests of the scopes.

    use super::*;

    #[test]
    fn scopes_keep_their_order_and_come_once() {
        let scopes = ScopeSet::parse(" openid  email openid\tprofile ");
        assert_eq!(scopes.to_string(), "openid email profile");
        assert_eq!(serde_json::to_string(&scopes).unwrap(), "\"openid email profile\"");
        let allowed = ScopeSet::parse("profile openid");
        assert_eq!(scopes.intersection(&allowed).to_string(), "openid profile");
        assert_eq!(scopes.difference(&allowed).to_string(), "email");
        assert!(!scopes.is_subset(&allowed));
        assert!(ScopeSet::parse("").is_subset(&allowed));
    }
}

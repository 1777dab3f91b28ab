//! Who asks, and what they may do. Filled in by the crate `access`; plain data here, so that nothing depends on how.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use object::{Key, Uuid};
use serde_json::{Map, Value as Json};

/// How the caller proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Through {
    /// Not at all.
    #[default]
    Nothing,
    /// A browser session.
    Session,
    /// An API token or an access token, by its identifier.
    Token { identifier: String },
    /// The program itself: blueprints, jobs, the command line.
    System,
}

/// The permissions of a caller that is no superuser: codenames like `authentik_core.view_user`.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    /// On every object.
    pub global: HashSet<String>,
    /// On single objects: codename → keys.
    pub on_objects: HashMap<String, HashSet<Key>>,
}

/// What was asked for, for the audit record.
#[derive(Debug, Clone, Default)]
pub struct RequestLine {
    pub method: String,
    pub path: String,
    /// The host that the browser named, with the port where it was written.
    pub host: String,
    /// Parameters of the query.
    pub args: Map<String, Json>,
}

/// Who asks.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    pub user: Option<i64>,
    pub username: String,
    pub name: String,
    pub email: String,
    pub superuser: bool,
    /// Whether the account is a part of the installation: that of an outpost.
    pub internal: bool,
    pub through: Through,
    pub grants: Arc<Grants>,
    /// The address the request came from, trusted proxies seen through.
    pub address: Option<IpAddr>,
    pub request_id: String,
    pub user_agent: String,
    /// Who really acts, while impersonating: key and name.
    pub impersonator: Option<(i64, String)>,
    /// The login that the request came under, where it came with a browser session.
    pub session: Option<Uuid>,
    pub request: Option<Arc<RequestLine>>,
}

impl Caller {
    /// The program itself, which may do everything.
    pub fn system() -> Self {
        Self { superuser: true, through: Through::System, ..Self::default() }
    }
    pub fn is_authenticated(&self) -> bool {
        self.user.is_some() || self.through == Through::System
    }
    /// Whether the caller may do this to every object.
    pub fn may(&self, codename: &str) -> bool {
        self.superuser || self.grants.global.contains(codename)
    }
    /// Whether the caller may do this to one object.
    pub fn may_on(&self, codename: &str, key: Key) -> bool {
        self.may(codename) || self.grants.on_objects.get(codename).is_some_and(|keys| keys.contains(&key))
    }
    /// The single objects the caller may do this to (beside the global permission).
    pub fn objects(&self, codename: &str) -> impl Iterator<Item = Key> + '_ {
        self.grants.on_objects.get(codename).into_iter().flatten().copied()
    }
}

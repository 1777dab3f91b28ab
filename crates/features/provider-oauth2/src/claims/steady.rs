//! Which expressions say the same as long as the user and the configuration stay the same.
//!
//! Most mappings only name what is in the user's row. Their claims are kept with the client, so that an interface that is
//! asked again and again (userinfo, refresh) does not evaluate them each time. What is not known to be steady is not kept.

use std::collections::HashMap;
use std::sync::Arc;

use object::Record;
use parking_lot::Mutex;
use policy::expression::compile;
use serde_json::{Map, Value as Json};

/// The variables that a steady expression may use.
const VARIABLES: [&str; 4] = ["request", "user", "provider", "token"];

/// What it may name beside its own variables. Neither the HTTP request nor the clock, chance, other objects or events; nor
/// anything that reaches an attribute by a name made at run time.
const NAMES: &[&str] = &[
    "user",
    "username",
    "email",
    "name",
    "uuid",
    "pk",
    "attributes",
    "groups",
    "ak_groups",
    "group_attributes",
    "is_superuser",
    "is_active",
    "all",
    "exists",
    "count",
    "first",
    "scope",
    "client_id",
    "len",
    "list",
    "dict",
    "set",
    "tuple",
    "sorted",
    "bool",
    "int",
    "any",
    "zip",
    "enumerate",
    "range",
    "min",
    "max",
    "sum",
    "reversed",
    "get",
    "items",
    "keys",
    "values",
    "update",
    "append",
    "extend",
    "setdefault",
    "insert",
    "add",
    "lower",
    "upper",
    "title",
    "capitalize",
    "split",
    "join",
    "strip",
    "lstrip",
    "rstrip",
    "replace",
    "startswith",
    "endswith",
    "removeprefix",
    "removesuffix",
];

/// Entries kept for a client; then it starts over.
const MOST: usize = 1024;

pub fn is_steady(expression: &str) -> bool {
    let Ok(program) = compile(expression, &VARIABLES) else { return false };
    program.names().iter().all(|name| NAMES.contains(&&**name))
}

/// Claims by user and scopes, each with the row that they were made from.
#[derive(Default)]
pub struct Kept(Mutex<HashMap<(i64, String), Made>>);

struct Made {
    of: Arc<Record>,
    claims: Claims,
}

type Claims = Arc<Map<String, Json>>;

impl Kept {
    /// What was kept for exactly this reading of the user's row.
    pub fn find(&self, user: &Arc<Record>, scopes: &str) -> Option<Claims> {
        let key = (user.get("pk").as_int()?, scopes.to_owned());
        let kept = self.0.lock();
        let made = kept.get(&key)?;
        Arc::ptr_eq(&made.of, user).then(|| Arc::clone(&made.claims))
    }
    pub fn keep(&self, user: &Arc<Record>, scopes: &str, claims: &Map<String, Json>) {
        let Some(pk) = user.get("pk").as_int() else { return };
        let mut kept = self.0.lock();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert((pk, scopes.to_owned()), Made { of: Arc::clone(user), claims: Arc::new(claims.clone()) });
    }
}

#[cfg(test)]
mod tests {
    use super::is_steady;

    #[test]
    fn what_depends_on_more_than_the_user_is_not_steady() {
        for steady in [
            "return {}",
            "return {'email': request.user.email, 'email_verified': False}",
            "return {'groups': [group.name for group in user.ak_groups.all()]}",
            "a = user.attributes.get('a', {})\nreturn {'a': f'{a} {user.name}'.lower()}",
        ] {
            assert!(is_steady(steady), "{steady}");
        }
        for changing in [
            "return {'ip': request.http_request.META}",
            "return {'ip': http_request}",
            "return {'ip': str(ak_client_ip)}",
            "return {'at': now()}",
            "import datetime\nreturn {'at': datetime.datetime.now()}",
            "return {'x': f'{request.http_request}'}",
            "return {'x': '{0.http_request}'.format(request)}",
            "return {'x': getattr(request, 'http_' + 'request')}",
            "return {'x': [request.context for _ in [1]]}",
            "return {'x': (lambda r: r.context)(request)}",
            "def f(r):\n    return r.obj\nreturn {'x': f(request)}",
            "return {'e': [e.name for e in request.user.app_entitlements(provider.application)]}",
            "return (",
        ] {
            assert!(!is_steady(changing), "{changing}");
        }
    }
}

//! What roles permit.

use std::collections::HashMap;
use std::sync::Arc;

use directory::{Role, RolePermission, User, guard::key_of};
use feature::Grants;
use object::Id;
use parking_lot::Mutex;
use store::Snapshot;

/// Permissions by role, and what combinations of roles add up to. Hangs on the snapshot and vanishes with it.
struct ByRole {
    permissions: HashMap<Id<Role>, Vec<Arc<RolePermission>>>,
    combined: Mutex<HashMap<Vec<Id<Role>>, Arc<Grants>>>,
}

impl ByRole {
    fn compute(snapshot: &Snapshot) -> Self {
        let mut permissions: HashMap<Id<Role>, Vec<Arc<RolePermission>>> = HashMap::new();
        for one in snapshot.all::<RolePermission>().iter() {
            permissions.entry(one.role).or_default().push(Arc::clone(one));
        }
        Self { permissions, combined: Mutex::default() }
    }
}

/// What the user's roles permit, those of groups included.
pub fn of(snapshot: &Snapshot, user: &User) -> Arc<Grants> {
    let mut roles: Vec<Id<Role>> = user.all_roles(snapshot).iter().map(|r| r.pk).collect();
    roles.sort();
    let by_role = snapshot.derive(ByRole::compute);
    if let Some(found) = by_role.combined.lock().get(&roles) {
        return Arc::clone(found);
    }
    let mut grants = Grants::default();
    for permission in roles.iter().filter_map(|role| by_role.permissions.get(role)).flatten() {
        if permission.object_pk.is_empty() {
            grants.global.insert(permission.codename.clone());
        } else if let Some(key) = key_of(&permission.object_pk) {
            grants.on_objects.entry(permission.codename.clone()).or_default().insert(key);
        }
    }
    let grants = Arc::new(grants);
    by_role.combined.lock().insert(roles, Arc::clone(&grants));
    grants
}

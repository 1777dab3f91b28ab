//! What users have through their groups: the groups above, roles, attributes, superuser status.
//!
//! Groups and roles are configuration, so all of it is answered from the snapshot without a query.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use object::Id;
use serde_json::{Map, Value as Json};
use store::Snapshot;

use crate::group::Group;
use crate::role::Role;
use crate::user::User;

/// For every group itself and all groups above it; computed once a snapshot.
struct Hierarchy {
    above: HashMap<Id<Group>, Vec<Arc<Group>>>,
    below: HashMap<Id<Group>, Vec<Id<Group>>>,
}

impl Hierarchy {
    fn compute(snapshot: &Snapshot) -> Self {
        let groups = snapshot.all::<Group>();
        let mut above = HashMap::with_capacity(groups.len());
        let mut below: HashMap<Id<Group>, Vec<Id<Group>>> = HashMap::new();
        for group in groups.iter() {
            let mut seen = HashSet::from([group.pk]);
            let mut found = vec![Arc::clone(group)];
            let mut next = 0;
            // A cycle ends at what was seen.
            while next < found.len() {
                let parents: Vec<_> = found[next].parents.iter().filter(|p| seen.insert(**p)).copied().collect();
                found.extend(parents.into_iter().filter_map(|p| snapshot.get(p)));
                next += 1;
            }
            above.insert(group.pk, found);
            for parent in group.parents.iter() {
                below.entry(*parent).or_default().push(group.pk);
            }
        }
        Self { above, below }
    }
}

/// The groups and all groups above them, by name.
pub fn with_ancestors(snapshot: &Snapshot, direct: &[Id<Group>]) -> Vec<Arc<Group>> {
    let hierarchy = snapshot.derive(Hierarchy::compute);
    let mut seen = HashSet::new();
    let mut all: Vec<Arc<Group>> = direct
        .iter()
        .filter_map(|id| hierarchy.above.get(id))
        .flatten()
        .filter(|group| seen.insert(group.pk))
        .cloned()
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The groups that lie directly in a group.
pub fn children(snapshot: &Snapshot, group: Id<Group>) -> Vec<Arc<Group>> {
    let hierarchy = snapshot.derive(Hierarchy::compute);
    hierarchy.below.get(&group).into_iter().flatten().filter_map(|id| snapshot.get(*id)).collect()
}

/// Whether members of the group are superusers, by itself or by a group above.
pub fn grants_superuser(snapshot: &Snapshot, group: Id<Group>) -> bool {
    with_ancestors(snapshot, &[group]).iter().any(|g| g.is_superuser)
}

/// Adds `more` to `into`: mappings are merged, lists are joined without doubles, anything else is replaced.
pub fn merge(into: &mut Map<String, Json>, more: &Map<String, Json>) {
    for (name, value) in more {
        match (into.get_mut(name), value) {
            (Some(Json::Object(mine)), Json::Object(theirs)) => merge(mine, theirs),
            (Some(Json::Array(mine)), Json::Array(theirs)) => {
                for item in theirs {
                    if !mine.contains(item) {
                        mine.push(item.clone());
                    }
                }
            }
            _ => {
                into.insert(name.clone(), value.clone());
            }
        }
    }
}

impl User {
    /// The groups the user is a member of, those above included, by name.
    pub fn all_groups(&self, snapshot: &Snapshot) -> Vec<Arc<Group>> {
        with_ancestors(snapshot, &self.groups)
    }
    /// Whether the user may do everything.
    pub fn is_superuser(&self, snapshot: &Snapshot) -> bool {
        self.groups.iter().any(|group| grants_superuser(snapshot, *group))
    }
    /// The roles the user has directly and through groups, by name.
    pub fn all_roles(&self, snapshot: &Snapshot) -> Vec<Arc<Role>> {
        let groups = self.all_groups(snapshot);
        let mut seen = HashSet::new();
        let ids = self.roles.iter().chain(groups.iter().flat_map(|g| g.roles.iter()));
        let mut roles: Vec<_> = ids.filter(|id| seen.insert(**id)).filter_map(|id| snapshot.get(*id)).collect();
        roles.sort_by(|a, b| a.name.cmp(&b.name));
        roles
    }
    /// The attributes of the user over those of the groups, in the order of the groups' names.
    pub fn group_attributes(&self, snapshot: &Snapshot) -> Map<String, Json> {
        self.attributes_over(Map::new(), snapshot)
    }
    /// As [`User::group_attributes`], over what else applies (the brand's attributes).
    pub fn attributes_over(&self, base: Map<String, Json>, snapshot: &Snapshot) -> Map<String, Json> {
        let mut all = base;
        for group in self.all_groups(snapshot) {
            merge(&mut all, &group.attributes);
        }
        merge(&mut all, &self.attributes);
        all
    }
}

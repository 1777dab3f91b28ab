//! The accounts and groups that are linked to those of a source.

use directory::{Group, User};
use feature::{BoxFuture, Caller, Change, Computed, Kind, Problem, Rendering};
use jiff::Timestamp;
use object::{Generated, Id, Key, Object, Record};
use serde_json::Value as Json;
use store::{Filter, Query};

use super::Source;

/// A user with who that user is at a source.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_core.usersourceconnection",
    table = "authentik_core_usersourceconnection",
    path = "sources/user_connections/all",
    verbose = "User Source Connection",
    plural = "User Source Connections",
    api_name = "UserSourceConnection",
    verbs = ["list", "retrieve", "update", "partial_update", "destroy", "used_by"],
    filters = ["source__slug", "user"],
    search = ["user__username", "source__slug", "identifier"],
    ordering = ["source__slug", "pk"],
    unique_together = [&["user", "source"]]
)]
pub struct UserSourceConnection {
    #[field(key, counted, label = "ID")]
    pub pk: Id<Self>,
    /// The user here.
    #[field(cascade, index)]
    pub user: Id<User>,
    /// The source.
    #[field(cascade, index)]
    pub source: Id<Source>,
    /// What the source calls the user.
    #[field(index)]
    pub identifier: String,
    /// When the link was made.
    #[field(generated(Generated::Now), read_only)]
    pub created: Timestamp,
    /// When the link was last changed.
    #[field(generated(Generated::Now), read_only)]
    pub last_updated: Timestamp,
}

/// A group with what that group is at a source.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_core.groupsourceconnection",
    table = "authentik_core_groupsourceconnection",
    path = "sources/group_connections/all",
    verbose = "Group Source Connection",
    plural = "Group Source Connections",
    api_name = "GroupSourceConnection",
    verbs = ["list", "retrieve", "update", "partial_update", "destroy", "used_by"],
    filters = ["group", "source__slug"],
    search = ["group__name", "source__slug", "identifier"],
    ordering = ["source__slug", "pk"],
    unique_together = [&["group", "source"]]
)]
pub struct GroupSourceConnection {
    #[field(key, counted, label = "ID")]
    pub pk: Id<Self>,
    /// The group here.
    #[field(cascade, index)]
    pub group: Id<Group>,
    /// The source.
    #[field(cascade, index)]
    pub source: Id<Source>,
    /// What the source calls the group.
    #[field(index)]
    pub identifier: String,
    /// When the link was made.
    #[field(generated(Generated::Now), read_only)]
    pub created: Timestamp,
    /// When the link was last changed.
    #[field(generated(Generated::Now), read_only)]
    pub last_updated: Timestamp,
}

pub const USER: Kind =
    Kind::of::<UserSourceConnection>().check(touch).computed(SOURCE).own_rows(own_rows).display(name_of_user);
pub const GROUP: Kind = Kind::of::<GroupSourceConnection>().check(touch).computed(SOURCE).display(name_of_group);

const SOURCE: &[Computed] = &[Computed {
    name: "source_obj",
    schema: r##"{"allOf":[{"$ref":"#/components/schemas/Source"}],"readOnly":true}"##,
    required: true,
    render: sources,
}];

fn own_rows(caller: &Caller) -> Filter {
    caller.user.map_or(Filter::False, |user| Filter::eq("user", user))
}

fn name_of_user(link: &Record) -> String {
    format!("User source connection {}", link.text("identifier"))
}

fn name_of_group(link: &Record) -> String {
    format!("Group source connection {}", link.text("identifier"))
}

fn touch<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        if change.before.is_some_and(|before| before.values != change.record.values) {
            change.record.set("last_updated", change.app.clock().now());
        }
        Ok(())
    })
}

/// The sources, as their own interface shows them: one query for the page.
fn sources<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move {
        let model = Source::model();
        let mut keys: Vec<Key> = records.iter().filter_map(|record| record.get("source").as_key()).collect();
        keys.sort_unstable();
        keys.dedup();
        let found = rendering.store.records(model, &Query::filter(Filter::any_of("pk", keys))).await?;
        let shown = rendering.objects(&found).await?;
        let of = |record: &Record| {
            let key = record.get("source").as_key();
            found.iter().position(|source| source.key() == key).map_or(Json::Null, |at| shown[at].clone())
        };
        Ok(records.iter().map(of).collect())
    })
}

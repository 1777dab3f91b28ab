//! Users and groups that are linked to those of an OAuth source.

use apps::{GroupSourceConnection, UserSourceConnection};
use jiff::Timestamp;
use object::{Generated, Object};

/// A user with who that user is at an OAuth source.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_sources_oauth.useroauthsourceconnection",
    table = "authentik_sources_oauth_useroauthsourceconnection",
    path = "sources/user_connections/oauth",
    verbose = "User OAuth Source Connection",
    plural = "User OAuth Source Connections",
    api_name = "UserOAuthSourceConnection",
    filters = ["source__slug", "user"],
    search = ["user__username", "source__slug", "identifier"],
    ordering = ["source__slug", "pk"]
)]
pub struct UserOAuthSourceConnection {
    pub base: UserSourceConnection,
    /// The token that the source gave for the user.
    #[field(write_only, secret, allow_blank)]
    pub access_token: Option<String>,
    /// When that token ends.
    #[field(generated(Generated::Now))]
    pub expires: Timestamp,
}

/// A group with what that group is at an OAuth source.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_sources_oauth.groupoauthsourceconnection",
    table = "authentik_sources_oauth_groupoauthsourceconnection",
    path = "sources/group_connections/oauth",
    verbose = "Group OAuth Source Connection",
    plural = "Group OAuth Source Connections",
    api_name = "GroupOAuthSourceConnection",
    filters = ["group", "source__slug"],
    search = ["group__name", "source__slug", "identifier"],
    ordering = ["source__slug", "pk"]
)]
pub struct GroupOAuthSourceConnection {
    pub base: GroupSourceConnection,
}

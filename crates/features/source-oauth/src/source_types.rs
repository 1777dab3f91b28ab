//! The services that sources are made for, with the addresses that are known of each.

use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply, parameter};
use object::Record;
use serde::Serialize;
use serde_json::{Value as Json, json};

/// What is known of a service.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SourceType {
    pub name: &'static str,
    pub verbose_name: &'static str,
    /// Whether there are installations of it elsewhere than at its maker's.
    pub urls_customizable: bool,
    pub request_token_url: Option<&'static str>,
    pub authorization_url: Option<&'static str>,
    pub access_token_url: Option<&'static str>,
    pub profile_url: Option<&'static str>,
    #[serde(serialize_with = "text_or_null")]
    pub oidc_well_known_url: &'static str,
    #[serde(serialize_with = "text_or_null")]
    pub oidc_jwks_url: &'static str,
}

fn text_or_null<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if text.is_empty() { serializer.serialize_none() } else { serializer.serialize_str(text) }
}

impl SourceType {
    pub fn to_json(self) -> Json {
        json!(self)
    }
}

/// A service without any address of its own.
const PLAIN: SourceType = SourceType {
    name: "default",
    verbose_name: "Default source type",
    urls_customizable: false,
    request_token_url: None,
    authorization_url: None,
    access_token_url: None,
    profile_url: None,
    oidc_well_known_url: "",
    oidc_jwks_url: "",
};

/// All of them, in upstream's order.
pub const ALL: &[SourceType] = &[
    SourceType {
        name: "apple",
        verbose_name: "Apple",
        authorization_url: Some("https://appleid.apple.com/auth/authorize"),
        access_token_url: Some("https://appleid.apple.com/auth/token"),
        profile_url: Some(""),
        ..PLAIN
    },
    SourceType { name: "openidconnect", verbose_name: "OpenID Connect", urls_customizable: true, ..PLAIN },
    SourceType {
        name: "entraid",
        verbose_name: "Entra ID",
        urls_customizable: true,
        authorization_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
        access_token_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
        profile_url: Some("https://graph.microsoft.com/v1.0/me"),
        oidc_jwks_url: "https://login.microsoftonline.com/common/discovery/keys",
        ..PLAIN
    },
    SourceType {
        name: "azuread",
        verbose_name: "Azure AD",
        urls_customizable: true,
        authorization_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
        access_token_url: Some("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
        profile_url: Some("https://graph.microsoft.com/v1.0/me"),
        oidc_jwks_url: "https://login.microsoftonline.com/common/discovery/keys",
        ..PLAIN
    },
    SourceType {
        name: "discord",
        verbose_name: "Discord",
        authorization_url: Some("https://discord.com/api/oauth2/authorize"),
        access_token_url: Some("https://discord.com/api/oauth2/token"),
        profile_url: Some("https://discord.com/api/users/@me"),
        ..PLAIN
    },
    SourceType {
        name: "facebook",
        verbose_name: "Facebook",
        authorization_url: Some("https://www.facebook.com/v7.0/dialog/oauth"),
        access_token_url: Some("https://graph.facebook.com/v7.0/oauth/access_token"),
        profile_url: Some("https://graph.facebook.com/v7.0/me?fields=id,name,email"),
        ..PLAIN
    },
    SourceType {
        name: "github",
        verbose_name: "GitHub",
        urls_customizable: true,
        authorization_url: Some("https://github.com/login/oauth/authorize"),
        access_token_url: Some("https://github.com/login/oauth/access_token"),
        profile_url: Some("https://api.github.com/user"),
        oidc_well_known_url: "https://token.actions.githubusercontent.com/.well-known/openid-configuration",
        oidc_jwks_url: "https://token.actions.githubusercontent.com/.well-known/jwks",
        ..PLAIN
    },
    SourceType {
        name: "gitlab",
        verbose_name: "GitLab",
        urls_customizable: true,
        authorization_url: Some("https://gitlab.com/oauth/authorize"),
        access_token_url: Some("https://gitlab.com/oauth/token"),
        profile_url: Some("https://gitlab.com/oauth/userinfo"),
        oidc_well_known_url: "https://gitlab.com/.well-known/openid-configuration",
        oidc_jwks_url: "https://gitlab.com/oauth/discovery/keys",
        ..PLAIN
    },
    SourceType {
        name: "google",
        verbose_name: "Google",
        authorization_url: Some("https://accounts.google.com/o/oauth2/auth"),
        access_token_url: Some("https://oauth2.googleapis.com/token"),
        profile_url: Some("https://www.googleapis.com/oauth2/v1/userinfo"),
        oidc_well_known_url: "https://accounts.google.com/.well-known/openid-configuration",
        oidc_jwks_url: "https://www.googleapis.com/oauth2/v3/certs",
        ..PLAIN
    },
    SourceType { name: "mailcow", verbose_name: "Mailcow", urls_customizable: true, ..PLAIN },
    SourceType { name: "okta", verbose_name: "Okta", urls_customizable: true, ..PLAIN },
    SourceType {
        name: "patreon",
        verbose_name: "Patreon",
        authorization_url: Some("https://www.patreon.com/oauth2/authorize"),
        access_token_url: Some("https://www.patreon.com/api/oauth2/token"),
        profile_url: Some("https://www.patreon.com/api/oauth2/api/current_user"),
        ..PLAIN
    },
    SourceType {
        name: "reddit",
        verbose_name: "Reddit",
        authorization_url: Some("https://www.reddit.com/api/v1/authorize"),
        access_token_url: Some("https://www.reddit.com/api/v1/access_token"),
        profile_url: Some("https://oauth.reddit.com/api/v1/me"),
        ..PLAIN
    },
    SourceType {
        name: "slack",
        verbose_name: "Slack",
        authorization_url: Some("https://slack.com/oauth/v2/authorize"),
        access_token_url: Some("https://slack.com/api/oauth.v2.access"),
        profile_url: Some("https://slack.com/api/openid.connect.userInfo"),
        ..PLAIN
    },
    SourceType {
        name: "twitch",
        verbose_name: "Twitch",
        authorization_url: Some("https://id.twitch.tv/oauth2/authorize"),
        access_token_url: Some("https://id.twitch.tv/oauth2/token"),
        profile_url: Some("https://id.twitch.tv/oauth2/userinfo"),
        ..PLAIN
    },
    SourceType {
        name: "twitter",
        verbose_name: "Twitter",
        authorization_url: Some("https://twitter.com/i/oauth2/authorize"),
        access_token_url: Some("https://api.twitter.com/2/oauth2/token"),
        profile_url: Some("https://api.twitter.com/2/users/me"),
        ..PLAIN
    },
    SourceType {
        name: "wechat",
        verbose_name: "WeChat",
        authorization_url: Some("https://open.weixin.qq.com/connect/qrconnect"),
        access_token_url: Some("https://api.weixin.qq.com/sns/oauth2/access_token"),
        profile_url: Some("https://api.weixin.qq.com/sns/userinfo"),
        ..PLAIN
    },
];

/// The service of this name.
pub fn find(name: &str) -> &'static SourceType {
    ALL.iter().find(|kind| kind.name == name).unwrap_or(&PLAIN)
}

/// The picture of a source's service.
pub fn icon(source: &Record) -> Option<String> {
    Some(format!("/static/authentik/sources/{}.svg", find(source.text("provider_type")).name))
}

pub const OPERATIONS: &[Operation] = &[Operation {
    id: "sources_oauth_source_types_list",
    method: Method::Get,
    path: "sources/oauth/source_types/",
    permission: Permission::Authenticated,
    summary: "The services that sources are made for, or the one that is named.",
    request: "",
    response: r##"{"type":"array","items":{"$ref":"#/components/schemas/SourceType"}}"##,
    status: 200,
    parameters: &[parameter::text("name")],
    run: source_types,
}];

pub const COMPONENTS: &[(&str, &str)] = &[(
    "SourceType",
    r#"{"type":"object","properties":{"name":{"type":"string"},"verbose_name":{"type":"string"},
    "urls_customizable":{"type":"boolean"},
    "request_token_url":{"type":"string","nullable":true,"readOnly":true},
    "authorization_url":{"type":"string","nullable":true,"readOnly":true},
    "access_token_url":{"type":"string","nullable":true,"readOnly":true},
    "profile_url":{"type":"string","nullable":true,"readOnly":true},
    "oidc_well_known_url":{"type":"string","nullable":true,"readOnly":true},
    "oidc_jwks_url":{"type":"string","nullable":true,"readOnly":true}},
    "required":["access_token_url","authorization_url","name","oidc_jwks_url","oidc_well_known_url","profile_url",
    "request_token_url","urls_customizable","verbose_name"]}"#,
)];

fn source_types(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let shown: Vec<&SourceType> = match call.parameter("name") {
            Some(name) => ALL.iter().filter(|kind| kind.name == name).collect(),
            None => ALL.iter().collect(),
        };
        Ok(Reply::ok(json!(shown)))
    })
}

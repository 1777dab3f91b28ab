//! The OAuth source.

use apps::{GroupMatchingMode, Source};
use feature::{BoxFuture, Change, Computed, Kind, Listing, Problem, Rendering};
use jose::JwkSet;
use object::{Choices, FieldErrors, Object, Record};
use serde_json::{Map, Value as Json, json};
use store::Filter;
use url::Url;

use crate::source_types::{self, SourceType};

/// Which service the source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "ProviderTypeEnum")]
pub enum ProviderType {
    /// Apple
    Apple,
    /// OpenID Connect
    Openidconnect,
    /// Entra ID
    Entraid,
    /// Azure AD
    Azuread,
    /// Discord
    Discord,
    /// Facebook
    Facebook,
    /// GitHub
    Github,
    /// GitLab
    Gitlab,
    /// Google
    Google,
    /// Mailcow
    Mailcow,
    /// Okta
    Okta,
    /// Patreon
    Patreon,
    /// Reddit
    Reddit,
    /// Slack
    Slack,
    /// Twitch
    Twitch,
    /// Twitter
    Twitter,
    /// WeChat
    Wechat,
}

/// Whether and how requests for codes are bound to the one who redeems them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "PKCEMethodEnum")]
pub enum PkceMethod {
    /// No PKCE
    None,
    /// Plain
    Plain,
    /// S256
    #[choice(value = "S256")]
    S256,
}

/// How we prove ourselves when a code is redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "AuthorizationCodeAuthMethodEnum")]
pub enum AuthMethod {
    /// HTTP Basic Authentication
    BasicAuth,
    /// Include the client ID and secret as request parameters
    PostBody,
}

/// Another issuer of OAuth or OpenID Connect tokens.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_sources_oauth.oauthsource",
    table = "authentik_sources_oauth_oauthsource",
    path = "sources/oauth",
    lookup = "slug",
    verbose = "OAuth Source",
    plural = "OAuth Sources",
    component = "ak-source-oauth-form",
    api_name = "OAuthSource",
    filters = [
        "access_token_url",
        "additional_scopes",
        "authentication_flow",
        "authorization_url",
        "consumer_key",
        "enabled",
        "enrollment_flow",
        "group_matching_mode",
        "name",
        "pbm_uuid=pk",
        "policy_engine_mode",
        "profile_url",
        "provider_type",
        "request_token_url",
        "slug",
        "user_matching_mode"
    ],
    search = ["name", "slug"],
    ordering = ["name"],
    cached
)]
pub struct OAuthSource {
    pub base: Source,
    /// How it is decided whether a group that comes is a group that there is.
    #[field(default_text = "identifier")]
    pub group_matching_mode: GroupMatchingMode,
    /// Which service the source is; it brings addresses of its own.
    pub provider_type: ProviderType,
    /// Address that the first token is asked for at. Only OAuth 1 needs it.
    #[field(max = 255, allow_blank, label = "Request Token URL")]
    pub request_token_url: Option<String>,
    /// Address that people are sent to, to agree.
    #[field(max = 255, allow_blank, label = "Authorization URL")]
    pub authorization_url: Option<String>,
    /// Address that tokens are fetched at.
    #[field(max = 255, allow_blank, label = "Access Token URL")]
    pub access_token_url: Option<String>,
    /// Address that tells about the user.
    #[field(max = 255, allow_blank, label = "Profile URL")]
    pub profile_url: Option<String>,
    /// Whether requests for codes are bound to the one who redeems them.
    #[field(default_text = "none", label = "PKCE")]
    pub pkce: PkceMethod,
    /// The name that the other side knows us by. Signed tokens that are meant for it are taken, too.
    pub consumer_key: String,
    /// The secret that belongs to it.
    #[field(write_only, secret)]
    pub consumer_secret: String,
    /// Scopes to ask for beside the usual ones, separated by blanks.
    #[field(blank, label = "Additional Scopes")]
    pub additional_scopes: String,
    /// Address of the issuer's discovery document. Tokens must then be of this issuer.
    #[field(blank)]
    pub oidc_well_known_url: String,
    /// Address of the issuer's public keys; fetched from the discovery document when empty.
    #[field(blank)]
    pub oidc_jwks_url: String,
    /// The issuer's public keys themselves, for issuers that cannot be reached from here.
    #[field(default_json = "{}")]
    pub oidc_jwks: Map<String, Json>,
    /// How we prove ourselves when a code is redeemed.
    #[field(default_text = "basic_auth")]
    pub authorization_code_auth_method: AuthMethod,
}

pub const KIND: Kind = Kind::of::<OAuthSource>()
    .display(|source| format!("OAuth Source {}", source.text("name")))
    .icon("/static/authentik/sources/openidconnect.svg")
    .check(check)
    .listing(listing, &[("has_jwks", r#"{"type":"boolean"}"#)])
    .operations(source_types::OPERATIONS)
    .computed(&[
        Computed { name: "callback_url", schema: r#"{"type":"string"}"#, required: true, render: callback_url },
        Computed {
            name: "type",
            schema: r##"{"allOf":[{"$ref":"#/components/schemas/SourceType"}]}"##,
            required: true,
            render: types,
        },
    ]);

fn type_of(source: &Record) -> &'static SourceType {
    source_types::find(source.text("provider_type"))
}

/// The addresses that the service does not bring itself must be given, and none may lead where nothing is to be asked.
fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let mut errors = FieldErrors::default();
        let record = &change.record;
        for name in [
            "request_token_url",
            "authorization_url",
            "access_token_url",
            "profile_url",
            "oidc_well_known_url",
            "oidc_jwks_url",
        ] {
            let address = record.text(name);
            let is_address =
                |url: &str| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            if change.differs(name) && !address.is_empty() && !is_address(address) {
                errors.add(name, "Enter a valid URL.");
            }
        }
        if change.differs("oidc_jwks") && !holds_public_keys(record.get("oidc_jwks").as_json()) {
            errors.add(
                "oidc_jwks",
                "Give a key set with public keys: {\"keys\": [{\"kty\": …}]}, without private members.",
            );
        }
        errors.into_result()?;
        let kind = type_of(record);
        let has_document = !record.text("oidc_well_known_url").is_empty() || !kind.oidc_well_known_url.is_empty();
        // COMPAT: one problem at a time, and of none of the fields.
        let needed = [
            ("authorization_url", kind.authorization_url),
            ("access_token_url", kind.access_token_url),
            ("profile_url", kind.profile_url),
        ];
        let missing =
            needed.into_iter().find(|(name, own)| own.is_none() && !has_document && record.get(name).is_null());
        // Addresses for logins are of no use to a source that only vouches for workloads.
        let vouches = !record.text("oidc_jwks_url").is_empty()
            || record.get("oidc_jwks").as_json().and_then(Json::as_object).is_some_and(|set| !set.is_empty());
        match missing {
            Some((name, _)) if !vouches => {
                let text = format!("{name} is required for provider {}", kind.verbose_name);
                let mut errors = FieldErrors::default();
                errors.add_general(text);
                Err(Problem::fields(&errors))
            }
            _ => Ok(()),
        }
    })
}

/// Nothing, or a set of public keys. SECURITY: a private key would be shown to whoever may look at the source.
fn holds_public_keys(set: Option<&Json>) -> bool {
    let Some(set) = set.and_then(Json::as_object).filter(|set| !set.is_empty()) else { return true };
    let Some(keys) = set.get("keys").and_then(Json::as_array) else { return false };
    let is_private = |key: &Json| ["d", "p", "q", "dp", "dq", "qi", "k"].iter().any(|name| key.get(name).is_some());
    keys.len() <= 100
        && keys.iter().all(|key| key.is_object() && !is_private(key))
        && serde_json::from_value::<JwkSet>(json!({ "keys": keys }))
            .is_ok_and(|read| keys.is_empty() || !read.keys.is_empty())
}

/// `?has_jwks=true` lists the sources whose keys are given.
fn listing<'a>(rendering: &'a Rendering<'_>) -> BoxFuture<'a, Result<Listing, Problem>> {
    Box::pin(async move {
        if rendering.parameter("has_jwks").is_none() {
            return Ok(Listing { filter: Filter::True, open: false });
        }
        // COMPAT: upstream does not look at the value.
        let all = rendering.store.snapshot().all::<OAuthSource>();
        let with = all.iter().filter(|source| has_keys(source)).map(|source| source.base.base.pk.0);
        Ok(Listing { filter: Filter::any_of("pk", with), open: false })
    })
}

fn has_keys(source: &OAuthSource) -> bool {
    !source.oidc_jwks.is_empty() || !source.oidc_jwks_url.is_empty() || !source.oidc_well_known_url.is_empty()
}

type Rendered<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

fn callback_url<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    let base = rendering.base_url.trim_end_matches('/');
    let url = |record: &Record| format!("{base}/source/oauth/callback/{}/", record.text("slug")).into();
    let shown = records.iter().map(url).collect();
    Box::pin(async move { Ok(shown) })
}

fn types<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> Rendered<'a> {
    let shown = records.iter().map(|record| type_of(record).to_json()).collect();
    Box::pin(async move { Ok(shown) })
}

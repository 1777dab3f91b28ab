//! A whole page: brand, style, content security policy.

use std::sync::LazyLock;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use feature::{App, Installation};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use net::Origin;
use serde_json::Value as Json;

use crate::assets::CSS;
use crate::language::{self, Language};
use crate::stage::Link;

/// How the installation presents itself.
#[derive(Debug, Clone)]
pub struct Branding {
    pub title: String,
    pub logo: String,
    pub favicon: String,
    /// At the foot of every page: what it says, and where it leads if anywhere.
    pub links: Vec<(String, Option<String>)>,
    pub language: Language,
}

impl Branding {
    /// The brand for the host that the request asked for. Our own name stands in where nothing was set.
    /// Whoever asked decides the language.
    pub async fn of_request(app: &App, origin: &Origin, extensions: &Extensions, headers: &HeaderMap) -> Self {
        let locale = language::of_brand(&brand::of_host(&app.store().snapshot(), origin.domain()));
        let language = Language::of_request(extensions, headers, &locale).await;
        Self::of(app, origin, language)
    }
    fn of(app: &App, origin: &Origin, language: Language) -> Self {
        let brand = brand::of_host(&app.store().snapshot(), origin.domain());
        // COMPAT: authentik's default brand has its name, and files of its own web interface, which we do not have.
        let own = |path: &str| !path.is_empty() && !path.starts_with("/static/dist/");
        let or_empty = |path: &str| if own(path) { brand::picture(path) } else { String::new() };
        let is_untouched = brand.branding_title.is_empty() || (brand.default && brand.branding_title == "authentik");
        Self {
            title: if is_untouched { "Keywright".into() } else { brand.branding_title.clone() },
            logo: or_empty(&brand.branding_logo),
            favicon: or_empty(&brand.branding_favicon),
            language,
            links: links(&Installation::of(app).json("footer_links").unwrap_or_default()),
        }
    }
}

fn links(kept: &Json) -> Vec<(String, Option<String>)> {
    let link = |link: &Json| {
        let text = |name: &str| link.get(name).and_then(Json::as_str).map(str::to_owned);
        Some((text("name")?, text("href").filter(|address| !address.is_empty())))
    };
    kept.as_array().into_iter().flatten().filter_map(link).collect()
}

#[derive(Template)]
#[template(path = "page.html")]
struct PageTemplate<'a> {
    title: &'a str,
    brand: &'a Branding,
    css: &'a str,
    body: &'a str,
    wide: bool,
    t: Language,
}

/// A page to be sent.
pub struct Page<'a> {
    pub status: StatusCode,
    pub title: &'a str,
    pub brand: &'a Branding,
    pub body: &'a str,
    pub wide: bool,
    /// Whether its form posts to an application by itself.
    pub posts_away: bool,
    /// Pages of others that are loaded in hidden frames (front-channel logout).
    pub frames: &'a [String],
}

/// The hash under which the policy allows our one inline style.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| {
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, CSS.as_bytes());
    data_encoding::BASE64.encode(sum.as_ref())
});

impl Page<'_> {
    pub fn respond(&self) -> Response {
        let template = PageTemplate {
            title: self.title,
            brand: self.brand,
            css: CSS,
            body: self.body,
            wide: self.wide,
            t: self.brand.language,
        };
        let html = match template.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!("A page could not be rendered: {error}");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let mut response = (self.status, Html(html)).into_response();
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&self.policy()) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.brand.language.code()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    fn policy(&self) -> String {
        let mut policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'sha256-{}'; img-src 'self' data: https:; \
             base-uri 'none'; frame-ancestors 'none'",
            *STYLE_HASH
        );
        // Otherwise no form-action: browsers apply it to the redirects after a post too, and a login ends in a redirect to
        // the application, whose scheme may be its own. That address was checked against the registered ones before.
        if self.posts_away {
            policy.push_str("; form-action https: http:");
        }
        let frames: Vec<String> = self.frames.iter().filter_map(|f| origin_of(f)).collect();
        if !frames.is_empty() {
            policy.push_str(&format!("; frame-src {}", frames.join(" ")));
        }
        policy
    }
}

fn origin_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

#[derive(Template)]
#[template(path = "stage/message.html")]
pub(crate) struct Message<'a> {
    pub title: &'a str,
    pub alert: &'a str,
    pub lines: &'a [String],
    pub links: &'a [Link],
    pub reference: &'a str,
    pub frames: &'a [String],
    pub t: Language,
}

/// A page that says something and leads on.
pub fn message(
    brand: &Branding,
    status: StatusCode,
    title: &str,
    lines: &[String],
    links: &[Link],
    reference: &str,
) -> Response {
    let t = brand.language;
    let title = t.say(title);
    let title = title.as_str();
    let body = Message { title, alert: "", lines, links, reference, frames: &[], t }.render();
    Page { status, title, brand, body: &body.unwrap_or_default(), wide: false, posts_away: false, frames: &[] }
        .respond()
}

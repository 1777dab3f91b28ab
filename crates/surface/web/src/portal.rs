//! `/if/user/`: what a person may open; and where the start leads.

use std::collections::BTreeMap;
use std::sync::Arc;

use apps::Application;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use directory::LazySession;
use feature::{App, Problem};
use http::{HeaderMap, StatusCode};
use net::Origin;

use crate::flow_page::{Extensions, found};
use crate::language::Language;
use crate::page::{Branding, Page, message};
use crate::stage::Link;

#[derive(Template)]
#[template(path = "portal.html")]
struct Portal<'a> {
    who: &'a str,
    settings: Option<String>,
    groups: Vec<Group>,
    t: Language,
}

struct Group {
    name: String,
    apps: Vec<Tile>,
}

struct Tile {
    name: String,
    href: String,
    icon: String,
    initial: String,
    description: String,
    new_tab: bool,
}

pub async fn show(State(app): State<App>, uri: http::Uri, headers: HeaderMap, extensions: Extensions) -> Response {
    match portal(&app, &uri, &headers, &extensions.0).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn portal(
    app: &App,
    uri: &http::Uri,
    headers: &HeaderMap,
    extensions: &http::Extensions,
) -> Result<Response, Problem> {
    let browser = LazySession::load_from(extensions).await?;
    let Some(origin) = extensions.get::<Origin>() else { return Err(Problem::fault("a request without an origin")) };
    let Some(user) = browser.user() else {
        let next = [("next", uri.path())];
        return Ok(found(&flow::next::with_query("/flows/-/default/authentication/", next)));
    };
    let snapshot = app.store().snapshot();
    let request = apps::request_of(app, user.pk.0, None).await?;
    let mut groups: BTreeMap<String, Vec<Tile>> = BTreeMap::new();
    for application in snapshot.all::<Application>().iter() {
        if !apps::check(app, application, &request).await.passing {
            continue;
        }
        let Some(href) = application.launch_url(app, &snapshot, Some(&user)) else { continue };
        groups.entry(application.group.clone()).or_default().push(tile(application, href));
    }
    let brand = brand::of_host(&snapshot, origin.domain());
    let settings = brand.flow_user_settings.and_then(|id| {
        let flow = snapshot.all::<flow::Flow>().iter().find(|f| object::Object::key(&***f) == id.into()).cloned();
        flow.map(|f| format!("/if/flow/{}/", f.slug))
    });
    let name = if user.name.is_empty() { &user.username } else { &user.name };
    let groups = groups.into_iter().map(|(name, apps)| Group { name, apps }).collect();
    let branding = Branding::of_request(app, origin, extensions, headers).await;
    let t = branding.language;
    let body = Portal { who: name, settings, groups, t }.render().map_err(Problem::fault)?;
    let page = Page {
        status: StatusCode::OK,
        title: &t.say("My applications"),
        brand: &branding,
        body: &body,
        wide: true,
        posts_away: false,
        frames: &[],
    };
    Ok(page.respond())
}

fn tile(application: &Arc<Application>, href: String) -> Tile {
    let icon = match apps::icon_url(&application.meta_icon) {
        serde_json::Value::String(url) => url,
        _ => String::new(),
    };
    Tile {
        name: application.name.clone(),
        href,
        icon,
        initial: application.name.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default(),
        description: application.meta_description.clone(),
        new_tab: application.open_in_new_tab,
    }
}

/// The start: to the portal, or first to the login.
pub async fn root(extensions: Extensions) -> Response {
    match LazySession::load_from(&extensions.0).await {
        Ok(browser) if browser.user().is_some() => found("/if/user/"),
        Ok(_) => found("/flows/-/default/authentication/?next=/"),
        Err(problem) => problem.into_response(),
    }
}

/// The place of the admin pages, until they are there.
pub async fn console(State(app): State<App>, headers: HeaderMap, extensions: Extensions) -> Response {
    let Some(origin) = extensions.0.get::<Origin>() else { return StatusCode::BAD_REQUEST.into_response() };
    let text = "There is no admin interface yet. Everything can be set by the API (/api/v3/schema/) and by blueprints.";
    let link = Link::new("/if/user/", "My applications");
    let brand = Branding::of_request(&app, origin, &extensions.0, &headers).await;
    message(&brand, StatusCode::OK, "Administration", &[brand.language.say(text)], &[link], "")
}

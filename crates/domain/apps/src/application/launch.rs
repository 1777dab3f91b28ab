//! Where an application is opened.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use directory::{LazySession, User};
use feature::{App, Problem};
use http::Extensions;
use object::Object;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;
use store::Snapshot;

use super::Application;
use super::access;
use crate::provider::launch_urls;

/// What a value keeps of its own when it is put into an address. The rest is encoded: a name must not be able to end the
/// path or to add parameters.
const KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@').remove(b':').remove(b'/');

impl Application {
    /// The address to open, for a user: the application's own, else the provider's.
    pub fn launch_url(&self, app: &App, snapshot: &Snapshot, user: Option<&User>) -> Option<String> {
        let address = if self.meta_launch_url.is_empty() {
            let provider = crate::index::provider_of(snapshot, self.provider?)?;
            launch_urls(app).of(&provider)?
        } else {
            self.meta_launch_url.clone()
        };
        match user {
            Some(user) => Some(filled(&address, user).unwrap_or(address)),
            None => Some(address),
        }
    }
}

/// `%(name)s` replaced by what the user has under that name; `None` when the address is no such template.
fn filled(address: &str, user: &User) -> Option<String> {
    let mut out = String::with_capacity(address.len() + 16);
    let mut rest = address;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        rest = if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            after
        } else {
            let (name, after) = after.strip_prefix('(')?.split_once(')')?;
            let text = value(user, name)?;
            out.extend(utf8_percent_encode(&text, KEPT));
            after.strip_prefix(['s', 'd'])?
        };
    }
    out.push_str(rest);
    Some(out)
}

/// SECURITY: what an address may hold is listed, so that no field added later (least of all the password's hash) can leak.
fn value(user: &User, name: &str) -> Option<String> {
    Some(match name {
        "pk" | "id" => user.pk.to_string(),
        "username" => user.username.clone(),
        "name" => user.name.clone(),
        "email" => user.email.clone(),
        "uuid" => user.uuid.to_string(),
        "path" => user.path.clone(),
        "type" => object::Choices::as_str(user.r#type).to_owned(),
        "is_active" => if user.is_active { "True" } else { "False" }.to_owned(),
        _ => return None,
    })
}

/// `/application/launch/{slug}/`: sends people to the application, through the login where that is needed.
pub async fn page(State(app): State<App>, Path(slug): Path<String>, extensions: Extensions) -> Response {
    match open(&app, &slug, &extensions).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn open(app: &App, slug: &str, extensions: &Extensions) -> Result<Response, Problem> {
    let snapshot = app.store().snapshot();
    let missing = || Problem::no_such(Application::SCHEMA.api_name);
    let application = crate::index::by_slug(&snapshot, slug).ok_or_else(missing)?;
    let session = LazySession::load_from(extensions).await?;
    let Some(user) = session.user() else {
        // Before anything else is told: who is not logged in learns that the slug exists, as at the login itself.
        if application.launch_url(app, &snapshot, None).is_none() {
            return Err(missing());
        }
        let base = app.settings().web.path.as_str();
        let next: String =
            form_urlencoded::byte_serialize(format!("{base}application/launch/{slug}/").as_bytes()).collect();
        return Ok(Redirect::to(&format!("{base}flows/-/default/authentication/?next={next}")).into_response());
    };
    let request = access::request_of(app, user.pk.0, None).await?;
    let result = access::check(app, &application, &request).await;
    if !result.passing {
        tracing::info!(application = slug, user = user.username, "Not let in: {}", policy::why(&snapshot, &result));
        return Err(Problem::forbidden());
    }
    let address = application.launch_url(app, &snapshot, Some(&user)).ok_or_else(missing)?;
    Ok((http::StatusCode::FOUND, [(http::header::LOCATION, address)]).into_response())
}

/// The address of a picture: as it is when it is one or a path, else that of an uploaded file.
pub fn icon_url(icon: &str) -> Json {
    if icon.is_empty() {
        Json::Null
    } else if icon.contains("://") || icon.starts_with('/') {
        icon.into()
    } else {
        format!("/files/media/public/{icon}").into()
    }
}

#[cfg(test)]
mod tests;

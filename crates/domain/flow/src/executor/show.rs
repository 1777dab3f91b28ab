//! A challenge as it is sent: with the flow's title and layout, the person's name and picture, and what is wrong.

use directory::User;
use feature::Problem;
use serde_json::{Map, Value as Json, json};

use super::{Run, Shown, Step};
use crate::answer::Errors;
use crate::challenge::{ACCESS_DENIED, Challenge};
use crate::context::{PENDING_USER_IDENTIFIER, PendingUser};
use crate::next;
use crate::planner::BrandBackground;
use crate::visit::{Visit, pretended};

/// The picture of somebody of whom nothing is known.
const NOBODY: &str = "/static/dist/assets/images/user_default.png";
const BACKGROUND: &str = "/static/dist/assets/images/flow_background.jpg";

impl Run {
    pub(super) async fn show(&mut self, challenge: Challenge, errors: Option<&Errors>) -> Result<Step, Problem> {
        let component = challenge.component;
        let json = render(&mut self.visit, challenge, errors).await?;
        let given = if errors.is_some() { std::mem::take(&mut self.given) } else { Map::new() };
        Ok(Step::Show(Shown { json, component, form_token: self.visit.plan.form_token(), notice: self.notice, given }))
    }
}

async fn render(visit: &mut Visit, challenge: Challenge, errors: Option<&Errors>) -> Result<Json, Problem> {
    let mut out = Map::new();
    let person = if challenge.with_user || visit.flow.title.contains('%') { Some(person(visit).await?) } else { None };
    if challenge.with_flow {
        let name = person.as_ref().map_or("", |p| p.0.as_str());
        // COMPAT: a refusal forgets where the person wanted to go.
        let target = visit.at.target().or(visit.plan.next.as_deref()).filter(|_| challenge.component != ACCESS_DENIED);
        out.insert("flow_info".to_owned(), flow_info(visit, name, target));
    }
    out.insert("component".to_owned(), challenge.component.into());
    if let Some(errors) = errors {
        out.insert("response_errors".to_owned(), errors.to_json());
    }
    if challenge.with_user
        && let Some((name, picture)) = person
    {
        out.insert("pending_user".to_owned(), name.into());
        out.insert("pending_user_avatar".to_owned(), picture.into());
    }
    out.extend(challenge.data);
    Ok(Json::Object(out))
}

/// The name and the picture to show for the person the flow is about.
async fn person(visit: &mut Visit) -> Result<(String, String), Problem> {
    if let Some(typed) = visit.plan.context.text(PENDING_USER_IDENTIFIER) {
        return Ok((typed.to_owned(), pretended(visit.app(), typed).avatar(visit.app())));
    }
    Ok(match visit.user() {
        None => (String::new(), NOBODY.to_owned()),
        Some(PendingUser::Pretended(name)) => {
            let picture = pretended(visit.app(), &name).avatar(visit.app());
            (name, picture)
        }
        Some(PendingUser::Known(_)) => match visit.subject().await? {
            None => (String::new(), NOBODY.to_owned()),
            Some(subject) => {
                let shown = User {
                    name: subject.record().text("name").to_owned(),
                    ..pretended(visit.app(), subject.username())
                };
                let picture = shown.avatar(visit.app());
                (shown.username, picture)
            }
        },
    })
}

/// The part of a challenge that is the same at every stage of a flow.
fn flow_info(visit: &Visit, user: &str, target: Option<&str>) -> Json {
    let cancel = match target {
        Some(target) => next::with_query("/flows/-/cancel/", [(next::NEXT, target)]),
        None => "/flows/-/cancel/".to_owned(),
    };
    json!({
        "title": title(visit, user),
        "background": background(visit),
        "cancel_url": cancel,
        "layout": object::Choices::as_str(visit.flow.layout),
    })
}

fn background(visit: &Visit) -> String {
    let own = background_of(&visit.flow.background);
    own.unwrap_or_else(|| match visit.app().service::<BrandBackground>() {
        Some(lookup) => (lookup.0)(visit.app(), &visit.at.origin),
        None => BACKGROUND.to_owned(),
    })
}

/// The address of a flow's own picture.
pub(crate) fn background_of(background: &str) -> Option<String> {
    match background {
        "" => None,
        address if address.starts_with('/') || address.starts_with("http://") || address.starts_with("https://") => {
            Some(address.to_owned())
        }
        file => Some(format!("/media/public/{file}")),
    }
}

/// The address of the picture behind a flow that the API shows.
pub fn background_url(background: &str) -> String {
    background_of(background).unwrap_or_else(|| BACKGROUND.to_owned())
}

/// The flow's title with `%(app)s` and `%(user)s` filled in. A title that uses the sign otherwise is shown as it is.
fn title(visit: &Visit, user: &str) -> String {
    let template = &visit.flow.title;
    if !template.contains('%') {
        return template.clone();
    }
    let app = visit.plan.context.application().and_then(|pk| {
        visit.snapshot.row("authentik_core.application", object::Key::Uuid(pk)).map(|r| r.text("name").to_owned())
    });
    fill(template, &app.unwrap_or_default(), user).unwrap_or_else(|| template.clone())
}

fn fill(template: &str, app: &str, user: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix("(app)s") {
            out.push_str(app);
            rest = after;
        } else if let Some(after) = after.strip_prefix("(user)s") {
            out.push_str(user);
            rest = after;
        } else if let Some(after) = after.strip_prefix('%') {
            out.push('%');
            rest = after;
        } else {
            return None;
        }
    }
    out.push_str(rest);
    Some(out)
}

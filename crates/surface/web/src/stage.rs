//! A challenge to the HTML inside the page.

mod field;

use askama::Template;
use serde_json::Value as Json;

use crate::challenge::{Challenge, Permission};
use crate::language::Language;
use crate::notice::ASKED_AS;
use crate::page::Message;
use field::Field;

/// A link below a form.
#[derive(Debug, Clone)]
pub struct Link {
    pub href: String,
    pub text: String,
}

impl Link {
    pub fn new(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { href: href.into(), text: text.into() }
    }
    /// Where somebody may go who may not go here.
    pub fn others() -> [Self; 2] {
        [
            Self::new("/if/user/", "My applications"),
            Self::new("/flows/-/default/invalidation/", "Log in as somebody else"),
        ]
    }
}

/// What a step needs to be shown beside its challenge.
pub struct Surroundings<'a> {
    /// Where the form posts: the page's own address.
    pub action: &'a str,
    pub csrf: &'a str,
    /// Why an answer was not looked at.
    pub notice: &'a str,
    /// What a form held that was refused.
    pub given: &'a serde_json::Map<String, Json>,
    /// What the installation is called.
    pub brand: &'a str,
    /// What administrators find the request by.
    pub reference: &'a str,
    pub t: Language,
}

impl Surroundings<'_> {
    /// COMPAT: the flows that come with the installation greet in the name of authentik, and clients read them so. People
    /// are greeted in the name of what they look at.
    fn greet(&self, text: &str) -> String {
        text.replacen("Welcome to authentik!", &self.t.fill("Welcome to {}!", self.brand), 1)
    }
}

/// What a challenge became.
pub struct Rendered {
    pub title: String,
    pub body: String,
    pub frames: Vec<String>,
}

#[derive(Template)]
#[template(path = "stage/frame.html")]
struct Frame<'a> {
    title: &'a str,
    notice: &'a str,
    lead: &'a str,
    errors: Vec<String>,
    pending_user: &'a str,
    avatar: &'a str,
    cancel_url: &'a str,
    action: &'a str,
    csrf: &'a str,
    component: &'a str,
    fields: &'a str,
    submit: &'a str,
    cancel: Option<Link>,
    links: Vec<Link>,
    t: Language,
}

#[derive(Template)]
#[template(path = "stage/consent.html")]
struct Consent<'a> {
    permissions: Vec<String>,
    additional: Vec<String>,
    token: &'a str,
    t: Language,
}

#[derive(Template)]
#[template(path = "stage/autosubmit.html")]
struct Autosubmit<'a> {
    title: &'a str,
    url: &'a str,
    attrs: Vec<(&'a str, String)>,
    t: Language,
}

/// The form of a step in the making.
#[derive(Default)]
struct Form {
    lead: String,
    fields: Vec<Field>,
    /// HTML before the fields, already escaped.
    extra: String,
    submit: String,
    cancel: Option<Link>,
    links: Vec<Link>,
}

/// Renders a challenge.
pub fn render(challenge: &Challenge, around: &Surroundings<'_>) -> Rendered {
    match challenge.component.as_str() {
        "ak-stage-identification" => form(challenge, around, identification(challenge, around.t)),
        "ak-stage-password" => form(challenge, around, password(challenge)),
        "ak-stage-consent" => form(challenge, around, consent(challenge, around.t)),
        "ak-stage-prompt" => form(challenge, around, prompt(challenge)),
        "ak-stage-user-login" => form(challenge, around, remember()),
        "ak-provider-oauth2-device-code" => form(challenge, around, device_code()),
        "ak-stage-dummy" => form(challenge, around, Form { submit: "Continue".into(), ..Form::default() }),
        "ak-stage-autosubmit" => autosubmit(challenge, around.t),
        "ak-stage-access-denied" => denied(challenge, around),
        "ak-stage-session-end" => session_end(challenge, around),
        "ak-provider-oauth2-device-code-finish" => say(
            "The device is logged in",
            &["You can close this page and go back to the device.".to_owned()],
            &[],
            "",
            "",
            around.t,
        ),
        "ak-provider-iframe-logout" => iframe_logout(challenge, around),
        "ak-stage-flow-error" | "xak-flow-error" => flow_error(challenge, around.t),
        other => {
            tracing::warn!(component = other, "No page for the step {other}");
            let text = around.t.fill("This step ({}) cannot be shown without the full web interface yet.", other);
            say("This step cannot be shown", &[text], &[Link::new("/flows/-/cancel/", "Start again")], "", "", around.t)
        }
    }
}

fn form(challenge: &Challenge, around: &Surroundings<'_>, form: Form) -> Rendered {
    let shown: Vec<&str> = form.fields.iter().map(|f| f.name.as_str()).collect();
    let t = around.t;
    let errors = challenge.general_errors(&shown).iter().map(|e| t.say(e)).collect();
    let mut html = form.extra;
    let mut fields = form.fields;
    for field in &mut fields {
        field.errors = challenge.errors(&field.name).iter().map(|e| t.say(e)).collect();
        field.translate(t);
        field.refill(around.given);
        if field.kind == "static" {
            field.value = around.greet(&field.value);
        }
    }
    // The first field that has to be corrected, else the first one to fill in.
    let focus = fields.iter().position(|f| f.takes_text() && !f.errors.is_empty());
    let focus = focus.or_else(|| fields.iter().position(Field::takes_text));
    for (n, field) in fields.iter_mut().enumerate() {
        field.autofocus = focus == Some(n);
        html.push_str(&field.render().unwrap_or_default());
    }
    let title = t.say(&around.greet(challenge.title()));
    let cancel = challenge.flow_info.as_ref().map_or("", |f| f.cancel_url.as_str());
    let frame = Frame {
        title: &title,
        notice: &t.say(around.notice),
        lead: &t.say(&form.lead),
        errors,
        pending_user: challenge.pending_user.as_deref().unwrap_or_default(),
        avatar: challenge.pending_user_avatar.as_deref().unwrap_or_default(),
        cancel_url: cancel,
        action: around.action,
        csrf: around.csrf,
        component: &challenge.component,
        fields: &html,
        submit: &t.say(&form.submit),
        cancel: form.cancel,
        links: form.links,
        t,
    };
    Rendered { body: frame.render().unwrap_or_default(), title, frames: Vec::new() }
}

fn identification(challenge: &Challenge, t: Language) -> Form {
    let known = challenge.user_fields.clone().unwrap_or_default();
    let has = |name: &str| known.iter().any(|f| f == name);
    let label = match (has("email"), has("username") || has("upn")) {
        (true, true) => "Email or username",
        (true, false) => "Email",
        _ => "Username",
    };
    let mut fields = Vec::new();
    if !known.is_empty() {
        let kind = if label == "Email" { "email" } else { "text" };
        fields.push(Field::new(kind, "uid_field", label).autocomplete("username webauthn").required());
    }
    if challenge.password_fields {
        fields.push(Field::new("password", "password", "Password").autocomplete("current-password").required());
    }
    let mut links = Vec::new();
    let named = [
        (&challenge.enroll_url, "Create an account"),
        (&challenge.recovery_url, "Forgot username or password?"),
        (&challenge.passwordless_url, "Log in with a security key"),
    ];
    for (url, text) in named {
        if let Some(url) = url.as_deref().filter(|u| !u.is_empty()) {
            links.push(Link::new(url, text));
        }
    }
    let lead = match challenge.application_pre.as_deref().filter(|a| !a.is_empty()) {
        Some(application) => t.fill("Log in to continue to {}.", application),
        None => String::new(),
    };
    let submit = challenge.primary_action.clone().unwrap_or_else(|| "Log in".into());
    Form { lead, fields, submit, links, ..Form::default() }
}

fn password(challenge: &Challenge) -> Form {
    let user = challenge.pending_user.clone().unwrap_or_default();
    // Password managers look for the name beside the password, and pass over fields of the type `hidden`.
    let name = Field::new("account", "username", "Username").autocomplete("username").value(user);
    let password = Field::new("password", "password", "Password").autocomplete("current-password").required();
    let links = challenge.recovery_url.iter().map(|u| Link::new(u, "Forgot password?")).collect();
    Form { fields: vec![name, password], submit: "Continue".into(), links, ..Form::default() }
}

fn consent(challenge: &Challenge, t: Language) -> Form {
    // A scope without a description is called by its name; `openid` alone says only that this is a login.
    let names = |list: &[Permission]| -> Vec<String> {
        let told = list.iter().map(|p| if p.name.is_empty() { &p.id } else { &p.name });
        told.filter(|text| !text.is_empty() && *text != "openid").map(|text| t.say(text)).collect()
    };
    let template = Consent {
        permissions: names(&challenge.permissions),
        additional: names(&challenge.additional_permissions),
        token: challenge.token.as_deref().unwrap_or_default(),
        t,
    };
    Form {
        lead: challenge.header_text.clone().unwrap_or_default(),
        extra: template.render().unwrap_or_default(),
        submit: "Continue".into(),
        cancel: Some(Link::new("/flows/-/cancel/?next=/if/user/", "Cancel")),
        ..Form::default()
    }
}

fn prompt(challenge: &Challenge) -> Form {
    Form {
        fields: challenge.fields.iter().map(Field::of_prompt).collect(),
        submit: "Continue".into(),
        ..Form::default()
    }
}

fn remember() -> Form {
    Form {
        lead: "Stay logged in on this device?".into(),
        fields: vec![Field::new("checkbox", "remember_me", "Keep me logged in")],
        submit: "Continue".into(),
        ..Form::default()
    }
}

fn device_code() -> Form {
    Form {
        lead: "Enter the code that the device shows.".into(),
        fields: vec![Field::new("text", "code", "Code").autocomplete("off").required().code()],
        submit: "Continue".into(),
        ..Form::default()
    }
}

fn autosubmit(challenge: &Challenge, t: Language) -> Rendered {
    let title = challenge.title.clone().unwrap_or_else(|| "Continue".into());
    let url = challenge.url.clone().unwrap_or_default();
    let text = |v: &Json| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let attrs = challenge.attrs.iter().flatten().map(|(k, v)| (k.as_str(), text(v))).collect();
    let body = Autosubmit { title: &title, url: &url, attrs, t }.render().unwrap_or_default();
    Rendered { body, frames: Vec::new(), title }
}

fn say(title: &str, lines: &[String], links: &[Link], alert: &str, reference: &str, t: Language) -> Rendered {
    let lines: Vec<String> = lines.iter().map(|line| t.say(line)).collect();
    let (title, alert) = (t.say(title), t.say(alert));
    let message = Message { title: &title, alert: &alert, lines: &lines, links, reference, frames: &[], t };
    let body = message.render().unwrap_or_default();
    Rendered { title, body, frames: Vec::new() }
}

fn denied(challenge: &Challenge, around: &Surroundings<'_>) -> Rendered {
    let alert = challenge.error_message.as_deref().filter(|m| !m.is_empty()).unwrap_or("You may not do this.");
    let reference = challenge.request_id.as_deref().unwrap_or(around.reference);
    let Some(user) = challenge.pending_user.as_deref().filter(|u| !u.is_empty()) else {
        return say("Access denied", &[], &[Link::new("/", "Go to the start")], alert, reference, around.t);
    };
    say("Access denied", &[around.t.fill(ASKED_AS, user)], &Link::others(), alert, reference, around.t)
}

fn session_end(challenge: &Challenge, around: &Surroundings<'_>) -> Rendered {
    let t = around.t;
    let mut links = vec![Link::new("/if/user/", "My applications")];
    if let Some(url) = &challenge.invalidation_flow_url {
        let text = match &challenge.brand_name {
            // The name on the page: where nobody gave one, the brand's own is not it.
            Some(_) => t.fill("Log out of {}", around.brand),
            None => t.say("Log out of everything"),
        };
        links.push(Link::new(url, text));
    }
    if let (Some(url), Some(name)) = (&challenge.application_launch_url, &challenge.application_name) {
        links.push(Link::new(url, t.fill("Log in to {} again", name)));
    }
    let title = match &challenge.application_name {
        Some(name) => t.fill("Logged out of {}", name),
        None => t.say("Logged out of the application"),
    };
    say(&title, &[], &links, "", "", t)
}

fn iframe_logout(challenge: &Challenge, around: &Surroundings<'_>) -> Rendered {
    let url = |v: &Json| v.as_str().or_else(|| v["url"].as_str()).map(str::to_owned);
    let frames: Vec<String> = challenge.logout_urls.iter().filter_map(url).collect();
    let mut rendered = form(
        challenge,
        around,
        Form {
            lead: "You are being logged out of your applications.".into(),
            submit: "Continue".into(),
            ..Form::default()
        },
    );
    let message = Message { title: "", alert: "", lines: &[], links: &[], reference: "", frames: &frames, t: around.t };
    rendered.body.push_str(&message.render().unwrap_or_default());
    rendered.frames = frames;
    rendered
}

fn flow_error(challenge: &Challenge, t: Language) -> Rendered {
    let lines = ["This step could not be finished. The administrator finds the cause in the log.".to_owned()];
    let reference = challenge.request_id.as_deref().unwrap_or_default();
    say("Something went wrong", &lines, &[Link::new("/flows/-/cancel/", "Start again")], "", reference, t)
}

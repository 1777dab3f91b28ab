//! What is shown to a person: a component and its data.

use serde_json::{Map, Value as Json};

/// A page for people, an object for programs: the component's name and what it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    pub component: &'static str,
    pub data: Map<String, Json>,
    /// Whether it names the person the flow is about.
    pub with_user: bool,
    /// Whether it carries the flow's title and layout. Plain redirects do not.
    pub with_flow: bool,
}

/// Says no, with a reason.
pub const ACCESS_DENIED: &str = "ak-stage-access-denied";
/// Something went wrong on our side.
pub const FLOW_ERROR: &str = "ak-stage-flow-error";
/// Sends the browser somewhere.
pub const REDIRECT: &str = "xak-flow-redirect";
/// A form that the browser sends to another site by itself.
pub const AUTOSUBMIT: &str = "ak-stage-autosubmit";

impl Challenge {
    /// With the person's name and picture on it.
    pub fn with_user(component: &'static str) -> Self {
        Self { component, data: Map::new(), with_user: true, with_flow: true }
    }
    pub fn new(component: &'static str) -> Self {
        Self { component, data: Map::new(), with_user: false, with_flow: true }
    }
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.data.insert(name.to_owned(), value.into());
        self
    }
    pub fn redirect(to: &str) -> Self {
        Self { with_flow: false, ..Self::new(REDIRECT) }.set("to", to)
    }
    pub fn denied(message: Option<&str>) -> Self {
        let message = message.filter(|m| !m.is_empty()).unwrap_or("Unknown error");
        Self::with_user(ACCESS_DENIED).set("error_message", message)
    }
    pub fn fault(request_id: &str) -> Self {
        Self { with_flow: false, ..Self::new(FLOW_ERROR) }.set("request_id", request_id)
    }
    /// A form that the browser sends to `url` by itself; the fields are `(name, value)`.
    pub fn autosubmit(title: &str, url: &str, fields: Map<String, Json>) -> Self {
        Self::new(AUTOSUBMIT).set("url", url).set("attrs", fields).set("title", title)
    }
}

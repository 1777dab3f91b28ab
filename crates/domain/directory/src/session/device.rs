//! Devices that somebody logged in on before: a cookie of its own that outlives the session.
//!
//! It opens nothing. Stages and policies may ask less, or say more, where a login comes from a device that is known.

use std::time::Duration;

use feature::{App, Problem};
use http::{HeaderMap, HeaderValue};
use object::Object as _;
use secret::Signer;
use store::Filter;

use super::web::WebSession;
use super::{Session, cookie};
use crate::user::User;

/// Name of the cookie.
const DEVICE: &str = "authentik_device";

fn signer(app: &App) -> Signer {
    app.root_key().signer("known device")
}

/// What the browser sent, unless somebody else wrote it or its time is over: the user's `uid`.
pub(super) fn read(app: &App, headers: &HeaderMap) -> Option<String> {
    let mut values = cookie::values(headers, DEVICE).peekable();
    values.peek()?;
    let signer = signer(app);
    values.find_map(|value| {
        let (uid, until) = signer.detach(value)?.rsplit_once(':')?;
        (until.parse::<i64>().ok()? > app.clock().unix()).then(|| uid.to_owned())
    })
}

impl WebSession {
    /// Whether the user logged in on this device before, or is logged in from its address.
    ///
    /// # Errors
    /// The database is not available.
    pub async fn knows_device(&self, user: &User) -> Result<bool, Problem> {
        let from = &self.0.from;
        if from.device.as_deref() == Some(user.uid(&from.app).as_str()) {
            return Ok(true);
        }
        if from.address.is_empty() {
            return Ok(false);
        }
        let there = Filter::eq("user", user.pk).and(Filter::eq("last_ip", from.address.as_str()));
        Ok(from.app.store().exists(Session::model(), there).await?)
    }

    /// Has the browser remember that the user logged in here.
    pub fn remember_device(&self, user: &User, duration: Duration) {
        let from = &self.0.from;
        let until = from.app.clock().unix().saturating_add_unsigned(duration.as_secs());
        let value = signer(&from.app).attach(&format!("{}:{until}", user.uid(&from.app)));
        let common = cookie::attributes(&from.app, from.secure);
        let text = format!("{DEVICE}={value}; HttpOnly; Max-Age={}{common}", duration.as_secs());
        *self.0.device.lock() = HeaderValue::from_str(&text).ok();
    }
}

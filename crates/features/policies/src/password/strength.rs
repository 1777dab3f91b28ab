//! How hard a password is to guess, estimated off the runtime's threads: it takes milliseconds of a core.

use policy::{PolicyException, PolicyRequest};
use secret::Secret;
use zxcvbn::zxcvbn;

/// More characters make the estimate slow and no longer change it.
const LONGEST: usize = 72;

/// From 0, guessed at once, to 4; below 3 with what would make it better.
pub struct Strength {
    pub score: u8,
    pub suggestions: Vec<String>,
}

/// What others know of the user or see on the page, and try first.
pub fn known(request: &PolicyRequest) -> Vec<String> {
    let user = request.user.as_ref().map(|u| u.record());
    let about = user.into_iter().flat_map(|u| ["username", "name", "email"].map(|field| u.text(field).to_owned()));
    let brand = request.http.as_ref().and_then(|http| http.brand.as_ref());
    about.chain(brand.map(|b| b.text("branding_title").to_owned())).filter(|text| !text.is_empty()).collect()
}

pub async fn estimate(password: &str, known: Vec<String>) -> Result<Strength, PolicyException> {
    let password = Secret::new(password.chars().take(LONGEST).collect::<String>());
    let work = move || {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let entropy = zxcvbn(password.expose(), &known);
        let suggestions = entropy.feedback().map(|f| f.suggestions().iter().map(ToString::to_string).collect());
        Strength { score: entropy.score().into(), suggestions: suggestions.unwrap_or_default() }
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| {
        tracing::error!("The strength of a password could not be estimated: {e}");
        PolicyException::new("The strength of the password could not be estimated.")
    })
}

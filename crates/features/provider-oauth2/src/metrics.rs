//! Counters of the feature.

use feature::App;

/// A request to the token endpoint was answered.
pub fn token_request(app: &App, is_granted: bool) {
    let requests = app.metrics().counter(
        "keywright_oauth2_token_requests_total",
        "Requests to the token endpoint by what came of them.",
        &["result"],
    );
    requests.with(&[if is_granted { "granted" } else { "refused" }]).increment();
}

/// A person was sent back to a client.
pub fn authorization(app: &App, is_granted: bool) {
    let answers = app.metrics().counter(
        "keywright_oauth2_authorizations_total",
        "Answers of the authorization endpoint by what came of them.",
        &["result"],
    );
    answers.with(&[if is_granted { "granted" } else { "refused" }]).increment();
}

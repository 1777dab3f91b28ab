//! Challenges become pages that hold what they say and nothing that was slipped in.

use serde_json::json;

use crate::challenge::Challenge;
use crate::stage::{Surroundings, render};

fn shown(challenge: &serde_json::Value, given: &serde_json::Value) -> String {
    let given = given.as_object().cloned().unwrap_or_default();
    let around = Surroundings {
        action: "/if/flow/x/?next=%2F",
        csrf: "tok",
        notice: "",
        given: &given,
        brand: "Keywright",
        reference: "",
        t: crate::language::Language::English,
    };
    render(&Challenge::read(challenge), &around).body
}

#[test]
fn a_login_form_works_without_script() {
    let challenge = json!({
        "component": "ak-stage-identification", "flow_info": {"title": "Hello", "cancel_url": "/c"},
        "user_fields": ["email", "username"], "password_fields": true, "primary_action": "Log in",
        "response_errors": {"uid_field": [{"string": "No such <b>user</b>", "code": "invalid"}], "non_field_errors": [{"string": "Nope", "code": "x"}]},
    });
    let html = shown(&challenge, &json!({}));
    for part in [
        r#"method="post" action="/if/flow/x/?next=%2F""#,
        r#"name="csrfmiddlewaretoken" value="tok""#,
        r#"name="uid_field" type="text""#,
        r#"name="password" type="password""#,
        r#"autocomplete="current-password""#,
        "No such &#60;b&#62;user&#60;/b&#62;",
        r#"role="alert">Nope"#,
        r#"<button type="submit">Log in</button>"#,
    ] {
        assert!(html.contains(part), "{part} is missing in\n{html}");
    }
}

#[test]
fn a_password_manager_learns_whose_password_it_is() {
    let challenge = json!({
        "component": "ak-stage-password", "flow_info": {"title": "Hello", "cancel_url": "/c"}, "pending_user": "ada",
    });
    let html = shown(&challenge, &json!({}));
    let field = r#"<input type="text" name="username" value="ada" autocomplete="username" aria-label="Username" readonly hidden>"#;
    assert!(html.contains(field), "{html}");
}

#[test]
fn posted_values_are_escaped() {
    // CVE-2026-42849: an unescaped state in the page that posts itself.
    let challenge = json!({
        "component": "ak-stage-autosubmit", "url": "https://app.example/cb", "title": "Go",
        "attrs": {"state": "\"><script>alert(1)</script>"},
    });
    let html = shown(&challenge, &json!({}));
    assert!(!html.contains("<script>"), "{html}");
    assert!(html.contains(r#"action="https://app.example/cb""#), "{html}");
}

#[test]
fn a_refused_form_is_filled_in_again_but_for_what_is_secret_or_fixed() {
    let field = |kind: &str, key: &str, value: &str| json!({"type": kind, "field_key": key, "label": key, "initial_value": value});
    let challenge = json!({"component": "ak-stage-prompt", "fields": [
        field("text", "name", "before"), field("text_read_only", "fixed", "stays"), field("password", "password", ""),
        field("checkbox", "news", "True"), field("date-time", "at", "2026-01-02 03:04:05+00:00"),
        field("ak-locale", "locale", "xx"),
    ]});
    let given = json!({"name": "<new>", "fixed": "slipped in", "password": "sesame", "news": "false"});
    let html = shown(&challenge, &given);
    let parts = [
        r#"value="&#60;new&#62;""#,
        r#"value="stays""#,
        r#"value="2026-01-02T03:04""#,
        r#"<option value="xx" selected>"#,
    ];
    for part in parts {
        assert!(html.contains(part), "{part} is missing in\n{html}");
    }
    for part in ["slipped in", "sesame", "before", "checked"] {
        assert!(!html.contains(part), "{part} is in\n{html}");
    }
    assert!(shown(&challenge, &json!({})).contains("checked"));
}

#[test]
fn a_consent_says_what_it_gives_away() {
    let consent = |permissions: serde_json::Value| {
        shown(&json!({"component": "ak-stage-consent", "token": "t", "permissions": permissions}), &json!({}))
    };
    let login = json!({"id": "openid", "name": ""});
    assert!(consent(json!([login])).contains("asks for nothing else"));
    let html = consent(json!([login, {"id": "groups", "name": ""}, {"id": "email", "name": "Email address"}]));
    assert!(html.contains("<li>groups</li><li>Email address</li>"), "{html}");
}

//! Challenges become pages that hold what they say and nothing that was slipped in.

use serde_json::json;

use crate::challenge::Challenge;
use crate::stage::{Surroundings, render};

const AROUND: Surroundings<'_> = Surroundings { action: "/if/flow/x/?next=%2F", csrf: "tok", notice: "" };

#[test]
fn a_login_form_works_without_script() {
    let challenge = Challenge::read(&json!({
        "component": "ak-stage-identification", "flow_info": {"title": "Hello", "cancel_url": "/c"},
        "user_fields": ["email", "username"], "password_fields": true, "primary_action": "Log in",
        "response_errors": {"uid_field": [{"string": "No such <b>user</b>", "code": "invalid"}], "non_field_errors": [{"string": "Nope", "code": "x"}]},
    }));
    let html = render(&challenge, &AROUND).body;
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
fn posted_values_are_escaped() {
    // CVE-2026-42849: an unescaped state in the page that posts itself.
    let challenge = Challenge::read(&json!({
        "component": "ak-stage-autosubmit", "url": "https://app.example/cb", "title": "Go",
        "attrs": {"state": "\"><script>alert(1)</script>"},
    }));
    let rendered = render(&challenge, &AROUND);
    assert!(!rendered.body.contains("<script>"), "{}", rendered.body);
    assert_eq!(rendered.form_target.as_deref(), Some("https://app.example/cb"));
}

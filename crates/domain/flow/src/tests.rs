//! Targets, errors and contexts.

use net::{Origin, Scheme};
use serde_json::json;

use crate::answer::{Answer, Errors};
use crate::context::{Context, PendingUser, USER_BACKEND};
use crate::next::{own_path, with_query};

#[test]
fn only_plain_paths_of_our_own_are_targets() {
    let origin = Origin { scheme: Scheme::Https, host: "id.example.com".to_owned() };
    for target in ["/", "/if/user/", "/if/user/?a=b#/c", "https://id.example.com/if/user/", "https://id.example.com"] {
        assert!(own_path(target, &origin).is_some(), "{target}");
    }
    for target in [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "https:evil.example",
        "https://evil.example/",
        "///evil.example",
        "/%2f/evil.example",
        "/%5cevil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "https://id.example.com.evil.example/",
        "https://id.example.com@evil.example/",
        "http://id.example.com/",
        "",
        "if/user/",
        "/\n/evil.example",
        " //evil.example",
        "https://id.example.com//evil.example",
    ] {
        assert_eq!(own_path(target, &origin), None, "{target}");
    }
}

#[test]
fn query_strings_are_as_upstream_writes_them() {
    assert_eq!(with_query("/x/", []), "/x/");
    assert_eq!(with_query("/x/", [("next", "/if/user/")]), "/x/?next=%2Fif%2Fuser%2F");
    assert_eq!(with_query("/x/", [("query", "")]), "/x/?query=");
}

#[test]
fn what_one_person_proved_is_forgotten_with_another() {
    let mut context = Context::default();
    context.set_pending_user(&PendingUser::Known(1));
    context.set(USER_BACKEND, "b");
    context.set_pending_user(&PendingUser::Known(1));
    assert!(context.has(USER_BACKEND));
    context.set_pending_user(&PendingUser::Known(2));
    assert!(!context.has(USER_BACKEND));
    context.set_pending_user(&PendingUser::Pretended("x".to_owned()));
    assert_eq!(context.pending_user(), Some(PendingUser::Pretended("x".to_owned())));
}

#[test]
fn secrets_are_hidden_wherever_they_are() {
    let mut context = Context::default();
    context.set("prompt_data", json!({"password": "p", "name": "n", "deep": [{"Token": "t"}]}));
    let shown = context.cleansed().to_string();
    assert!(!shown.contains("\"p\"") && !shown.contains("\"t\"") && shown.contains("\"n\""));
}

#[test]
fn answers_are_read_as_upstream_reads_them() {
    let fields = json!({"a": 123, "b": "", "c": null, "d": []});
    let answer = Answer::json(fields.as_object().cloned().unwrap_or_default());
    let mut errors = Errors::default();
    assert_eq!(answer.text("a", &mut errors), "123");
    for name in ["b", "c", "d", "e"] {
        answer.text(name, &mut errors);
    }
    let said = errors.to_json();
    assert_eq!(said["b"], json!([{"string": "This field may not be blank.", "code": "blank"}]));
    assert_eq!(said["c"][0]["code"], "null");
    assert_eq!(said["d"][0]["string"], "Not a valid string.");
    assert_eq!(said["e"][0]["code"], "required");
}

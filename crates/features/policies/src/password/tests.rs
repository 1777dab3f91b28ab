//! The rules, one by one, and what is said when one is broken.

use std::sync::Arc;

use feature::App;
use object::Object as _;
use policy::{Context, PolicyRequest, PolicyResult};
use serde_json::{Value as Json, json};

use super::{PasswordPolicy, broken};
use crate::tests::{app, create, map, world};

async fn policy(app: &App, values: Json) -> object::Record {
    let mut all = json!({"name": app.random().token(12)});
    all.as_object_mut().unwrap().extend(map(values));
    create(app, PasswordPolicy::model(), all).await.unwrap()
}

async fn ask(app: &App, policy: &object::Record, context: Json) -> (bool, Vec<String>) {
    let request = PolicyRequest::new(None).with_context(Context::from_json(&map(context)));
    let PolicyResult { passing, messages, .. } = policy::engine::passes(app, policy, &request).await.unwrap();
    (passing, messages)
}

fn no(message: &str) -> (bool, Vec<String>) {
    (false, vec![message.to_owned()])
}

#[tokio::test]
async fn new_policies_have_the_defaults_of_upstream() {
    let app = app().await;
    let made: PasswordPolicy = crate::read(&policy(&app, json!({})).await).unwrap();
    assert_eq!(made.password_field, "password");
    assert_eq!(made.symbol_charset, "!\\\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ");
    assert_eq!((made.length_min, made.zxcvbn_score_threshold, made.hibp_allowed_count), (0, 2, 0));
    assert!(made.check_static_rules && !made.check_zxcvbn && !made.check_have_i_been_pwned);
    let wrong = create(&app, PasswordPolicy::model(), json!({"name": "x", "length_min": -1})).await.unwrap_err();
    assert_eq!(wrong, json!({"length_min": ["Ensure this value is greater than or equal to 0."]}));
}

#[tokio::test]
async fn each_static_rule_counts_what_it_is_about() {
    let app = app().await;
    let table: &[(Json, &str, Option<&str>)] = &[
        (json!({}), "a", None),
        (json!({"length_min": 8}), "1234567", Some("length_min")),
        (json!({"length_min": 8}), "12345678", None),
        // Characters, not bytes.
        (json!({"length_min": 3}), "öö", Some("length_min")),
        (json!({"length_min": 3}), "öäü", None),
        (json!({"amount_digits": 2}), "a1b", Some("amount_digits")),
        (json!({"amount_digits": 2}), "a1b2", None),
        (json!({"amount_digits": 1}), "٣", Some("amount_digits")),
        (json!({"amount_lowercase": 2}), "aBC1", Some("amount_lowercase")),
        (json!({"amount_lowercase": 2}), "abC", None),
        (json!({"amount_uppercase": 2}), "abcD", Some("amount_uppercase")),
        (json!({"amount_uppercase": 2}), "aBcD", None),
        (json!({"amount_symbols": 2}), "ab!c", Some("amount_symbols")),
        (json!({"amount_symbols": 2}), "a! b", None),
        (json!({"amount_symbols": 2}), "!!", None),
        (json!({"amount_symbols": 1, "symbol_charset": "§"}), "a!b", Some("amount_symbols")),
        (json!({"amount_symbols": 1, "symbol_charset": "§"}), "a§b", None),
        (json!({"length_min": 9, "amount_digits": 9}), "x", Some("length_min")),
    ];
    for (values, password, rule) in table {
        let record = policy(&app, values.clone()).await;
        assert_eq!(broken(&crate::read(&record).unwrap(), password), *rule, "{values} {password}");
    }
}

#[tokio::test]
async fn a_broken_static_rule_is_answered_with_the_message_of_the_policy() {
    let app = app().await;
    let told = policy(&app, json!({"length_min": 4, "error_message": "Four, please."})).await;
    assert_eq!(ask(&app, &told, json!({"password": "abc"})).await, no("Four, please."));
    assert_eq!(ask(&app, &told, json!({"password": "abcd"})).await, (true, vec![]));
    let silent = policy(&app, json!({"length_min": 4})).await;
    assert_eq!(ask(&app, &silent, json!({"password": "abc"})).await, no("Invalid password."));
    let off = policy(&app, json!({"length_min": 4, "check_static_rules": false})).await;
    assert_eq!(ask(&app, &off, json!({"password": "abc"})).await, (true, vec![]));
}

#[tokio::test]
async fn the_password_comes_out_of_the_prompt_and_else_out_of_the_context() {
    let app = app().await;
    let record = policy(&app, json!({"length_min": 4, "password_field": "pw", "error_message": "e"})).await;
    assert!(ask(&app, &record, json!({"prompt_data": {"pw": "abcd"}, "pw": "a"})).await.0);
    assert_eq!(ask(&app, &record, json!({"prompt_data": {"pw": "a"}, "pw": "abcd"})).await, no("e"));
    assert!(ask(&app, &record, json!({"prompt_data": {"other": 1}, "pw": "abcd"})).await.0);
    assert!(ask(&app, &record, json!({"prompt_data": {"pw": 12345}})).await.0);
    let missing = no("Password not set in context");
    let nothing = [json!({}), json!({"pw": ""}), json!({"pw": null}), json!({"prompt_data": 1}), json!({"pw": false})];
    for context in nothing {
        assert_eq!(ask(&app, &record, context.clone()).await, missing, "{context}");
    }
}

#[tokio::test]
async fn passwords_that_are_easy_to_guess_are_refused_with_advice() {
    let app = app().await;
    let record = policy(&app, json!({"check_zxcvbn": true})).await;
    let weak = ask(&app, &record, json!({"password": "user-password"})).await;
    let advice = ["Password is too weak.", "Add another word or two. Uncommon words are better."];
    assert_eq!(weak, (false, advice.map(str::to_owned).to_vec()));
    assert!(ask(&app, &record, json!({"password": "correct-horse-battery-staple-41"})).await.0);
    let never = policy(&app, json!({"check_zxcvbn": true, "zxcvbn_score_threshold": 9})).await;
    let strong = "j8Zq-Trombone-#fjord-Lattice-17";
    assert_eq!(ask(&app, &never, json!({"password": strong})).await, no("Password is too weak."));
    // Long beyond all use: no more of it is looked at than is needed.
    let long = "Xk3!vb_q".repeat(100_000);
    ask(&app, &record, json!({"password": long})).await;
}

#[tokio::test]
async fn what_is_known_of_the_user_is_easy_to_guess() {
    let app = app().await;
    let record = policy(&app, json!({"check_zxcvbn": true})).await;
    let user = world(&app).await;
    let context = || Context::from_json(&map(json!({"password": "oracle-expr1"})));
    let about = PolicyRequest::new(Some(Arc::clone(&user))).with_context(context());
    assert!(!policy::engine::passes(&app, &record, &about).await.unwrap().passing);
    let nobody = super::strength::known(&PolicyRequest::new(None));
    assert!(nobody.is_empty());
    let known = super::strength::known(&about);
    assert_eq!(known, ["oracle-expr", "Oracle-Expr"]);
    let alone = super::strength::estimate("oracle-expr1", vec![]).await.unwrap().score;
    let with = super::strength::estimate("oracle-expr1", known).await.unwrap().score;
    assert!(with < alone, "{with} {alone}");
}

#[tokio::test]
async fn public_lists_are_not_asked_and_that_is_noted() {
    let app = app().await;
    let record = policy(&app, json!({"check_have_i_been_pwned": true})).await;
    let request = PolicyRequest::new(None).with_context(Context::from_json(&map(json!({"password": "password"}))));
    assert!(policy::engine::passes(&app, &record, &request).await.unwrap().passing);
    let lines = request.logs.take();
    assert!(lines.len() == 1 && lines[0].event.contains("haveibeenpwned"));
    assert!(lines[0].attributes.values().all(|v| v != "password" || lines[0].attributes["field"] == *v));
}

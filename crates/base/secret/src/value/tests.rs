//! Tests of the redacted value.

use super::*;

#[test]
fn debug_shows_nothing_of_the_value() {
    #[derive(Debug)]
    struct Client {
        #[expect(dead_code, reason = "read by Debug only")]
        client_secret: Secret<String>,
    }
    let shown = format!("{:?}", Client { client_secret: "hunter2".into() });
    assert_eq!(shown, "Client { client_secret: *** }");
}

#[test]
fn equality_is_by_value() {
    assert_eq!(Secret::from("a"), Secret::from("a"));
    assert_ne!(Secret::from("a"), Secret::from("ab"));
    assert!(ct_eq("x", b"x"));
    assert!(!ct_eq("", b"x"));
}

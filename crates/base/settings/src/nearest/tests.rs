//! Unit tests of the distance and the choice.

use super::{distance, nearest};

#[test]
fn counts_edits_and_swaps() {
    assert_eq!(distance("", "abc"), 3);
    assert_eq!(distance("host", "host"), 0);
    assert_eq!(distance("hots", "host"), 1);
    assert_eq!(distance("htp", "http"), 1);
    assert_eq!(distance("kitten", "sitting"), 3);
}

#[test]
fn offers_only_likely_names() {
    let names = ["listen.http", "listen.https", "log_level"];
    assert_eq!(nearest("listen.htp", names.into_iter()), Some("listen.http"));
    assert_eq!(nearest("loglevel", names.into_iter()), Some("log_level"));
    assert_eq!(nearest("smtp.host", names.into_iter()), None);
    assert_eq!(nearest(&"x".repeat(10_000), names.into_iter()), None);
}

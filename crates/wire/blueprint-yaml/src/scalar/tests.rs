//! Tests of the scalar rules; the expectations were checked against PyYAML's `safe_load`.

use serde_json::{Value, json};

use super::*;

fn typed(text: &str) -> Value {
    plain(text).expect("a scalar").to_json()
}

#[test]
fn words_of_truth_and_nothing() {
    for text in ["yes", "Yes", "YES", "on", "True", "TRUE"] {
        assert_eq!(typed(text), json!(true), "{text}");
    }
    for text in ["no", "No", "off", "OFF", "false"] {
        assert_eq!(typed(text), json!(false), "{text}");
    }
    for text in ["y", "n", "yES", "tRUE"] {
        assert_eq!(typed(text), json!(text), "{text}");
    }
    for text in ["", "~", "null", "Null", "NULL"] {
        assert_eq!(typed(text), json!(null), "{text}");
    }
}

#[test]
fn integers_in_every_base() {
    let cases = [
        ("0", 0),
        ("42", 42),
        ("-42", -42),
        ("+7", 7),
        ("1_000", 1000),
        ("010", 8),
        ("0x1F", 31),
        ("0b101", 5),
        ("1:30", 90),
        ("190:20:30", 685_230),
        ("-1:30", -90),
        ("-9223372036854775808", i64::MIN),
    ];
    for (text, value) in cases {
        assert_eq!(typed(text), json!(value), "{text}");
    }
    assert_eq!(typed("18446744073709551615"), json!(u64::MAX));
    assert!(plain("18446744073709551616").is_err());
    for text in ["08", "0o17", "1:60", "1:2:3:", "01:30", "1e3", "-", "+", "0b2", "0xg", "1-2"] {
        assert_eq!(typed(text), json!(text), "{text}");
    }
}

#[test]
fn floats() {
    let cases = [
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.25", -1.25),
        ("1.5e+3", 1500.0),
        ("1_000.5", 1000.5),
        ("190:20:30.15", 685_230.15),
        ("08.5", 8.5),
    ];
    for (text, value) in cases {
        assert_eq!(typed(text), json!(value), "{text}");
    }
    for text in ["1.5e3", "-.5", ".", "._5", "1.2.3", "..", "1.5e+"] {
        assert_eq!(typed(text), json!(text), "{text}");
    }
    assert!(plain(".inf").is_err());
    assert!(plain("-.Inf").is_err());
    assert!(plain(".nan").is_err());
}

#[test]
fn dates_are_given_in_iso_8601() {
    let cases = [
        ("2026-01-31", "2026-01-31"),
        ("2026-1-31 8:00:00", "2026-01-31T08:00:00"),
        ("2028-12-31T23:59:59Z", "2028-12-31T23:59:59Z"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43.100000-05:00"),
        ("2001-12-14 21:59:43.1 +5", "2001-12-14T21:59:43.100000+05:00"),
    ];
    for (text, value) in cases {
        assert_eq!(typed(text), json!(value), "{text}");
    }
    assert!(plain("2026-02-30").is_err());
    assert!(plain("2026-02-03 25:00:00").is_err());
    for text in ["2026-1-31", "2026-01-31T", "2026-01-31 10:00"] {
        assert_eq!(typed(text), json!(text), "{text}");
    }
}

//! Tests of the duration texts.

use proptest::prelude::*;

use super::*;

fn micros(text: &str) -> i128 {
    TimeDelta::parse(text).unwrap().signed().as_micros()
}

#[test]
fn pairs_add_up() {
    assert_eq!(micros("hours=1;minutes=30"), 5_400_000_000);
    assert_eq!(micros("weeks=1;days=1;hours=1;minutes=1;seconds=1;milliseconds=1;microseconds=1"), 694_861_001_001);
    assert_eq!(micros("seconds=0"), 0);
}

#[test]
fn keys_are_read_in_any_case_and_values_are_trimmed() {
    assert_eq!(micros("Hours= 2 "), 7_200_000_000);
}

#[test]
fn signs_and_fractions_are_kept() {
    assert_eq!(micros("minutes=-1.5"), -90_000_000);
    assert_eq!(micros("days=1;hours=-1"), 82_800_000_000);
    assert_eq!(micros("microseconds=0.5"), 0);
    assert_eq!(micros("microseconds=1.5"), 2);
    assert_eq!(micros("seconds=1_000"), 1_000_000_000);
    assert_eq!(micros("seconds=1e3"), 1_000_000_000);
    assert_eq!(TimeDelta::parse("seconds=-1").unwrap().unsigned(), Duration::ZERO);
}

#[test]
fn the_last_of_repeated_keys_counts() {
    assert_eq!(micros("seconds=1;seconds=5"), 5_000_000);
}

#[test]
fn unknown_keys_are_passed_over_beside_a_known_one() {
    assert_eq!(micros("foo=bar;seconds=5"), 5_000_000);
    assert_eq!(micros("seconds=5; minutes=1"), 5_000_000);
    assert_eq!(TimeDelta::parse("foo=1"), Err(TimeDeltaError::NoKnownKey("foo=1".into())));
}

#[test]
fn errors_name_the_culprit() {
    for text in ["", "hours", "days=1;", "hours=1=2"] {
        assert!(matches!(TimeDelta::parse(text), Err(TimeDeltaError::Pair(_))), "{text}");
    }
    assert_eq!(TimeDelta::parse("Hours=x").unwrap_err().to_string(), "hours needs a number, not \"x\"");
    for text in ["hours=nan", "hours=1_", "hours=_1", "hours="] {
        assert!(matches!(TimeDelta::parse(text), Err(TimeDeltaError::Number { .. })), "{text}");
    }
    for text in ["days=1000000000", "weeks=inf", "days=-1e300", "days=999999999;weeks=1"] {
        assert!(matches!(TimeDelta::parse(text), Err(TimeDeltaError::OutOfRange(_))), "{text}");
    }
}

#[test]
fn dates_stay_in_range() {
    let far = TimeDelta::parse("days=999999999").unwrap();
    assert_eq!(far.after(Timestamp::UNIX_EPOCH), Timestamp::MAX);
    assert_eq!(TimeDelta::parse("days=1").unwrap().after(Timestamp::UNIX_EPOCH).as_second(), 86_400);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}") {
        let _ = TimeDelta::parse(&text);
        let _ = TimeDelta::parse(&format!("seconds={text}"));
    }

    #[test]
    fn what_is_written_reads_the_same(micros in -1_000_000_000_000_i64..1_000_000_000_000) {
        let delta = TimeDelta::from(SignedDuration::from_micros(micros));
        prop_assert_eq!(TimeDelta::parse(&delta.to_string()), Ok(delta));
    }
}

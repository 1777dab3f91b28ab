//! Tests of the clock.

use super::*;

#[test]
fn clones_of_a_fake_clock_move_together() {
    let clock = Clock::fake_at(1_000);
    let other = clock.clone();
    assert!(clock.advance(Duration::from_millis(2_500)));
    assert_eq!(other.unix(), 1_002);
    assert_eq!(other.monotonic(), Duration::from_millis(2_500));
}

#[test]
fn setting_the_wall_time_leaves_deadlines_alone() {
    let clock = Clock::fake_at(1_000);
    assert!(clock.set(Timestamp::from_second(10).unwrap()));
    assert_eq!(clock.unix(), 10);
    assert_eq!(clock.monotonic(), Duration::ZERO);
}

#[test]
fn the_system_clock_cannot_be_moved() {
    let clock = Clock::system();
    assert!(!clock.advance(Duration::from_secs(1)));
    assert!(!clock.set(Timestamp::UNIX_EPOCH));
    assert!(clock.unix() > 1_700_000_000);
}

#[test]
fn moving_out_of_range_stops_at_the_edge() {
    let clock = Clock::fake_at(0);
    clock.advance(Duration::MAX);
    assert_eq!(clock.now(), Timestamp::MAX);
    assert_eq!(clock.after(SignedDuration::MIN), Timestamp::MIN);
}

#[test]
fn seconds_before_the_epoch_round_down() {
    assert_eq!(Clock::fake(Timestamp::from_millisecond(-1).unwrap()).unix(), -1);
}

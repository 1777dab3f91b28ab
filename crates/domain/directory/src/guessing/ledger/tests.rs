//! Places: taken, given back, free again with time, and bounded in number.

use std::time::Duration;

use settings::Rate;

use super::{Full, Ledger, MOST};

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}
const TEN_A_MINUTE: Rate = Rate { count: 10, per: seconds(60) };

#[test]
fn so_many_at_once_and_then_one_at_a_time() {
    let ledger = Ledger::default();
    let key = ledger.key("a");
    for _ in 0..10 {
        assert_eq!(ledger.take(key, &TEN_A_MINUTE, seconds(100)), Ok(()));
    }
    let full = |is_first, wait| Err(Full { wait: seconds(wait), is_first });
    assert_eq!(ledger.take(key, &TEN_A_MINUTE, seconds(100)), full(true, 6));
    assert_eq!(ledger.take(key, &TEN_A_MINUTE, seconds(102)), full(false, 4));
    assert_eq!(ledger.take(ledger.key("b"), &TEN_A_MINUTE, seconds(102)), Ok(()), "others are not concerned");
    assert_eq!(ledger.take(key, &TEN_A_MINUTE, seconds(106)), Ok(()), "one place is free again");
    assert_eq!(ledger.take(key, &TEN_A_MINUTE, seconds(106)), full(true, 6));
    for _ in 0..10 {
        assert_eq!(ledger.take(key, &TEN_A_MINUTE, seconds(200)), Ok(()), "after a while all are");
    }
}

#[test]
fn a_place_that_is_given_back_is_free() {
    let ledger = Ledger::default();
    let key = ledger.key("a");
    for _ in 0..100 {
        assert_eq!(ledger.take(key, &TEN_A_MINUTE, seconds(100)), Ok(()));
        ledger.give_back(key, &TEN_A_MINUTE);
    }
}

#[test]
fn zero_is_no_limit() {
    let ledger = Ledger::default();
    let (key, never) = (ledger.key("a"), Rate { count: 0, per: seconds(60) });
    for _ in 0..1000 {
        assert_eq!(ledger.take(key, &never, seconds(0)), Ok(()));
    }
}

#[test]
fn whoever_makes_up_names_fills_no_memory_and_frees_no_busy_place() {
    let ledger = Ledger::default();
    let busy = ledger.key("busy");
    for _ in 0..10 {
        ledger.take(busy, &TEN_A_MINUTE, seconds(1)).unwrap();
    }
    for n in 0..MOST * 2 {
        ledger.take(ledger.key(n), &TEN_A_MINUTE, seconds(1)).unwrap();
    }
    assert!(ledger.places.lock().len() <= MOST);
    assert!(ledger.take(busy, &TEN_A_MINUTE, seconds(1)).is_err());
}

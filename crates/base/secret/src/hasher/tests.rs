//! Tests of the hashing handle.

use super::*;

const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

#[tokio::test]
async fn right_and_wrong_passwords_are_told_apart() {
    let hasher = Hasher::with(Random::seeded(1), CHEAP, 1);
    let stored = hasher.hash("hunter2".into()).await.unwrap();
    assert_eq!(hasher.verify("hunter2".into(), stored.clone()).await, Ok(Verdict::Match));
    assert_eq!(hasher.verify("hunter3".into(), stored.clone()).await, Ok(Verdict::Mismatch));
    let stricter = Hasher::with(Random::seeded(1), Cost { passes: 2, ..CHEAP }, 1);
    assert_eq!(stricter.verify("hunter2".into(), stored).await, Ok(Verdict::MatchOutdated));
    assert_eq!(hasher.verify_unknown("hunter2".into()).await, Verdict::Mismatch);
}

#[tokio::test]
async fn a_burst_waits_for_the_limit() {
    let hasher = Hasher::with(Random::seeded(1), CHEAP, 2);
    let busy = Arc::clone(&hasher.permits).acquire_many_owned(2).await.unwrap();
    let waiting = tokio::spawn({
        let hasher = hasher.clone();
        async move { hasher.hash("x".into()).await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    drop(busy);
    assert!(waiting.await.unwrap().is_ok());
}

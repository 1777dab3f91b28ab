//! How long dummies wait and what they say.

use std::time::Duration;

use object::Object as _;
use policy::PolicyRequest;
use serde_json::json;

use super::{DummyPolicy, wait};
use crate::tests::{app, create};

async fn dummy(app: &feature::App, values: serde_json::Value) -> object::Record {
    create(app, DummyPolicy::model(), values).await.unwrap()
}

#[tokio::test]
async fn the_wait_lies_between_the_ends() {
    let app = app().await;
    let record = dummy(&app, json!({"name": "d"})).await;
    let mut dummy: DummyPolicy = crate::read(&record).unwrap();
    assert_eq!((dummy.result, dummy.wait_min, dummy.wait_max), (false, 5, 30));
    for _ in 0..100 {
        let wait = wait(&app, &dummy).unwrap().as_secs();
        assert!((5..30).contains(&wait), "{wait}");
    }
    (dummy.wait_min, dummy.wait_max) = (7, 7);
    assert_eq!(wait(&app, &dummy).unwrap(), Duration::from_secs(7));
    for ends in [(8, 7), (-2, -1), (-1, 5), (i32::MAX, i32::MIN)] {
        (dummy.wait_min, dummy.wait_max) = ends;
        assert!(wait(&app, &dummy).is_err(), "{ends:?}");
    }
    (dummy.wait_min, dummy.wait_max) = (0, i32::MAX);
    assert!(wait(&app, &dummy).is_ok());
}

#[tokio::test]
async fn the_outcome_is_the_one_it_was_given() {
    let app = app().await;
    for result in [true, false] {
        let values = json!({"name": result.to_string(), "result": result, "wait_min": 0, "wait_max": 0});
        let record = dummy(&app, values).await;
        let said = policy::engine::passes(&app, &record, &PolicyRequest::new(None)).await.unwrap();
        assert_eq!((said.passing, said.messages), (result, vec!["dummy".to_owned()]));
    }
}

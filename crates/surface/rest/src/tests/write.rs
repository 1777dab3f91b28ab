//! Creating, changing, deleting, and what is said about bodies that make no sense.

use serde_json::json;

use super::fixture::{Who, api};

#[tokio::test]
async fn an_object_lives_and_dies() {
    let api = api().await;
    let toy = api.make("t/toys/", json!({"name": "ball", "slug": "ball"})).await;
    let cat = api.make("t/animals/cats/", json!({"name": "Tom", "colour": "black", "toys": [toy["pk"]]})).await;
    let path = format!("t/animals/cats/{}/", cat["pk"].as_str().unwrap());
    assert_eq!(api.get(Who::Admin, &path).await.body, cat);
    assert_eq!(
        (&cat["lives"], &cat["component"], &cat["toys"]),
        (&json!(9), &json!("ak-cat-form"), &json!([toy["pk"]]))
    );
    let patched = api.send(Who::Admin, "PATCH", &path, Some(json!({"lives": 8}))).await;
    assert_eq!((patched.status.as_u16(), &patched.body["lives"]), (200, &json!(8)));
    let put = api.send(Who::Admin, "PUT", &path, Some(json!({}))).await;
    assert_eq!(put.body, json!({"name": ["This field is required."], "colour": ["This field is required."]}));
    // What was read can be sent back as it is.
    assert_eq!(api.send(Who::Admin, "PUT", &path, Some(patched.body.clone())).await.body, patched.body);
    let used = api.get(Who::Admin, "t/toys/ball/used_by/").await.body;
    let expected = json!([{"app": "t", "model_name": "cat", "pk": cat["pk"], "name": "Tom", "action": "cascade_many"}]);
    assert_eq!(used, expected);
    assert_eq!(api.send(Who::Admin, "DELETE", &path, None).await.status.as_u16(), 204);
    let gone = api.get(Who::Admin, &path).await;
    assert_eq!((gone.status.as_u16(), gone.body), (404, json!({"detail": "No Cat matches the given query."})));
    let malformed = api.get(Who::Admin, "t/animals/cats/not-an-id!/").await;
    assert_eq!((malformed.status.as_u16(), malformed.body), (404, json!({"detail": "Not found."})));
    assert_eq!(
        api.get(Who::Admin, "t/toys/not-an-id!/").await.body,
        json!({"detail": "No Toy matches the given query."})
    );
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused_with_a_sentence() {
    let api = api().await;
    for (content_type, body, status, expected) in [
        (
            "application/json",
            "{",
            400,
            json!({"detail": "JSON parse error - unexpected end of data: line 1 column 2 (char 1)"}),
        ),
        ("text/plain", "hi", 415, json!({"detail": "Unsupported media type \"text/plain\" in request."})),
        (
            "application/x-www-form-urlencoded",
            "name=x",
            415,
            json!({"detail": "Unsupported media type \"application/x-www-form-urlencoded\" in request."}),
        ),
        (
            "application/json",
            "[]",
            400,
            json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ),
        (
            "application/json",
            "3",
            400,
            json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]}),
        ),
        (
            "application/json",
            "",
            400,
            json!({"name": ["This field is required."], "slug": ["This field is required."]}),
        ),
        (
            "application/json; charset=utf-8",
            "{\"name\": [], \"slug\": \"a b\"}",
            400,
            json!({
                "name": ["Not a valid string."],
                "slug": ["Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."],
            }),
        ),
        (
            "application/json",
            "{\"name\": \"a\", \"slug\": \"a\", \"nmae\": 1}",
            400,
            json!({"nmae": ["Toy has no field “nmae”. Did you mean “name”?"]}),
        ),
    ] {
        let got = api.raw(Who::Admin, "POST", "t/toys/", content_type, body).await;
        assert_eq!((got.status.as_u16(), got.body), (status, expected), "{body}");
    }
    let count = api.get(Who::Admin, "t/toys/").await.body["pagination"]["count"].clone();
    assert_eq!(count, 0);
    let deep = "[".repeat(100_000);
    assert_eq!(api.raw(Who::Admin, "POST", "t/toys/", "application/json", &deep).await.status.as_u16(), 400);
    // Fields of later versions that say nothing are no reason to refuse.
    api.make("t/toys/", json!({"name": "a", "slug": "a", "later": null, "more": []})).await;
}

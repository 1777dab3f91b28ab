//! The API over a small registry: a family of two kinds, a kind with owners, operations.

mod fixture;
mod list;
mod write;

use http::StatusCode;
use serde_json::json;

use fixture::{Who, api};

#[tokio::test]
async fn paths_are_exact_and_methods_are_those_of_the_kind() {
    let api = api().await;
    assert_eq!(api.get(Who::Admin, "t/toys/").await.status, StatusCode::OK);
    assert_eq!(api.get(Who::Admin, "t/toys").await.status, StatusCode::NOT_FOUND);
    assert_eq!(api.send(Who::Admin, "POST", "t/toys", Some(json!({}))).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(api.get(Who::Admin, "t/nope/").await.status, StatusCode::NOT_FOUND);
    let put = api.send(Who::Admin, "PUT", "t/toys/", Some(json!({}))).await;
    assert_eq!((put.status.as_u16(), put.body), (405, json!({"detail": "Method \"PUT\" not allowed."})));
    assert_eq!(put.allow, "GET, POST, HEAD, OPTIONS");
    let options = api.send(Who::Admin, "OPTIONS", "t/toys/", None).await;
    assert_eq!(options.body["name"], "Toy List");
    assert_eq!(options.body["actions"]["POST"]["name"]["required"], true);
}

#[tokio::test]
async fn nobody_gets_anything_without_credentials() {
    let api = api().await;
    let toy = api.make("t/toys/", json!({"name": "ball", "slug": "ball"})).await;
    let missing = json!({"detail": "Authentication credentials were not provided."});
    let forbidden = json!({"detail": "You do not have permission to perform this action."});
    for path in ["t/toys/", "t/animals/all/", "t/animals/all/types/", "t/hello/", "t/toys/ball/squeak/"] {
        let got = api.get(Who::Nobody, path).await;
        assert_eq!((got.status.as_u16(), &got.body), (403, &missing), "{path}");
    }
    let post = api.send(Who::Nobody, "POST", "t/toys/", Some(json!({}))).await;
    assert_eq!(post.body, missing);
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let got = api.send(Who::Nobody, method, "t/toys/ball/", Some(json!({}))).await;
        assert_eq!((got.status.as_u16(), &got.body), (403, &forbidden), "{method}");
    }
    assert_eq!(api.get(Who::Admin, "t/toys/ball/").await.body["pk"], toy["pk"]);
    assert_eq!(api.get(Who::Nobody, "t/open/").await.body, json!("open"));
}

#[tokio::test]
async fn a_caller_without_permission_sees_and_changes_nothing() {
    let api = api().await;
    api.make("t/toys/", json!({"name": "ball", "slug": "ball"})).await;
    for (method, path) in [
        ("GET", "t/toys/"),
        ("POST", "t/toys/"),
        ("GET", "t/toys/ball/"),
        ("GET", "t/toys/nope/"),
        ("PATCH", "t/toys/ball/"),
        ("GET", "t/toys/ball/used_by/"),
    ] {
        let got = api.send(Who::Other, method, path, Some(json!({}))).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
}

#[tokio::test]
async fn permissions_on_single_objects_show_those_alone() {
    let api = api().await;
    let ball = api.make("t/toys/", json!({"name": "ball", "slug": "ball"})).await;
    api.make("t/toys/", json!({"name": "mouse", "slug": "mouse"})).await;
    let who = Who::On("t.view_toy", ball["pk"].as_str().unwrap().parse().unwrap());
    let list = api.get(who, "t/toys/").await;
    assert_eq!(list.body["pagination"]["count"], 1);
    assert_eq!(api.get(who, "t/toys/ball/").await.status, StatusCode::OK);
    let other = api.get(who, "t/toys/mouse/").await;
    assert_eq!((other.status.as_u16(), other.body), (404, json!({"detail": "No Toy matches the given query."})));
    assert_eq!(api.send(who, "PATCH", "t/toys/ball/", Some(json!({"name": "x"}))).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn own_rows_are_the_callers_and_stay_so() {
    let api = api().await;
    let mine = api.send(Who::Other, "POST", "t/notes/", Some(json!({"text": "mine", "owner": 7}))).await;
    assert_eq!(mine.status, StatusCode::CREATED, "{}", mine.body);
    let foreign = api.send(Who::Other, "POST", "t/notes/", Some(json!({"text": "x", "owner": 8}))).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    api.make("t/notes/", json!({"text": "theirs", "owner": 8})).await;
    let list = api.get(Who::Other, "t/notes/").await;
    assert_eq!(list.body["pagination"]["count"], 1);
    let path = format!("t/notes/{}/", mine.body["pk"]);
    assert_eq!(api.send(Who::Other, "PATCH", &path, Some(json!({"owner": 8}))).await.status, StatusCode::FORBIDDEN);
    assert_eq!(api.send(Who::Other, "PATCH", &path, Some(json!({"text": "new"}))).await.body["text"], "new");
    assert_eq!(api.send(Who::Other, "DELETE", &path, None).await.status, StatusCode::NO_CONTENT);
    // Secrets need the permission to change the object, not only ownership.
    assert!(list.body["results"][0].get("secret").is_none());
    assert_eq!(api.get(Who::Admin, "t/notes/").await.body["results"][0]["secret"], "s");
}

#[tokio::test]
async fn operations_are_checked_before_they_run() {
    let api = api().await;
    api.make("t/toys/", json!({"name": "ball", "slug": "ball"})).await;
    assert_eq!(api.get(Who::Other, "t/hello/").await.body, json!({"hello": "other"}));
    assert_eq!(api.get(Who::Other, "t/toys/ball/squeak/").await.status, StatusCode::FORBIDDEN);
    assert_eq!(api.get(Who::Admin, "t/toys/ball/squeak/").await.body, json!({"squeak": "ball"}));
    assert_eq!(api.get(Who::Admin, "t/toys/nope/squeak/").await.status, StatusCode::NOT_FOUND);
}

#[test]
fn the_document_says_what_is_served() {
    let document = crate::openapi::document(fixture::registry());
    let paths: Vec<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "/schema/",
            "/t/animals/all/",
            "/t/animals/all/types/",
            "/t/animals/all/{animal_uuid}/",
            "/t/animals/all/{animal_uuid}/used_by/",
            "/t/animals/cats/",
            "/t/animals/cats/{animal_uuid}/",
            "/t/animals/cats/{animal_uuid}/used_by/",
            "/t/hello/",
            "/t/notes/",
            "/t/notes/{id}/",
            "/t/notes/{id}/used_by/",
            "/t/open/",
            "/t/toys/",
            "/t/toys/{slug}/",
            "/t/toys/{slug}/squeak/",
            "/t/toys/{slug}/used_by/",
        ]
    );
    let cats = &document["paths"]["/t/animals/cats/"];
    assert_eq!(cats["post"]["operationId"], "t_animals_cats_create");
    assert_eq!(
        cats["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/PaginatedCatList"
    );
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["CatRequest"]["required"], json!(["colour", "name"]));
    assert_eq!(schemas["ColourEnum"]["enum"], json!(["black", "red"]));
    assert_eq!(schemas["Cat"]["properties"]["colour"]["allOf"][0]["$ref"], "#/components/schemas/ColourEnum");
    assert!(schemas["Note"]["properties"].get("key").is_none());
    assert!(crate::openapi::to_yaml(&document).starts_with("openapi: \"3.0.3\"\n"));
}

#[test]
fn the_reference_tells_of_every_public_field_and_operation() {
    let page = crate::reference(fixture::registry());
    for expected in [
        "## `t.toy`",
        "`/api/v3/t/toys/`: list, create",
        "`t.change_toy`",
        "| `slug`",
        "`GET /api/v3/t/toys/{slug}/squeak/`",
    ] {
        assert!(page.contains(expected), "{expected} is missing in\n{page}");
    }
    for kind in fixture::registry().kinds().filter(|k| (k.model)().schema.path.is_some()) {
        assert_eq!(page.matches(&format!("\n## `{}`\n", (kind.model)().name())).count(), 1);
    }
}

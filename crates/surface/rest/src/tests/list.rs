//! Pages, filters, search and order.

use serde_json::{Value as Json, json};

use super::fixture::{Api, Who, api};

async fn cats() -> Api {
    let api = api().await;
    let ball = api.make("t/toys/", json!({"name": "ball", "slug": "ball"})).await;
    api.make("t/toys/", json!({"name": "mouse", "slug": "mouse"})).await;
    let tom = json!({
        "name": "Tom", "colour": "black", "toys": [ball["pk"]], "born": "2020-05-01T00:00:00Z", "attributes": {"a": 1, "b": {"c": "d"}},
    });
    api.make("t/animals/cats/", tom).await;
    api.make("t/animals/cats/", json!({"name": "felix", "colour": "red", "lives": 3})).await;
    api.make("t/animals/cats/", json!({"name": "Minka Red", "colour": "black", "lives": 3})).await;
    api
}

async fn names(api: &Api, query: &str) -> Vec<String> {
    let got = api.get(Who::Admin, &format!("t/animals/cats/?{query}")).await;
    let results = got.body["results"].as_array().unwrap_or_else(|| panic!("{query}: {}", got.body));
    results.iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_pages_are_counted_as_upstream() {
    let api = cats().await;
    let first = api.get(Who::Admin, "t/animals/cats/?page_size=2").await.body;
    let expected =
        json!({"next": 2, "previous": 0, "count": 3, "current": 1, "total_pages": 2, "start_index": 1, "end_index": 2});
    assert_eq!(first["pagination"], expected);
    assert_eq!(first["autocomplete"], json!({}));
    let second = api.get(Who::Admin, "t/animals/cats/?page_size=2&page=2").await.body;
    let expected =
        json!({"next": 0, "previous": 1, "count": 3, "current": 2, "total_pages": 2, "start_index": 3, "end_index": 3});
    assert_eq!(second["pagination"], expected);
    let none = api.get(Who::Admin, "t/animals/cats/?name=x").await.body;
    let expected =
        json!({"next": 0, "previous": 0, "count": 0, "current": 1, "total_pages": 1, "start_index": 0, "end_index": 0});
    assert_eq!(none["pagination"], expected);
    for page in ["0", "9", "x", "-1"] {
        let got = api.get(Who::Admin, &format!("t/animals/cats/?page={page}")).await;
        assert_eq!((got.status.as_u16(), got.body), (404, json!({"detail": "Invalid page."})));
    }
    for size in ["0", "-1", "x", ""] {
        let got = api.get(Who::Admin, &format!("t/animals/cats/?page_size={size}")).await;
        assert_eq!(got.status.as_u16(), 400, "{size}");
    }
}

#[tokio::test]
async fn filters_are_typed() {
    let api = cats().await;
    assert_eq!(names(&api, "name=Tom").await, ["Tom"]);
    assert_eq!(names(&api, "colour=red&colour=black").await.len(), 3);
    assert_eq!(names(&api, "colour=red").await, ["felix"]);
    assert_eq!(names(&api, "lives=3&colour=black").await, ["Minka Red"]);
    assert_eq!(names(&api, "born=2020-05-01T00:00:00%2B00:00").await, ["Tom"]);
    assert_eq!(names(&api, "attributes=%7B%22a%22:1%7D").await, ["Tom"]);
    assert_eq!(names(&api, "attributes=%7B%22b__c%22:%22d%22%7D").await, ["Tom"]);
    assert_eq!(names(&api, "unknown=1&name=").await.len(), 3);
    let toys = api.get(Who::Admin, "t/toys/?cat_name=Tom").await.body;
    assert_eq!(toys["results"][0]["name"], "ball");
    assert_eq!(api.get(Who::Admin, "t/toys/?cat__isnull=true").await.body["results"][0]["name"], "mouse");
    let ball = &toys["results"][0]["pk"].as_str().unwrap();
    assert_eq!(names(&api, &format!("toys={ball}")).await, ["Tom"]);
    let zero = "00000000-0000-0000-0000-000000000000";
    let no_choice = "Select a valid choice. That choice is not one of the available choices.";
    for (query, field, message) in [
        (
            "colour=blue".to_owned(),
            "colour",
            "Select a valid choice. blue is not one of the available choices.".to_owned(),
        ),
        ("lives=x".to_owned(), "lives", "Enter a number.".to_owned()),
        ("born=x".to_owned(), "born", "Enter a valid date/time.".to_owned()),
        ("animal_uuid=x".to_owned(), "animal_uuid", "Enter a valid UUID.".to_owned()),
        ("toys=x".to_owned(), "toys", "“x” is not a valid UUID.".to_owned()),
        (format!("friend={zero}"), "friend", no_choice.to_owned()),
    ] {
        let got = api.get(Who::Admin, &format!("t/animals/cats/?{query}")).await;
        assert_eq!((got.status.as_u16(), got.body), (400, json!({field: [message]})), "{query}");
    }
    let broken = api.get(Who::Admin, "t/animals/cats/?attributes=nope").await;
    assert_eq!((broken.status.as_u16(), broken.body), (400, json!(["filter: failed to parse JSON"])));
}

#[tokio::test]
async fn every_term_of_a_search_must_occur() {
    let api = cats().await;
    assert_eq!(names(&api, "search=RED").await, ["Minka Red", "felix"]);
    assert_eq!(names(&api, "search=red+minka").await, ["Minka Red"]);
    assert_eq!(names(&api, "search=%25").await, Vec::<String>::new());
    assert_eq!(names(&api, "search=").await.len(), 3);
}

#[tokio::test]
async fn order_is_by_shown_columns_only() {
    let api = cats().await;
    assert_eq!(names(&api, "ordering=-lives,name").await, ["Tom", "Minka Red", "felix"]);
    assert_eq!(names(&api, "ordering=nope").await, ["Minka Red", "Tom", "felix"]);
    assert_eq!(names(&api, "ordering=toys").await.len(), 3);
    assert_eq!(api.get(Who::Admin, "t/notes/?ordering=-hash,secret,key").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_family_lists_its_kinds_together() {
    let api = cats().await;
    let all = api.get(Who::Admin, "t/animals/all/?search=tom").await.body;
    let tom: &Json = &all["results"][0];
    let expected = json!({
        "pk": tom["pk"], "name": "Tom", "component": "ak-cat-form", "verbose_name": "Cat", "verbose_name_plural": "Cats",
        "meta_model_name": "t.cat",
    });
    assert_eq!(*tom, expected);
    let path = format!("t/animals/all/{}/", tom["pk"].as_str().unwrap());
    assert_eq!(api.get(Who::Admin, &path).await.body, expected);
    let types = api.get(Who::Other, "t/animals/all/types/").await.body;
    let cat = json!({
        "name": "Cat", "description": "A cat.", "component": "ak-cat-form", "model_name": "cat", "icon_url": null,
        "requires_enterprise": false, "deprecated": false,
    });
    assert_eq!(types, json!([cat]));
    assert_eq!(api.send(Who::Admin, "DELETE", &path, None).await.status.as_u16(), 204);
    assert_eq!(names(&api, "name=Tom").await.len(), 0);
}

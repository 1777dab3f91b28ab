//! Messages as recorded.

use super::*;

#[test]
fn redirect_uris_are_read_or_refused_member_by_member() {
    let read = redirect_uris(&json!([{"matching_mode": "strict", "url": " http://a/ ", "other": 1}])).unwrap();
    assert_eq!(json!(read), json!([{"matching_mode": "strict", "url": "http://a/"}]));
    let wrong = |given| redirect_uris(&given).unwrap_err();
    assert_eq!(wrong(json!([{"url": "x"}])), json!([{"matching_mode": ["This field is required."]}]));
    assert_eq!(
        wrong(json!([{"matching_mode": "strict", "url": "a"}, {"matching_mode": "glob", "url": ""}])),
        json!([{}, {"matching_mode": ["\"glob\" is not a valid choice."], "url": ["This field may not be blank."]}])
    );
    assert_eq!(wrong(json!([{"matching_mode": "regex", "url": "(("}])), json!(["Invalid Regex Pattern: (("]));
    assert_eq!(wrong(json!(["x"])), json!([{"non_field_errors": ["Invalid data. Expected a dictionary."]}]));
}

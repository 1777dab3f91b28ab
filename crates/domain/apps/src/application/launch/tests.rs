//! Addresses filled in for a user.

use directory::{User, UserType};
use object::{Id, Refs, Uuid};

use super::{filled, icon_url};

fn user() -> User {
    User {
        pk: Id(7),
        uuid: Uuid::nil(),
        username: "ann & bob?".into(),
        name: "Ann".into(),
        email: "ann@example.com".into(),
        is_active: true,
        last_login: None,
        date_joined: jiff::Timestamp::UNIX_EPOCH,
        path: "users".into(),
        r#type: UserType::Internal,
        attributes: serde_json::Map::new(),
        groups: Refs::default(),
        roles: Refs::default(),
        password_change_date: jiff::Timestamp::UNIX_EPOCH,
        last_updated: jiff::Timestamp::UNIX_EPOCH,
        password: "argon2$secret".into(),
    }
}

#[test]
fn values_cannot_leave_their_place() {
    let full = filled("https://x/%(username)s?mail=%(email)s&p=50%%&id=%(pk)d", &user()).unwrap();
    assert_eq!(full, "https://x/ann%20%26%20bob%3F?mail=ann@example.com&p=50%&id=7");
}

#[test]
fn what_is_no_template_stays_as_it_is() {
    for address in ["https://x/%(password)s", "https://x/a%20b", "https://x/%(username)", "https://x/%(username", "%"] {
        assert_eq!(filled(address, &user()), None, "{address}");
    }
}

#[test]
fn pictures_are_addresses_paths_or_uploads() {
    assert_eq!(icon_url(""), serde_json::Value::Null);
    assert_eq!(icon_url("fa://fa-wrench"), "fa://fa-wrench");
    assert_eq!(icon_url("/static/a.svg"), "/static/a.svg");
    assert_eq!(icon_url("a.svg"), "/files/media/public/a.svg");
}

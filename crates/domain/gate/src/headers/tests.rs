//! Headers: all of them, none of the client's, and nothing that breaks out of a value.

use super::*;
use crate::ports::{Claims, ProxyClaims};
use crate::site::{SiteConfig, tests::config};
use serde_json::json;

fn login(attributes: Json) -> Login {
    let Json::Object(user_attributes) = attributes else { panic!("an object") };
    Login {
        claims: Claims {
            sub: "uid-1".into(),
            preferred_username: "jürgen".into(),
            email: "j@example.com".into(),
            name: "J\r\nX-Evil: 1".into(),
            groups: vec!["a|b".into(), "c".into()],
            ak_proxy: ProxyClaims { user_attributes, ..ProxyClaims::default() },
            ..Claims::default()
        },
        token: "jwt".into(),
        ..Login::default()
    }
}

fn written(site: &Site, login: &Login) -> HeaderMap {
    let mut headers = HeaderMap::new();
    Identity::new(site, login).write(&mut headers);
    headers
}

#[test]
fn every_identity_header_is_always_there() {
    let site = Site::compile(config()).unwrap();
    let headers = written(&site, &login(json!({})));
    for name in IDENTITY_HEADERS {
        assert!(headers.contains_key(&name), "{name}");
    }
    assert_eq!(headers["x-authentik-username"].as_bytes(), "jürgen".as_bytes());
    assert_eq!(headers["x-authentik-groups"], "c", "neither `a` and `b`, nor `ab`");
    assert_eq!(headers["x-authentik-name"], "", "a line break ends the value, not the header");
    assert_eq!(headers["x-authentik-entitlements"], "");
    let mut nobody = HeaderMap::new();
    write_nobody(&mut nobody);
    assert_eq!(nobody.len(), IDENTITY_HEADERS.len());
}

#[test]
fn attributes_add_headers_but_never_ours() {
    let site = Site::compile(config()).unwrap();
    let more = json!({"additionalHeaders": {
        "X-Desk": "3", "X-Number": 7, "X-authentik-username": "admin", "x_authentik_groups": "admins",
        "Transfer-Encoding": "chunked", "Set-Cookie": "a=b", "bad name": "x", "X-Break": "a\r\nb",
    }});
    let headers = written(&site, &login(more));
    assert_eq!((&headers["x-desk"], &headers["x-number"]), (&"3".parse().unwrap(), &"7".parse().unwrap()));
    assert_eq!(headers["x-authentik-username"].as_bytes(), "jürgen".as_bytes());
    assert_eq!(headers["x-break"], "");
    for name in ["transfer-encoding", "set-cookie", "x_authentik_groups"] {
        assert!(!headers.contains_key(name), "{name}");
    }
}

#[test]
fn a_password_goes_along_where_it_is_set_up() {
    let with = SiteConfig {
        basic_auth_enabled: true,
        basic_auth_user_attribute: "app_user".into(),
        basic_auth_password_attribute: "app_password".into(),
        ..config()
    };
    let site = Site::compile(with).unwrap();
    let headers = written(&site, &login(json!({"app_user": "u", "app_password": "p"})));
    assert_eq!(headers["authorization"], "Basic dTpw");
    let headers = written(&site, &login(json!({"app_password": "p"})));
    assert_eq!(headers["authorization"], "Basic akBleGFtcGxlLmNvbTpw");
    assert!(
        !written(&Site::compile(config()).unwrap(), &login(json!({"app_password": "p"}))).contains_key("authorization")
    );
}

#[test]
fn no_spelling_of_ours_passes() {
    let mut headers = HeaderMap::new();
    for name in [
        "X-authentik-username",
        "x_authentik_username",
        "X-Authentik_Groups",
        "x_AUTHENTIK-uid",
        "X-authentik-meta-app",
    ] {
        headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), "x".parse().unwrap());
    }
    headers.append("x-authentic", "kept".parse().unwrap());
    strip_identity(&mut headers);
    assert_eq!(headers.keys().collect::<Vec<_>>(), ["x-authentic"]);
}

#[test]
fn ours_are_known_in_every_spelling() {
    for ours in ["x-authentik-username", "X_Authentik_Groups", "x.authentik.email", "X-Authentik_Uid", "xauthentikname"]
    {
        assert!(is_identity_header(ours), "{ours}");
    }
    for foreign in ["x-auth-user", "x-authentic-name", "authentik-username", "x-auth"] {
        assert!(!is_identity_header(foreign), "{foreign}");
    }
}

//! Unit tests of what is made of the configuration.

use serde_json::json;

use super::{addresses, moved, sites, target};

#[test]
fn one_wrong_provider_does_not_take_the_others_along() {
    let good = json!({"pk": 1, "name": "a", "mode": "proxy", "external_host": "https://a.example", "internal_host": "http://a:80", "cookie_secret": "a secret of the cookies that is long"});
    let bad =
        json!({"pk": 2, "name": "b", "mode": "proxy", "external_host": "nothing", "internal_host": "http://b:80"});
    let odd = json!({"pk": "three", "name": "c"});
    let made = sites(&[bad, odd, good]);
    assert_eq!(made.iter().map(|site| site.config.pk).collect::<Vec<_>>(), [1]);
    assert_eq!(target(&made[0]).unwrap().to_string(), "http://a:80");
}

#[test]
fn only_what_browsers_open_moves_to_their_address() {
    let provider = json!({
        "pk": 1, "name": "a", "mode": "forward_single", "external_host": "https://a.example",
        "cookie_secret": "a secret of the cookies that is long",
        "oidc_configuration": {
            "issuer": "http://server:9000/application/o/a/",
            "authorization_endpoint": "http://server:9000/application/o/authorize/",
            "token_endpoint": "http://server:9000/application/o/token/",
            "end_session_endpoint": "http://server:9000/application/o/a/end-session/",
        },
    });
    let site = &sites(&[provider])[0];
    let found = addresses(site, Some(&"https://id.example.com".parse().unwrap()));
    assert_eq!(found.authorization_endpoint, "https://id.example.com/application/o/authorize/");
    assert_eq!(found.end_session_endpoint, "https://id.example.com/application/o/a/end-session/");
    assert_eq!(found.token_endpoint, "http://server:9000/application/o/token/");
    assert_eq!(addresses(site, None), site.config.oidc_configuration);
    assert_eq!(moved("no address", &"https://id.example.com".parse().unwrap()), None);
}

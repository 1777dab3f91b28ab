//! Which paths are answered in any case.

use super::needs_nothing;

#[test]
fn what_shows_and_decides_nothing_is_told_apart() {
    for path in
        ["/application/o/app/.well-known/openid-configuration", "/application/o/app/jwks/", "/static/keywright/flow.js"]
    {
        assert!(needs_nothing(path), "{path}");
    }
    for path in
        ["/application/o/token/", "/application/o/userinfo/", "/application/o/app/end-session/", "/", "/if/flow/x/"]
    {
        assert!(!needs_nothing(path), "{path}");
    }
    for path in [
        "/application/o/app/jwks/x",
        "/application/o/a/b/jwks/",
        "/api/v3/core/users/",
        "/outpost.goauthentik.io/start",
    ] {
        assert!(!needs_nothing(path), "{path}");
    }
}

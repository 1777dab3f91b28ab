//! Paths that everybody reads alike.
//!
//! SECURITY: between the browser and the application a path is read several times: by the proxy, by us, by the framework.
//! Where these may differ (`/public/..%2fadmin`, `/private%23/public`, `//admin`, `/admin;x`), a rule for the one reading
//! must not open the other (CVE-2026-33494 of Oathkeeper, CVE-2026-41059 of oauth2-proxy).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A decoded path that has only one reading.
#[derive(Debug)]
pub struct Plain<'p>(Cow<'p, str>);

impl<'p> Plain<'p> {
    /// The path, unless it is ambiguous.
    pub fn of(path: &'p str) -> Option<Self> {
        // A fragment or query has no business in a path, and an encoded one is a trap.
        if !path.starts_with('/') || path.contains(['?', '#']) {
            return None;
        }
        let decoded = percent_decode_str(path).decode_utf8().ok()?;
        // The number of slashes and of everything else that cuts a path must not depend on when it is decoded.
        let encoded_cut = decoded.matches('/').count() != path.matches('/').count();
        let odd = |c: char| matches!(c, '%' | '\\' | '#' | '?' | ';') || c.is_control();
        if encoded_cut || decoded.contains(odd) || decoded.contains("//") {
            return None;
        }
        let dots = decoded.split('/').any(|segment| matches!(segment, "." | ".."));
        (!dots).then_some(Self(decoded))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    //! Which paths have one reading.

    use super::*;

    #[test]
    fn ordinary_paths_are_plain() {
        for path in ["/", "/public/a.css", "/a%20b", "/caf%C3%A9", "/..a/b..", "/x:y@z"] {
            assert!(Plain::of(path).is_some(), "{path}");
        }
    }

    #[test]
    fn ambiguous_paths_are_not() {
        let paths = [
            "",
            "public",
            "/public/../admin",
            "/public/%2e%2e/admin",
            "/public%2f..%2fprivate",
            "//admin",
            "/a//b",
            "/admin;x",
            "/private%23/public",
            "/private%3f/public",
            "/a\\b",
            "/a%5cb",
            "/%252e%252e/a",
            "/a%00",
            "/./a",
            "/a%ff",
            "/a%0d%0ab",
        ];
        for path in paths {
            assert!(Plain::of(path).is_none(), "{path}");
        }
    }
}

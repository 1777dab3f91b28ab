//! Names that are refused, and what the content must begin with.

use super::name::{check, is_content_of, media_type};

#[test]
fn names_stay_below_their_folder() {
    for good in ["a.png", "icons/a-b_c.1.svg", "A/b/c.webp"] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
    let long = format!("{}.png", "a".repeat(300));
    let deep = "a/".repeat(600) + "a.png";
    for bad in [
        "",
        "/a.png",
        "../a.png",
        "a/../b.png",
        "a/..",
        "..",
        ".hidden.png",
        "a/.b.png",
        "a//b.png",
        "a b.png",
        "a\\b.png",
        "a\0.png",
        "a%2e.png",
        "ä.png",
        "a/",
        &long,
        &deep,
    ] {
        assert!(check(bad).is_err(), "{bad}");
    }
}

#[test]
fn only_pictures_have_a_type_and_it_must_fit() {
    assert_eq!(media_type("a.b.SVG"), Some("image/svg+xml"));
    for other in ["a.html", "a.svg.html", "a", "svg", "a.js", "a.xml"] {
        assert_eq!(media_type(other), None, "{other}");
    }
    assert!(is_content_of("image/png", b"\x89PNG\r\n\x1a\nrest"));
    assert!(!is_content_of("image/png", b"<html>") && !is_content_of("image/svg+xml", b"\xff<svg"));
}

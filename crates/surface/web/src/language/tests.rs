//! Which language a page has, and that its catalogue is complete.

use std::collections::BTreeSet;

use super::{GERMAN, Language};

#[test]
fn the_person_comes_before_the_browser_and_that_before_the_brand() {
    use Language::{English, German};
    let cases = [
        (Some("de"), Some("en"), "en", German),
        (Some("en"), Some("de"), "de", English),
        (Some("fr"), Some("de-AT,en;q=0.5"), "en", German),
        (None, Some("fr, de;q=0.3, en;q=0.7"), "de", English),
        (None, Some("fr;q=1, de_DE;q=0.3"), "en", German),
        (None, Some("de;q=0"), "", English),
        (None, Some("de;q=nonsense"), "", English),
        (None, None, "de-CH", German),
        (None, Some("fr"), "", English),
    ];
    for (chosen, asked, brand, expected) in cases {
        assert_eq!(Language::choose(chosen, asked, brand), expected, "{chosen:?} {asked:?} {brand}");
    }
}

#[test]
fn texts_that_come_filled_in_are_translated_with_what_is_in_them() {
    let german = |text: &str| Language::German.say(text);
    let wait = "Too many wrong passwords. Try again in 3 minutes.";
    assert_eq!(german(wait), "Zu viele falsche Passwörter. Versuchen Sie es in 3 Minuten noch einmal.");
    assert_eq!(german("Something of an administrator's own"), "Something of an administrator's own");
    assert_eq!(Language::English.say(wait), wait);
    assert_eq!(Language::German.fill("Log out of {}", "{}<b>"), "Bei {}<b> abmelden");
}

/// Every text in a call of `say` or `fill`, here and in the templates, has a translation with as many places to fill in.
#[test]
fn the_catalogue_is_complete() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = BTreeSet::new();
    let mut folders = vec![root.join("src"), root.join("templates")];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for call in ["say(\"", "fill(\""] {
                    for rest in text.split(call).skip(1) {
                        let said = rest.split('"').next().unwrap_or_default();
                        found += 1;
                        if !GERMAN.texts.contains_key(said) {
                            missing.insert(said.to_owned());
                        }
                    }
                }
            }
        }
    }
    assert!(found > 20, "only {found} texts were found");
    assert!(missing.is_empty(), "add to texts/de.txt: {missing:#?}");
    for (text, translation) in &GERMAN.texts {
        assert_eq!(text.matches("{}").count(), translation.matches("{}").count(), "{text}");
        assert!(!translation.trim().is_empty(), "{text}");
    }
}

//! The language of a page: which one, and what a text is in it.
//!
//! Texts are written in English where they are used; the catalogue of another language has its translation of each. What the
//! API sends stays English: a page translates what it shows of it, if the catalogue knows it.

use std::collections::HashMap;
use std::sync::LazyLock;

use directory::LazySession;
use http::{HeaderMap, header::ACCEPT_LANGUAGE};
use serde_json::Value as Json;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    German,
}

static GERMAN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(include_str!("../texts/de.txt")));

impl Language {
    /// What the person chose for themselves, else what the browser asks for, else what the brand says.
    pub async fn of_request(extensions: &http::Extensions, headers: &HeaderMap, brand: &str) -> Self {
        let session = match extensions.get::<LazySession>() {
            Some(lazy) if lazy.is_likely() => lazy.load().await.ok(),
            _ => None,
        };
        let user = session.and_then(|session| session.user());
        let chosen = user.as_ref().and_then(|u| u.attributes.get("settings")?.get("locale")?.as_str());
        let asked = headers.get(ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        Self::choose(chosen, asked, brand)
    }

    pub fn choose(chosen: Option<&str>, asked: Option<&str>, brand: &str) -> Self {
        let chosen = chosen.and_then(Self::of_tag);
        chosen.or_else(|| Self::asked_for(asked?)).or_else(|| Self::of_tag(brand)).unwrap_or(Self::English)
    }

    /// `de-AT` and `de_DE` are German.
    fn of_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            "de" => Some(Self::German),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The best that we have of a list with weights (RFC 9110 §12.5.4).
    fn asked_for(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(32) {
            let mut parts = range.split(';').map(str::trim);
            let Some(language) = parts.next().and_then(Self::of_tag) else { continue };
            let weight = parts.find_map(|p| p.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            if weight > 0.0 && best.is_none_or(|(b, _)| weight > b) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// For the attribute `lang`.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The text in this language; as it is where nobody translated it.
    pub fn say(self, text: &str) -> String {
        match self {
            Self::English => text.to_owned(),
            Self::German => GERMAN.say(text).unwrap_or_else(|| text.to_owned()),
        }
    }

    /// The text with something put in at `{}`, which stays as it is.
    pub fn fill(self, text: &str, insert: &str) -> String {
        self.say(text).replacen("{}", insert, 1)
    }
}

/// The translations of one language.
struct Catalogue {
    texts: HashMap<&'static str, &'static str>,
    /// Those with something put in: what is before it, what is after it, the translation.
    patterns: Vec<(&'static str, &'static str, &'static str)>,
}

impl Catalogue {
    fn read(source: &'static str) -> Self {
        let lines = source.lines().filter(|line| !line.starts_with('#'));
        let texts: HashMap<_, _> = lines.filter_map(|line| line.split_once(" = ")).collect();
        let patterns = texts.iter().filter_map(|(text, translation)| {
            let (before, after) = text.split_once("{}")?;
            Some((before, after, *translation))
        });
        let patterns = patterns.collect();
        Self { texts, patterns }
    }

    fn say(&self, text: &str) -> Option<String> {
        if let Some(found) = self.texts.get(text) {
            return Some((*found).to_owned());
        }
        // Only what comes from the API filled in already; what is put in may be a text, too.
        let waits = |before: &str| before.is_empty() || before.ends_with("Try again in ");
        self.patterns.iter().filter(|(before, ..)| waits(before)).find_map(|(before, after, translation)| {
            let insert = text.strip_prefix(before)?.strip_suffix(after)?;
            let insert = if before.is_empty() { insert.to_owned() } else { self.say(insert)? };
            Some(translation.replacen("{}", &insert, 1))
        })
    }
}

/// The locale of a brand out of its attributes.
pub fn of_brand(brand: &brand::Brand) -> String {
    let locale = brand.attributes.get("settings").and_then(|s| s.get("locale")).and_then(Json::as_str);
    locale.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;

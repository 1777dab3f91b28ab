//! A picture for a user who brought none: the initials on a colour that follows from the name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use aws_lc_rs::digest::{SHA256, digest};

/// The picture as a data URI.
pub fn initials(name: &str, username: &str) -> String {
    let shown = if name.trim().is_empty() { username } else { name };
    let letters = letters(shown);
    let hash = digest(&SHA256, shown.as_bytes());
    let [red, green, blue] = match hash.as_ref() {
        [r, g, b, ..] => [r, g, b].map(|part| 40 + part / 2),
        _ => [90; 3],
    };
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\" width=\"64\" height=\"64\">\
         <circle cx=\"32\" cy=\"32\" r=\"32\" fill=\"#{red:02x}{green:02x}{blue:02x}\"/>\
         <text x=\"32\" y=\"32\" dy=\".35em\" text-anchor=\"middle\" font-family=\"sans-serif\" font-size=\"28\" \
         fill=\"#fff\">{letters}</text></svg>"
    );
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg))
}

/// The first letters of the first and the last word, or the first two of the only one.
fn letters(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let picked: String = match words.as_slice() {
        [] => "?".to_owned(),
        [one] => one.chars().take(2).collect(),
        [first, .., last] => first.chars().take(1).chain(last.chars().take(1)).collect(),
    };
    let upper = picked.to_uppercase();
    upper.chars().filter(|c| !c.is_control()).map(escape).collect()
}

fn escape(letter: char) -> String {
    match letter {
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '&' => "&amp;".into(),
        '"' => "&quot;".into(),
        '\'' => "&#39;".into(),
        other => other.to_string(),
    }
}

//! Pictures of users, from where the installation's settings say: an attribute, an address, Gravatar, or the initials on a
//! colour that follows from the name.
//!
//! COMPAT: clients keep and compare the initials, so they are drawn with the colours and the attributes, byte by byte,
//! that authentik's are. A test pins one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use feature::{App, Installation};
use serde_json::{Map, Value as Json};

/// Whose picture it is.
pub struct Person<'a> {
    pub name: &'a str,
    pub username: &'a str,
    pub email: &'a str,
    pub attributes: &'a Map<String, Json>,
}

/// The address of a picture: the first of the sources in the settings that has one.
pub fn of(app: &App, person: &Person<'_>) -> String {
    let sources = Installation::of(app).text("avatars").unwrap_or_else(|| "initials".into());
    let mut sources = sources.split(',').map(str::trim).filter(|s| !s.is_empty()).peekable();
    while let Some(source) = sources.next() {
        let found = match source {
            "initials" => Some(initials(person.name, person.username)),
            // Nobody is asked over the network whether there is a picture: Gravatar counts where nothing comes after it.
            "gravatar" if sources.peek().is_none() => Some(gravatar(person.email)),
            "none" | "gravatar" => None,
            path if path.starts_with("attributes.") => attribute(person, path),
            address if address.contains("://") => Some(filled_in(person, address)),
            _ => None,
        };
        if let Some(found) = found {
            return found;
        }
    }
    NOBODY.to_owned()
}

/// COMPAT: authentik's address of a picture of nobody.
const NOBODY: &str = "/static/dist/assets/images/user_default.png";

fn attribute(person: &Person<'_>, path: &str) -> Option<String> {
    let mut parts = path.split('.').skip(1);
    let first = person.attributes.get(parts.next()?)?;
    let found = parts.try_fold(first, |at, part| at.get(part))?.as_str()?;
    // SECURITY: it becomes the address of an image; a person may have written it.
    let is_picture = ["https://", "http://", "data:image/", "/"].iter().any(|start| found.starts_with(start));
    is_picture.then(|| found.to_owned())
}

fn gravatar(email: &str) -> String {
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, email.trim().to_lowercase().as_bytes());
    let hash = data_encoding::HEXLOWER.encode(sum.as_ref());
    format!("https://www.gravatar.com/avatar/{hash}?size=158&rating=g&default=404")
}

/// An address with `%(username)s`, `%(mail_hash)s` and `%(upn)s` filled in.
fn filled_in(person: &Person<'_>, address: &str) -> String {
    let quoted = |text: &str| -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~@".contains(&b);
        let quote = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        text.bytes().map(quote).collect()
    };
    let mail = data_encoding::HEXLOWER.encode(&expr::md5(person.email.to_lowercase().as_bytes()));
    let upn = person.attributes.get("upn").and_then(Json::as_str).unwrap_or_default();
    let address = address.replace("%(username)s", &quoted(person.username)).replace("%(mail_hash)s", &mail);
    address.replace("%(upn)s", &quoted(upn))
}

/// What stands in for somebody without any name.
const NAMELESS: &str = "a k";
/// The edge of the picture in pixels, and half of it.
const EDGE: u32 = 64;
const HALF: u32 = EDGE / 2;
const FONTS: &str = "'RedHatText','Overpass',overpass,helvetica,arial,sans-serif";

/// The picture as a data URI.
pub fn initials(name: &str, username: &str) -> String {
    let shown = [name, username].into_iter().map(str::trim).find(|n| !n.is_empty()).unwrap_or(NAMELESS);
    let letters = letters(shown);
    let [red, green, blue] = colour(shown);
    // Dark letters on light grounds, by the usual weights of the three colours.
    let is_light = f64::from(red) * 0.299 + f64::from(green) * 0.587 + f64::from(blue) * 0.114 > 186.0;
    let ink = if is_light { "000" } else { "fff" };
    let ground = format!(
        "<rect fill=\"#{red:02x}{green:02x}{blue:02x}\" cx=\"{HALF}\" cy=\"{HALF}\" width=\"{EDGE}\" height=\"{EDGE}\" r=\"{HALF}\"/>"
    );
    let text = format!(
        "<text x=\"50%\" y=\"50%\" style=\"color: #{ink}; line-height: 1; font-family: {FONTS}; \" fill=\"#{ink}\" \
         alignment-baseline=\"middle\" dominant-baseline=\"middle\" text-anchor=\"middle\" font-size=\"28\" \
         font-weight=\"400\" dy=\".1em\">{letters}</text>"
    );
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{EDGE}px\" height=\"{EDGE}px\" viewBox=\"0 0 {EDGE} {EDGE}\" \
         version=\"1.1\">{ground}{text}</svg>"
    );
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg))
}

/// Neither too dark nor too light.
fn colour(name: &str) -> [u8; 3] {
    let sum = u128::from_be_bytes(expr::md5(name.to_lowercase().as_bytes())) % 0xff_ffff;
    [16, 8, 0].map(|shift| ((sum >> shift) & 0xff).clamp(55, 200) as u8)
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
        ascii if ascii.is_ascii() => ascii.to_string(),
        other => format!("&#{};", u32::from(other)),
    }
}

#[cfg(test)]
mod tests;

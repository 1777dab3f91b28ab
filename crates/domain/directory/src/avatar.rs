//! A picture for a user who brought none: the initials on a colour that follows from the name.
//!
//! COMPAT: clients keep and compare these pictures, so they are drawn with the colours and the attributes, byte by byte,
//! that authentik's are. A test pins one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

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

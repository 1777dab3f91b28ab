//! Fills a text in: `{{word}}`, and lines that are printed only under a condition or once for each header.
//!
//! A line that starts with `%flag|` is printed where the flag is set, one with `%!flag|` where it is not, one with `%headers|`
//! once for each header (`{{header}}`, and `{{variable}}` as nginx spells it) and one with `%lower|` too (`{{lower}}`). A
//! language of four forms, so that the texts read like the configuration that they are.

use std::collections::HashMap;

pub(super) struct Values {
    pub words: HashMap<&'static str, String>,
    pub flags: HashMap<&'static str, bool>,
    pub headers: Vec<String>,
}

pub(super) fn fill(text: &str, values: &Values) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        let Some((marker, rest)) = line.strip_prefix('%').and_then(|l| l.split_once('|')) else {
            fill_line(line, values, None, &mut out);
            continue;
        };
        match marker {
            "headers" | "lower" => {
                for header in &values.headers {
                    fill_line(rest, values, Some(header), &mut out);
                }
            }
            _ => {
                let (flag, wanted) = marker.strip_prefix('!').map_or((marker, true), |flag| (flag, false));
                if values.flags.get(flag).copied().unwrap_or(false) == wanted {
                    fill_line(rest, values, None, &mut out);
                }
            }
        }
    }
    out
}

fn fill_line(line: &str, values: &Values, header: Option<&String>, out: &mut String) {
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((word, behind)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        match (word, header) {
            ("header", Some(header)) => out.push_str(header),
            ("lower", Some(header)) => out.push_str(&header.to_ascii_lowercase()),
            ("variable", Some(header)) => out.push_str(&header.to_ascii_lowercase().replace('-', "_")),
            _ => out.push_str(values.words.get(word).map_or("", String::as_str)),
        }
        rest = behind;
    }
    out.push_str(rest);
    out.push('\n');
}

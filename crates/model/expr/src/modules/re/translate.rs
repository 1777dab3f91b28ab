//! From Python's syntax of patterns to that of the regex crates.

use super::{DOTALL, IGNORECASE, MULTILINE, VERBOSE};

/// The pattern in the other syntax.
pub fn translate(source: &str, flags: i64) -> Result<String, String> {
    let mut multiline = flags & MULTILINE != 0;
    let verbose = flags & VERBOSE != 0 || source.starts_with("(?x)");
    let mut out = String::with_capacity(source.len() + 16);
    let mut letters = String::new();
    for (bit, letter) in [(IGNORECASE, 'i'), (MULTILINE, 'm'), (DOTALL, 's'), (VERBOSE, 'x')] {
        if flags & bit != 0 {
            letters.push(letter);
        }
    }
    if !letters.is_empty() {
        out.push_str(&format!("(?{letters})"));
    }
    let chars: Vec<char> = source.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '\\' => at = escape(&chars, at, &mut out, false)?,
            '[' => at = class(&chars, at, &mut out, verbose)?,
            '$' => {
                out.push_str(if multiline { "$" } else { "(?=\\n?\\z)" });
                at += 1;
            }
            '(' if chars.get(at + 1) == Some(&'?') => {
                at = group(&chars, at, &mut out, &mut multiline)?;
            }
            '{' => at = repeat(&chars, at, &mut out),
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
    Ok(out)
}

fn escape(chars: &[char], at: usize, out: &mut String, in_class: bool) -> Result<usize, String> {
    let Some(c) = chars.get(at + 1).copied() else {
        return Err(format!("bad escape (end of pattern) at position {at}"));
    };
    match c {
        'Z' if !in_class => out.push_str("\\z"),
        'A' | 'B' if !in_class => out.extend(['\\', c]),
        'b' if in_class => out.push_str("\\x08"),
        'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'b' | 'n' | 'r' | 't' | 'f' | 'v' | 'a' => out.extend(['\\', c]),
        'x' | 'u' | 'U' => {
            let width = match c {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let digits: String = chars.iter().skip(at + 2).take(width).collect();
            if digits.len() < width || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
                return Err(format!("incomplete escape \\{c}{digits} at position {at}"));
            }
            out.push_str(&format!("\\x{{{digits}}}"));
            return Ok(at + 2 + width);
        }
        '0' => {
            let digits: String = chars.iter().skip(at + 1).take(3).take_while(|c| c.is_digit(8)).collect();
            let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
            out.push_str(&format!("\\x{{{code:x}}}"));
            return Ok(at + 1 + digits.len());
        }
        '1'..='9' if !in_class => {
            let digits: String = chars.iter().skip(at + 1).take(2).take_while(|c| c.is_ascii_digit()).collect();
            out.push_str(&format!("(?:\\{digits})"));
            return Ok(at + 1 + digits.len());
        }
        c if c.is_ascii_alphanumeric() => return Err(format!("bad escape \\{c} at position {at}")),
        c => literal(c, out),
    }
    Ok(at + 2)
}

/// A character that stands for itself.
fn literal(c: char, out: &mut String) {
    if c.is_ascii_punctuation() || c == ' ' || c == '#' {
        out.push_str(&format!("\\x{{{:x}}}", c as u32));
    } else {
        out.push(c);
    }
}

fn class(chars: &[char], start: usize, out: &mut String, verbose: bool) -> Result<usize, String> {
    out.push('[');
    let mut at = start + 1;
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    loop {
        let Some(c) = chars.get(at).copied() else {
            return Err(format!("unterminated character set at position {start}"));
        };
        match c {
            ']' if at > first => {
                out.push(']');
                return Ok(at + 1);
            }
            '\\' => at = escape(chars, at, out, true)?,
            '[' | ']' | '&' | '~' | '^' => {
                out.extend(['\\', c]);
                at += 1;
            }
            '-' => {
                // A hyphen at either end, or after a class, stands for itself.
                let last = chars.get(at + 1) == Some(&']');
                out.push_str(if at == first || last { "\\-" } else { "-" });
                at += 1;
            }
            c if verbose && (c.is_whitespace() || c == '#') => {
                out.push_str(&format!("\\x{{{:x}}}", c as u32));
                at += 1;
            }
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
}

fn group(chars: &[char], at: usize, out: &mut String, multiline: &mut bool) -> Result<usize, String> {
    let rest: String = chars.iter().skip(at + 2).take(64).collect();
    if rest.starts_with('#') {
        let end = chars.iter().skip(at).position(|c| *c == ')');
        let end = end.ok_or_else(|| format!("missing ), unterminated comment at position {at}"))?;
        return Ok(at + end + 1);
    }
    if rest.starts_with("P=") {
        let name: String = chars.iter().skip(at + 4).take_while(|c| **c != ')').collect();
        out.push_str(&format!("(?:\\k<{name}>)"));
        return Ok(at + 5 + name.chars().count());
    }
    let letters: String = rest.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '-').collect();
    let after = rest.chars().nth(letters.len());
    if !letters.is_empty() && letters != "P" && matches!(after, Some(')' | ':')) {
        if letters.split('-').next().is_some_and(|on| on.contains('m')) {
            *multiline = true;
        }
        let kept: String = letters.chars().filter(|c| !matches!(c, 'a' | 'u' | 'L')).collect();
        if after == Some(')') {
            if !kept.is_empty() {
                out.push_str(&format!("(?{kept})"));
            }
            return Ok(at + 3 + letters.len());
        }
        out.push_str(&format!("(?{kept}:"));
        return Ok(at + 3 + letters.len());
    }
    out.push_str("(?");
    Ok(at + 2)
}

/// `{,n}` means `{0,n}`, and a brace that starts no repetition is a brace.
fn repeat(chars: &[char], at: usize, out: &mut String) -> usize {
    let body: String = chars.iter().skip(at + 1).take(24).take_while(|c| **c != '}').collect();
    let closed = chars.get(at + 1 + body.chars().count()) == Some(&'}');
    let (low, high) = body.split_once(',').map_or((body.as_str(), None), |(low, high)| (low, Some(high)));
    let number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let valid = closed
        && number(low)
        && high.is_none_or(number)
        && !body.is_empty()
        && at > 0
        && (high.is_some() || !low.is_empty());
    if !valid {
        out.push_str("\\{");
        return at + 1;
    }
    let low = if low.is_empty() { "0" } else { low };
    match high {
        Some(high) => out.push_str(&format!("{{{low},{high}}}")),
        None => out.push_str(&format!("{{{low}}}")),
    }
    at + 2 + body.chars().count()
}

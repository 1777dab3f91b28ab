//! The types of plain scalars by the rules of YAML 1.1, as widely used Python readers apply them.
//!
//! Blueprints in the wild rely on them: `yes` is true, `010` is eight, `1:30` is ninety.

use serde_json::Number;

use crate::node::Scalar;

/// Types a plain scalar. The error says why a text that looks like a number or a date is none.
pub fn plain(text: &str) -> Result<Scalar, String> {
    if is_null(text) {
        return Ok(Scalar::Null);
    }
    if let Some(value) = boolean(text) {
        return Ok(Scalar::Bool(value));
    }
    let first = text.as_bytes()[0];
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return Ok(Scalar::String(text.to_owned()));
    }
    if let Some(value) = integer(text)? {
        return Ok(Scalar::Number(value));
    }
    if let Some(value) = float(text) {
        return finite(text, value);
    }
    if let Some(value) = timestamp(text)? {
        return Ok(Scalar::Timestamp(value));
    }
    Ok(Scalar::String(text.to_owned()))
}

/// Types a scalar with one of YAML's own tags, like `!!int`.
pub fn tagged(tag: &str, text: &str) -> Result<Scalar, String> {
    match tag {
        "str" => Ok(Scalar::String(text.to_owned())),
        "null" => Ok(Scalar::Null),
        "bool" => {
            boolean(&text.to_ascii_lowercase()).map(Scalar::Bool).ok_or_else(|| format!("{text:?} is not a boolean"))
        }
        "int" => match integer(text)? {
            Some(value) => Ok(Scalar::Number(value)),
            None => Err(format!("{text:?} is not an integer")),
        },
        "float" => {
            let whole = integer(text).ok().flatten().and_then(|value| value.as_f64());
            match float(text).or(whole).or_else(|| text.parse().ok()) {
                Some(value) => finite(text, value),
                None => Err(format!("{text:?} is not a number")),
            }
        }
        "timestamp" => match timestamp(text)? {
            Some(value) => Ok(Scalar::Timestamp(value)),
            None => Err(format!("{text:?} is not a date")),
        },
        _ => Err(format!("the tag !!{tag} is not supported on a scalar")),
    }
}

pub fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn finite(text: &str, value: f64) -> Result<Scalar, String> {
    Number::from_f64(value)
        .map(Scalar::Number)
        .ok_or_else(|| format!("{text} is not a finite number and has no place in JSON"))
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// `0b101`, `017`, `42`, `1_000`, `0xff`, `1:30:00`.
fn integer(text: &str) -> Result<Option<Number>, String> {
    let (negative, body) = sign(text);
    let Some(magnitude) = magnitude(body) else {
        return Ok(None);
    };
    let too_large = || format!("the number {text} does not fit 64 bits");
    let magnitude = magnitude.ok_or_else(too_large)?;
    if negative {
        let value = i64::try_from(-i128::from(magnitude)).map_err(|_| too_large())?;
        return Ok(Some(Number::from(value)));
    }
    Ok(Some(Number::from(magnitude)))
}

/// Outer `None`: not an integer; inner `None`: one that is too large.
#[expect(clippy::option_option, reason = "the two absences are told apart by the one caller")]
fn magnitude(body: &str) -> Option<Option<u64>> {
    let digits = |text: &str, radix: u32| {
        let clean: String = text.chars().filter(|letter| *letter != '_').collect();
        let fits = clean.chars().all(|letter| letter.is_digit(radix));
        (!clean.is_empty() && fits).then(|| u64::from_str_radix(&clean, radix).ok())
    };
    if let Some(rest) = body.strip_prefix("0b") {
        return digits(rest, 2);
    }
    if let Some(rest) = body.strip_prefix("0x") {
        return digits(rest, 16);
    }
    if body == "0" {
        return Some(Some(0));
    }
    if body.starts_with('0') {
        return digits(body, 8);
    }
    if !body.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let mut parts = body.split(':');
    let mut total = digits(parts.next()?, 10)?;
    for part in parts {
        if !is_sixtieth(part) {
            return None;
        }
        let minutes: u64 = part.parse().ok()?;
        total = total.and_then(|total| total.checked_mul(60)).and_then(|total| total.checked_add(minutes));
    }
    Some(total)
}

/// One or two digits below sixty.
fn is_sixtieth(part: &str) -> bool {
    match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    }
}

/// `1.5`, `1.`, `.5`, `1.5e+3` (the exponent needs its sign), `1:30.5`, `.inf`, `.nan`.
fn float(text: &str) -> Option<f64> {
    let (negative, body) = sign(text);
    let apply = |value: f64| if negative { -value } else { value };
    if matches!(body, ".inf" | ".Inf" | ".INF") {
        return Some(apply(f64::INFINITY));
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(f64::NAN);
    }
    let (whole, rest) = body.split_once('.')?;
    // A fraction without a whole part takes no sign.
    if whole.is_empty() && body.len() != text.len() {
        return None;
    }
    let (fraction, exponent) = match rest.split_once(['e', 'E']) {
        Some((fraction, exponent)) => (fraction, Some(exponent)),
        None => (rest, None),
    };
    let is_run = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !is_run(fraction) || (whole.is_empty() && !fraction.starts_with(|c: char| c.is_ascii_digit())) {
        return None;
    }
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['-', '+'])?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
    }
    let mut parts = whole.split(':');
    let first = parts.next()?;
    if !is_run(first) || first.starts_with('_') {
        return None;
    }
    let clean = |part: &str| part.replace('_', "");
    let sixtieths: Vec<&str> = parts.collect();
    if sixtieths.is_empty() {
        let exponent = exponent.map(|exponent| format!("e{exponent}")).unwrap_or_default();
        let number = format!("0{}.{}0{exponent}", clean(first), clean(fraction));
        return number.parse().ok().map(apply);
    }
    if exponent.is_some() || !sixtieths.iter().all(|part| is_sixtieth(part)) {
        return None;
    }
    let (last, middle) = sixtieths.split_last()?;
    let mut total: f64 = clean(first).parse().ok()?;
    for part in middle {
        total = total * 60.0 + part.parse::<f64>().ok()?;
    }
    let seconds: f64 = format!("{last}.{}0", clean(fraction)).parse().ok()?;
    Some(apply(total * 60.0 + seconds))
}

/// `2026-01-31` or `2026-1-31 8:00:00.5 +02:00`, given back in ISO 8601.
fn timestamp(text: &str) -> Result<Option<String>, String> {
    let Some(parts) = timestamp_parts(text) else {
        return Ok(None);
    };
    let Parts { year, month, day, time } = parts;
    let bad = || format!("{text} looks like a date, but there is no such day or time");
    if year == 0 || day == 0 || day > days_in(year, month) {
        return Err(bad());
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    let Some(Time { hour, minute, second, fraction, zone }) = time else {
        return Ok(Some(date));
    };
    if hour > 23 || minute > 59 || second > 59 {
        return Err(bad());
    }
    let fraction = match format!("{fraction:0<6.6}") {
        digits if digits.bytes().all(|byte| byte == b'0') => String::new(),
        digits => format!(".{digits}"),
    };
    let zone = match zone {
        None => String::new(),
        Some((_, 0, 0)) => "Z".to_owned(),
        Some((sign, hours, minutes)) if hours < 24 && minutes < 60 => {
            format!("{sign}{hours:02}:{minutes:02}")
        }
        Some(_) => return Err(bad()),
    };
    Ok(Some(format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}")))
}

struct Parts {
    year: u32,
    month: u32,
    day: u32,
    time: Option<Time>,
}

struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    fraction: String,
    zone: Option<(char, u32, u32)>,
}

fn timestamp_parts(text: &str) -> Option<Parts> {
    let mut cursor = Cursor(text);
    let (year, _) = cursor.number(4, 4)?;
    cursor.letter('-')?;
    let (month, month_digits) = cursor.number(1, 2)?;
    cursor.letter('-')?;
    let (day, day_digits) = cursor.number(1, 2)?;
    if cursor.0.is_empty() {
        let is_padded = month_digits == 2 && day_digits == 2;
        return is_padded.then_some(Parts { year, month, day, time: None });
    }
    if cursor.letter('T').or_else(|| cursor.letter('t')).is_none() && !cursor.blanks() {
        return None;
    }
    let (hour, _) = cursor.number(1, 2)?;
    cursor.letter(':')?;
    let (minute, _) = cursor.number(2, 2)?;
    cursor.letter(':')?;
    let (second, _) = cursor.number(2, 2)?;
    let mut fraction = String::new();
    if cursor.letter('.').is_some() {
        let digits = cursor.0.bytes().take_while(u8::is_ascii_digit).count();
        cursor.0[..digits].clone_into(&mut fraction);
        cursor.0 = &cursor.0[digits..];
    }
    let mut zone = None;
    if !cursor.0.is_empty() {
        cursor.blanks();
        zone = Some(cursor.zone()?);
    }
    let time = Some(Time { hour, minute, second, fraction, zone });
    cursor.0.is_empty().then_some(Parts { year, month, day, time })
}

/// What is left of the text.
struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn number(&mut self, least: usize, most: usize) -> Option<(u32, usize)> {
        let digits = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if digits < least {
            return None;
        }
        let number = self.0[..digits].parse().ok()?;
        self.0 = &self.0[digits..];
        Some((number, digits))
    }

    fn letter(&mut self, letter: char) -> Option<()> {
        self.0 = self.0.strip_prefix(letter)?;
        Some(())
    }

    fn blanks(&mut self) -> bool {
        let rest = self.0.trim_start_matches([' ', '\t']);
        let moved = rest.len() != self.0.len();
        self.0 = rest;
        moved
    }

    fn zone(&mut self) -> Option<(char, u32, u32)> {
        if self.letter('Z').is_some() {
            return Some(('+', 0, 0));
        }
        let sign = self.0.chars().next().filter(|letter| matches!(letter, '+' | '-'))?;
        self.0 = &self.0[1..];
        let (hours, _) = self.number(1, 2)?;
        let minutes = match self.letter(':') {
            Some(()) => self.number(2, 2)?.0,
            None => 0,
        };
        Some((sign, hours, minutes))
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;

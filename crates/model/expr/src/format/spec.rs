//! The format mini-language: `[[fill]align][sign][#][0][width][,][.precision][type]`.

use num_bigint::{BigInt, Sign};
use num_traits::Signed;

use super::{digits, float};
use crate::flow::{R, overflow_error, value_error};
use crate::ops::{big, compare::big_to_float};
use crate::value::Value;

/// A parsed format spec.
pub struct Spec {
    fill: char,
    align: Option<char>,
    sign: char,
    alternate: bool,
    pub width: usize,
    grouping: Option<char>,
    pub precision: Option<usize>,
    kind: Option<char>,
    type_name: String,
}

impl Spec {
    pub fn parse(text: &str, value: &Value) -> R<Self> {
        let type_name = value.type_name();
        let mut spec = Self {
            fill: ' ',
            align: None,
            sign: '-',
            alternate: false,
            width: 0,
            grouping: None,
            precision: None,
            kind: None,
            type_name,
        };
        let is_align = |c: char| matches!(c, '<' | '>' | '=' | '^');
        let mut chars = text.chars().peekable();
        let mut ahead = text.chars();
        let (first, second) = (ahead.next(), ahead.next());
        if let (Some(fill), Some(align)) = (first, second)
            && is_align(align)
        {
            spec.fill = fill;
            spec.align = Some(align);
            chars.next();
            chars.next();
        } else if let Some(align) = first.filter(|c| is_align(*c)) {
            spec.align = Some(align);
            chars.next();
        }
        if let Some(sign) = chars.next_if(|c| matches!(c, '+' | '-' | ' ')) {
            spec.sign = sign;
        }
        chars.next_if_eq(&'z');
        spec.alternate = chars.next_if_eq(&'#').is_some();
        if chars.next_if_eq(&'0').is_some() && spec.align.is_none() {
            spec.fill = '0';
            spec.align = Some(if matches!(value, Value::Str(_)) { '<' } else { '=' });
        }
        spec.width = digits(&mut chars)?.unwrap_or(0);
        spec.grouping = chars.next_if(|c| matches!(c, ',' | '_'));
        if chars.next_if_eq(&'.').is_some() {
            spec.precision =
                Some(digits(&mut chars)?.ok_or_else(|| value_error("Format specifier missing precision"))?);
        }
        spec.kind = chars.next();
        if chars.next().is_some() {
            return Err(value_error(format!(
                "Invalid format specifier '{text}' for object of type '{}'",
                spec.type_name
            )));
        }
        if spec.precision.is_some_and(|precision| precision > 100_000) {
            return Err(value_error("precision too big"));
        }
        Ok(spec)
    }

    fn unknown(&self, kind: char) -> crate::flow::Flow {
        value_error(format!("Unknown format code '{kind}' for object of type '{}'", self.type_name))
    }

    pub fn text(&self, text: &str) -> R<String> {
        match self.kind {
            None | Some('s') => {}
            Some(kind) => return Err(self.unknown(kind)),
        }
        if self.align == Some('=') {
            return Err(value_error("'=' alignment not allowed in string format specifier"));
        }
        if self.sign != '-' {
            return Err(value_error("Sign not allowed in string format specifier"));
        }
        if let Some(grouping) = self.grouping {
            return Err(value_error(format!("Cannot specify '{grouping}' with 's'.")));
        }
        let text: String = match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        };
        Ok(self.pad("", &text, '<'))
    }

    pub fn integer(&self, value: &Value) -> R<String> {
        let number = value.as_big().unwrap_or_default();
        if let Some(kind @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%')) = self.kind {
            let _ = kind;
            let float = big_to_float(&number);
            if float.is_infinite() {
                return Err(overflow_error("int too large to convert to float"));
            }
            return self.float(float);
        }
        if self.precision.is_some() {
            return Err(value_error("Precision not allowed in integer format specifier"));
        }
        if self.kind == Some('s') && matches!(value, Value::Bool(_)) {
            return Err(self.unknown('s'));
        }
        let magnitude = number.abs();
        let (prefix, body, group) = match self.kind {
            None | Some('d' | 'n') => ("", big::to_decimal(&magnitude)?, 3),
            Some('b') => ("0b", magnitude.to_str_radix(2), 4),
            Some('o') => ("0o", magnitude.to_str_radix(8), 4),
            Some('x') => ("0x", magnitude.to_str_radix(16), 4),
            Some('X') => ("0X", magnitude.to_str_radix(16).to_uppercase(), 4),
            Some('c') => {
                let c = value.as_i64().and_then(|n| u32::try_from(n).ok()).and_then(char::from_u32);
                let c = c.ok_or_else(|| overflow_error("%c arg not in range(0x110000)"))?;
                return Ok(self.pad("", &c.to_string(), '<'));
            }
            Some(kind) => return Err(self.unknown(kind)),
        };
        let sign = self.sign_text(number.sign() == Sign::Minus);
        let prefix = if self.alternate { prefix } else { "" };
        let head = format!("{sign}{prefix}");
        Ok(self.number(&head, &body, "", group))
    }

    pub fn float(&self, number: f64) -> R<String> {
        let sign = self.sign_text(number.is_sign_negative() && !number.is_nan());
        let upper = matches!(self.kind, Some('E' | 'F' | 'G'));
        let case = |text: &str| {
            if upper { text.to_uppercase() } else { text.to_owned() }
        };
        let percent = self.kind == Some('%');
        if !number.is_finite() {
            let text = case(if number.is_nan() { "nan" } else { "inf" });
            let text = if percent { text + "%" } else { text };
            return Ok(self.pad(sign, &text, '>'));
        }
        let body = match self.kind {
            Some('f' | 'F') => float::fixed(number, self.precision.unwrap_or(6)),
            Some('%') => float::fixed(number * 100.0, self.precision.unwrap_or(6)),
            Some('e' | 'E') => float::scientific(number, self.precision.unwrap_or(6)),
            Some('g' | 'G' | 'n') => float::general(number, self.precision.unwrap_or(6), self.alternate),
            None => match self.precision {
                Some(precision) => {
                    let text = float::general(number, precision, false);
                    if text.contains(['.', 'e']) { text } else { text + ".0" }
                }
                None => float::repr(number.abs()),
            },
            Some(kind) => return Err(self.unknown(kind)),
        };
        let body = case(&body);
        let split = body.find(['.', 'e', 'E']).unwrap_or(body.len());
        let tail = format!("{}{}", &body[split..], if percent { "%" } else { "" });
        Ok(self.number(sign, &body[..split], &tail, 3))
    }

    fn sign_text(&self, negative: bool) -> &'static str {
        match (negative, self.sign) {
            (true, _) => "-",
            (false, '+') => "+",
            (false, ' ') => " ",
            _ => "",
        }
    }

    /// Puts a number together: digits grouped, zeros filled in between sign and digits.
    fn number(&self, head: &str, whole: &str, tail: &str, group: usize) -> String {
        let Some(separator) = self.grouping else {
            return self.pad(head, &format!("{whole}{tail}"), '>');
        };
        let mut whole = whole.to_owned();
        if self.fill == '0' && self.align == Some('=') {
            // Zeros take part in the grouping.
            let room = self.width.saturating_sub(head.len() + tail.len());
            while grouped_len(whole.len(), group) < room {
                whole.insert(0, '0');
            }
            if grouped_len(whole.len(), group) > room && whole.starts_with('0') && whole.len() % group == 1 {
                // A separator may not lead; CPython keeps the extra zero.
            }
        }
        let grouped = group_digits(&whole, group, separator);
        self.pad(head, &format!("{grouped}{tail}"), '>')
    }

    fn pad(&self, head: &str, body: &str, default: char) -> String {
        let len = head.chars().count() + body.chars().count();
        let missing = self.width.saturating_sub(len);
        let fill = |count: usize| self.fill.to_string().repeat(count);
        match self.align.unwrap_or(default) {
            '<' => format!("{head}{body}{}", fill(missing)),
            '^' => format!("{}{head}{body}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{head}{}{body}", fill(missing)),
            _ => format!("{}{head}{body}", fill(missing)),
        }
    }
}

fn grouped_len(len: usize, group: usize) -> usize {
    len + len.saturating_sub(1) / group
}

/// Puts a separator between groups of digits.
pub fn group_digits(digits: &str, group: usize, separator: char) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / group);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(group) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// The digits of an integer in a radix, with sign and prefix, as `hex` and friends give them.
pub fn radix(number: &BigInt, radix: u32, prefix: &str) -> String {
    let sign = if number.is_negative() { "-" } else { "" };
    format!("{sign}{prefix}{}", number.abs().to_str_radix(radix))
}

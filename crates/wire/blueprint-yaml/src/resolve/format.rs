//! Python's `%` formatting over JSON values, with Python's error messages.

use serde_json::{Number, Value};

/// The longest text that one formatting may give.
const MAX_TEXT: usize = 1024 * 1024;
/// The largest width and precision.
const MAX_WIDTH: usize = 4096;

#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// `format % tuple(args)`.
pub fn percent(format: &str, args: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut args = args.iter();
    let mut letters = format.chars().enumerate().peekable();
    while let Some((_, letter)) = letters.next() {
        if out.len() > MAX_TEXT {
            return Err("the result is too long".to_owned());
        }
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let incomplete = || "incomplete format".to_owned();
        let mut spec = Spec::default();
        if matches!(letters.peek(), Some((_, '('))) {
            return Err("format requires a mapping".to_owned());
        }
        while let Some((_, flag)) = letters.peek() {
            match flag {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                _ => break,
            }
            letters.next();
        }
        let count = |letters: &mut std::iter::Peekable<_>,
                     args: &mut std::slice::Iter<'_, Value>|
         -> Result<Option<i64>, String> { number(letters, args) };
        if let Some(width) = count(&mut letters, &mut args)? {
            spec.left |= width < 0;
            spec.width = bounded(width)?;
        }
        if matches!(letters.peek(), Some((_, '.'))) {
            letters.next();
            spec.precision = Some(bounded(count(&mut letters, &mut args)?.unwrap_or(0).max(0))?);
        }
        if matches!(letters.peek(), Some((_, 'h' | 'l' | 'L'))) {
            letters.next();
        }
        let (at, conversion) = letters.next().ok_or_else(incomplete)?;
        if conversion == '%' {
            out.push('%');
            continue;
        }
        if !"diouxXeEfFgGcrsa".contains(conversion) {
            return Err(format!(
                "unsupported format character '{conversion}' (0x{:x}) at index {at}",
                u32::from(conversion)
            ));
        }
        let value = args.next().ok_or("not enough arguments for format string")?;
        out.push_str(&convert(conversion, &spec, value)?);
    }
    if args.next().is_some() {
        return Err("not all arguments converted during string formatting".to_owned());
    }
    Ok(out)
}

/// The digits of a width or precision, or the argument that `*` takes.
fn number(
    letters: &mut std::iter::Peekable<impl Iterator<Item = (usize, char)>>,
    args: &mut std::slice::Iter<'_, Value>,
) -> Result<Option<i64>, String> {
    if matches!(letters.peek(), Some((_, '*'))) {
        letters.next();
        let value = args.next().ok_or("not enough arguments for format string")?;
        return value.as_i64().map(Some).ok_or_else(|| "* wants int".to_owned());
    }
    let mut total = None;
    while let Some(digit) = letters.peek().and_then(|(_, letter)| letter.to_digit(10)) {
        total = Some((total.unwrap_or(0_i64) * 10 + i64::from(digit)).min(i64::from(u32::MAX)));
        letters.next();
    }
    Ok(total)
}

fn bounded(count: i64) -> Result<usize, String> {
    match usize::try_from(count.unsigned_abs()) {
        Ok(count) if count <= MAX_WIDTH => Ok(count),
        _ => Err(format!("a width or precision above {MAX_WIDTH}")),
    }
}

fn convert(conversion: char, spec: &Spec, value: &Value) -> Result<String, String> {
    match conversion {
        's' => Ok(padded(spec, &cut(spec, text_of(value)))),
        'r' => Ok(padded(spec, &cut(spec, repr(value)))),
        'a' => Ok(padded(spec, &cut(spec, ascii(&repr(value))))),
        'c' => {
            let letter = match value {
                Value::String(text) if text.chars().count() == 1 => text.clone(),
                Value::Number(number) if !number.is_f64() => number
                    .as_u64()
                    .and_then(|code| u32::try_from(code).ok())
                    .and_then(char::from_u32)
                    .map(String::from)
                    .ok_or("%c arg not in range(0x110000)")?,
                _ => return Err("%c requires int or char".to_owned()),
            };
            Ok(padded(spec, &letter))
        }
        'd' | 'i' | 'u' => {
            let number = match value {
                Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
                    Some(float) => float.trunc() as i128,
                    None => whole(number),
                },
                Value::Bool(value) => i128::from(*value),
                _ => {
                    return Err(format!("%{conversion} format: a real number is required, not {}", type_name(value)));
                }
            };
            Ok(signed(spec, number < 0, &digits(spec, number.unsigned_abs().to_string()), ""))
        }
        'o' | 'x' | 'X' => {
            let number = match value {
                Value::Number(number) if !number.is_f64() => whole(number),
                Value::Bool(value) => i128::from(*value),
                _ => {
                    return Err(format!("%{conversion} format: an integer is required, not {}", type_name(value)));
                }
            };
            let magnitude = number.unsigned_abs();
            let (text, prefix) = match conversion {
                'o' => (format!("{magnitude:o}"), "0o"),
                'x' => (format!("{magnitude:x}"), "0x"),
                _ => (format!("{magnitude:X}"), "0X"),
            };
            let prefix = if spec.alternate { prefix } else { "" };
            Ok(signed(spec, number < 0, &digits(spec, text), prefix))
        }
        _ => {
            let number = match value {
                Value::Number(number) => number.as_f64().unwrap_or(0.0),
                Value::Bool(value) => f64::from(u8::from(*value)),
                _ => return Err(format!("must be real number, not {}", type_name(value))),
            };
            let text = float(conversion, spec, number.abs());
            Ok(signed(spec, number.is_sign_negative(), &text, ""))
        }
    }
}

fn whole(number: &Number) -> i128 {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).unwrap_or(0)
}

/// The precision of an integer is its least number of digits.
fn digits(spec: &Spec, text: String) -> String {
    let missing = spec.precision.unwrap_or(0).saturating_sub(text.len());
    "0".repeat(missing) + &text
}

fn cut(spec: &Spec, text: String) -> String {
    match spec.precision {
        Some(length) => text.chars().take(length).collect(),
        None => text,
    }
}

fn padded(spec: &Spec, text: &str) -> String {
    let padding = " ".repeat(spec.width.saturating_sub(text.chars().count()));
    if spec.left { format!("{text}{padding}") } else { format!("{padding}{text}") }
}

fn signed(spec: &Spec, is_negative: bool, digits: &str, prefix: &str) -> String {
    let sign = match (is_negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    let used = sign.len() + prefix.len() + digits.len();
    if spec.zero && !spec.left {
        let zeros = "0".repeat(spec.width.saturating_sub(used));
        return format!("{sign}{prefix}{zeros}{digits}");
    }
    padded(spec, &format!("{sign}{prefix}{digits}"))
}

fn float(conversion: char, spec: &Spec, number: f64) -> String {
    let precision = spec.precision.unwrap_or(6);
    let text = match conversion.to_ascii_lowercase() {
        'f' => dotted(spec, format!("{number:.precision$}")),
        'e' => exponential(spec, number, precision),
        _ => {
            let precision = precision.max(1);
            let rounded = format!("{number:.*e}", precision - 1);
            let exponent: i32 = rounded.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
            if exponent < -4 || i64::from(exponent) >= precision as i64 {
                let text = exponential(spec, number, precision - 1);
                let (mantissa, power) = text.split_once('e').unwrap_or((&text, "+00"));
                format!("{}e{power}", stripped(spec, mantissa))
            } else {
                let decimals = (precision as i64 - 1 - i64::from(exponent)).max(0) as usize;
                stripped(spec, &dotted(spec, format!("{number:.decimals$}")))
            }
        }
    };
    if conversion.is_ascii_uppercase() { text.to_uppercase() } else { text }
}

fn dotted(spec: &Spec, text: String) -> String {
    if spec.alternate && !text.contains('.') { text + "." } else { text }
}

fn stripped(spec: &Spec, text: &str) -> String {
    if spec.alternate || !text.contains('.') {
        return text.to_owned();
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn exponential(spec: &Spec, number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let sign = if power < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", dotted(spec, mantissa.to_owned()), power.abs())
}

/// `str(value)`.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => repr(other),
    }
}

/// `repr(value)`.
fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => float_repr(float),
            None => number.to_string(),
        },
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(repr).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{}: {}", quoted(key), repr(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

fn float_repr(number: f64) -> String {
    let text = format!("{number:e}");
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    if (-4..16).contains(&power) {
        let plain = number.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if letter == quote => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_control() => {
                out.push_str(&escape(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push(quote);
    out
}

fn ascii(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii() { letter.to_string() } else { escape(letter) }).collect()
}

fn escape(letter: char) -> String {
    match u32::from(letter) {
        code @ 0..=0xff => format!("\\x{code:02x}"),
        code @ 0x100..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

#[cfg(test)]
mod tests;

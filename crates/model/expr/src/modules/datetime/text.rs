//! Dates and times as text: ISO 8601, `strftime` and `strptime`.

use super::calendar::{self, MONTHS, WEEKDAYS};
use super::zone::offset_text;
use super::{DAY, Moment, Zone, construct};
use crate::flow::{Flow, R, value_error};
use crate::value::Value;
use crate::vm::Vm;

/// `HH:MM:SS[.ffffff]`.
pub fn time_text(micros: i128) -> String {
    let seconds = micros / 1_000_000;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if micros % 1_000_000 != 0 {
        text.push_str(&format!(".{:06}", micros % 1_000_000));
    }
    text
}

/// The time as `repr` gives it: trailing zero parts left out.
pub fn time_args(micros: i128) -> String {
    let seconds = micros / 1_000_000;
    let mut text = format!("{}, {}", seconds / 3600, seconds / 60 % 60);
    if micros % 60_000_000 != 0 {
        text.push_str(&format!(", {}", seconds % 60));
    }
    if micros % 1_000_000 != 0 {
        text.push_str(&format!(", {}", micros % 1_000_000));
    }
    text
}

/// `isoformat(sep, timespec)`.
pub fn iso(moment: &Moment, separator: &str, precision: &str) -> R<String> {
    let date = calendar::date(moment.days());
    let micros = moment.time();
    let full = time_text(micros / 1_000_000 * 1_000_000);
    let time = match precision {
        "auto" => time_text(micros),
        "hours" => full[..2].to_owned(),
        "minutes" => full[..5].to_owned(),
        "seconds" => full,
        "milliseconds" => format!("{full}.{:03}", micros % 1_000_000 / 1000),
        "microseconds" => format!("{full}.{:06}", micros % 1_000_000),
        _ => return Err(value_error("Unknown timespec value")),
    };
    let offset = moment.offset().map_or_else(String::new, |offset| offset_text(offset, ":"));
    Ok(format!("{:04}-{:02}-{:02}{separator}{time}{offset}", date.year, date.month, date.day))
}

/// `strftime(format)`.
pub fn format(vm: &mut Vm, moment: &Moment, format: &str) -> R<String> {
    let days = moment.days();
    let date = calendar::date(days);
    let micros = moment.time();
    let seconds = (micros / 1_000_000) as i64;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let weekday = calendar::weekday(days);
    let weekday_name = WEEKDAYS[weekday as usize % 7];
    let month_name = MONTHS[(date.month - 1) as usize % 12];
    let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        vm.charge(16)?;
        if c != '%' {
            out.push(c);
            continue;
        }
        let Some(mut code) = chars.next() else {
            out.push('%');
            break;
        };
        let plain = code == '-';
        if plain {
            code = chars.next().unwrap_or('-');
        }
        let pad = |number: i64, width: usize| {
            if plain { number.to_string() } else { format!("{number:0width$}") }
        };
        match code {
            'Y' => out.push_str(&date.year.to_string()),
            'y' => out.push_str(&pad(date.year % 100, 2)),
            'm' => out.push_str(&pad(date.month, 2)),
            'd' => out.push_str(&pad(date.day, 2)),
            'e' => out.push_str(&format!("{:2}", date.day)),
            'H' => out.push_str(&pad(hour, 2)),
            'I' => out.push_str(&pad(hour12, 2)),
            'M' => out.push_str(&pad(minute, 2)),
            'S' => out.push_str(&pad(second, 2)),
            'f' => out.push_str(&format!("{:06}", micros % 1_000_000)),
            'p' => out.push_str(if hour < 12 { "AM" } else { "PM" }),
            'a' => out.push_str(&weekday_name[..3]),
            'A' => out.push_str(weekday_name),
            'b' | 'h' => out.push_str(&month_name[..3]),
            'B' => out.push_str(month_name),
            'j' => out.push_str(&pad(calendar::day_of_year(date), 3)),
            'w' => out.push_str(&((weekday + 1) % 7).to_string()),
            'u' => out.push_str(&(weekday + 1).to_string()),
            'V' => out.push_str(&pad(calendar::iso(days).1, 2)),
            'G' => out.push_str(&calendar::iso(days).0.to_string()),
            'U' => out.push_str(&pad((calendar::day_of_year(date) + 6 - (weekday + 1) % 7) / 7, 2)),
            'W' => out.push_str(&pad((calendar::day_of_year(date) + 6 - weekday) / 7, 2)),
            'F' => out.push_str(&format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)),
            'T' | 'X' => out.push_str(&format!("{hour:02}:{minute:02}:{second:02}")),
            'D' | 'x' => out.push_str(&format!("{:02}/{:02}/{:02}", date.month, date.day, date.year % 100)),
            'R' => out.push_str(&format!("{hour:02}:{minute:02}")),
            'c' => out.push_str(&format!(
                "{} {} {:2} {hour:02}:{minute:02}:{second:02} {}",
                &weekday_name[..3],
                &month_name[..3],
                date.day,
                date.year
            )),
            's' => {
                out.push_str(&((moment.micros - moment.offset().unwrap_or(0) - super::EPOCH) / 1_000_000).to_string());
            }
            'z' => out.push_str(&moment.offset().map_or_else(String::new, |offset| offset_text(offset, ""))),
            'Z' => {
                let name = moment.zone.as_ref().map(|zone| zone.name(Some(moment.micros)));
                out.push_str(&name.unwrap_or_default());
            }
            'n' => out.push('\n'),
            't' => out.push('\t'),
            '%' => out.push('%'),
            other => out.extend(['%', other]),
        }
    }
    Ok(out)
}

fn invalid(text: &str) -> Flow {
    let shown = crate::ops::repr::pure_repr(&Value::str(text)).unwrap_or_default();
    value_error(format!("Invalid isoformat string: {shown}"))
}

/// `fromisoformat(text)`.
pub fn parse_iso(text: &str) -> R<Moment> {
    parse_iso_parts(text).ok_or_else(|| invalid(text))?
}

fn parse_iso_parts(text: &str) -> Option<R<Moment>> {
    let number = |part: &str| -> Option<i64> {
        (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    let (date, rest) = if text.get(4..5)? == "-" {
        ((text.get(..4)?, text.get(5..7)?, text.get(8..10)?), text.get(10..)?)
    } else {
        ((text.get(..4)?, text.get(4..6)?, text.get(6..8)?), text.get(8..)?)
    };
    if text.get(4..5)? == "-" && text.get(7..8)? != "-" {
        return None;
    }
    let (year, month, day) = (number(date.0)?, number(date.1)?, number(date.2)?);
    let days = match construct::days(year, month, day) {
        Ok(days) => days,
        Err(flow) => return Some(Err(flow)),
    };
    let mut micros = i128::from(days) * DAY;
    let mut zone = None;
    if !rest.is_empty() {
        let mut chars = rest.chars();
        chars.next();
        let rest = chars.as_str();
        let split = rest.find(['+', '-', 'Z']).unwrap_or(rest.len());
        let (time, offset) = rest.split_at(split);
        micros += clock(time, &number)?;
        zone = match offset {
            "" => None,
            "Z" => Some(Zone::Utc),
            signed => {
                let east = clock(signed.get(1..)?, &number)?;
                let east = if signed.starts_with('-') { -east } else { east };
                Some(if east == 0 { Zone::Utc } else { Zone::Fixed(east, None) })
            }
        };
    }
    Some(Ok(Moment { micros, zone }))
}

/// `HH[:MM[:SS[.ffffff]]]` in microseconds.
fn clock(text: &str, number: &dyn Fn(&str) -> Option<i64>) -> Option<i128> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let parts: Vec<&str> = if whole.contains(':') {
        whole.split(':').collect()
    } else {
        (0..whole.len()).step_by(2).map(|at| whole.get(at..at + 2)).collect::<Option<_>>()?
    };
    if parts.is_empty() || parts.len() > 3 || parts.iter().any(|part| part.len() != 2) {
        return None;
    }
    let mut total = 0i128;
    for (index, limit) in [24, 60, 60].iter().enumerate() {
        let value = parts.get(index).map_or(Some(0), |part| number(part))?;
        if value >= *limit {
            return None;
        }
        total = total * 60 + i128::from(value);
    }
    let mut micros = 0;
    if !fraction.is_empty() {
        let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
        number(fraction)?;
        micros = i128::from(number(&digits)?);
    }
    Some(total * 1_000_000 + micros)
}

#[derive(Default)]
struct Parsed {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    afternoon: Option<bool>,
    zone: Option<Zone>,
}

/// `strptime(text, format)`.
pub fn parse(vm: &mut Vm, text: &str, format: &str) -> R<Moment> {
    vm.tick(text.len() as u64 + format.len() as u64)?;
    let mismatch = || {
        let shown = |text: &str| crate::ops::repr::pure_repr(&Value::str(text)).unwrap_or_default();
        value_error(format!("time data {} does not match format {}", shown(text), shown(format)))
    };
    let mut parsed = Parsed::default();
    let rest = take(&mut parsed, text, format).ok_or_else(mismatch)?;
    if !rest.is_empty() {
        return Err(value_error(format!("unconverted data remains: {rest}")));
    }
    let year = parsed.year.unwrap_or(1900);
    let days = match parsed.day_of_year {
        Some(day) => construct::days(year, 1, 1)? + day - 1,
        None => construct::days(year, parsed.month.unwrap_or(1), parsed.day.unwrap_or(1))?,
    };
    let hour = match parsed.afternoon {
        Some(afternoon) => parsed.hour % 12 + if afternoon { 12 } else { 0 },
        None => parsed.hour,
    };
    let seconds = (hour * 60 + parsed.minute) * 60 + parsed.second.min(59);
    let micros = i128::from(days) * DAY + i128::from(seconds) * 1_000_000 + i128::from(parsed.micros);
    Ok(Moment { micros, zone: parsed.zone })
}

fn take<'a>(parsed: &mut Parsed, text: &'a str, format: &str) -> Option<&'a str> {
    let mut rest = text;
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            rest = rest.trim_start();
            continue;
        }
        if c != '%' {
            rest = rest.strip_prefix(c)?;
            continue;
        }
        let mut number = |most: usize, range: std::ops::RangeInclusive<i64>| -> Option<i64> {
            let len = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
            // Fewer digits may be in range when more are not: `%d` of "311" is 31.
            let len =
                (1..=len).rev().find(|len| rest[..*len].parse::<i64>().is_ok_and(|value| range.contains(&value)))?;
            let value = rest[..len].parse().ok()?;
            rest = &rest[len..];
            Some(value)
        };
        match chars.next()? {
            'Y' => {
                if rest.bytes().take(4).filter(u8::is_ascii_digit).count() < 4 {
                    return None;
                }
                parsed.year = Some(rest[..4].parse().ok()?);
                rest = &rest[4..];
            }
            'y' => {
                let year = number(2, 0..=99)?;
                parsed.year = Some(if year < 69 { 2000 + year } else { 1900 + year });
            }
            'm' => parsed.month = Some(number(2, 1..=12)?),
            'd' => parsed.day = Some(number(2, 1..=31)?),
            'j' => parsed.day_of_year = Some(number(3, 1..=366)?),
            'H' => parsed.hour = number(2, 0..=23)?,
            'I' => parsed.hour = number(2, 1..=12)?,
            'M' => parsed.minute = number(2, 0..=59)?,
            'S' => parsed.second = number(2, 0..=61)?,
            'f' => {
                let len = rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
                if len == 0 {
                    return None;
                }
                let digits = format!("{:0<6}", &rest[..len]);
                parsed.micros = digits.parse().ok()?;
                rest = &rest[len..];
            }
            'p' => {
                let head = rest.get(..2)?.to_ascii_uppercase();
                parsed.afternoon = Some(match head.as_str() {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                rest = &rest[2..];
            }
            code @ ('b' | 'B' | 'a' | 'A') => {
                let names: &[&str] = if matches!(code, 'b' | 'B') { &MONTHS } else { &WEEKDAYS };
                let lower = rest.to_lowercase();
                let found = names.iter().enumerate().find_map(|(index, name)| {
                    let name = if code.is_lowercase() { &name[..3] } else { name };
                    lower.starts_with(&name.to_lowercase()).then_some((index, name.len()))
                });
                let (index, len) = found?;
                if matches!(code, 'b' | 'B') {
                    parsed.month = Some(index as i64 + 1);
                }
                rest = rest.get(len..)?;
            }
            'z' => {
                if let Some(after) = rest.strip_prefix('Z') {
                    parsed.zone = Some(Zone::Utc);
                    rest = after;
                    continue;
                }
                let digits: String = rest.get(1..)?.chars().filter(char::is_ascii_digit).take(4).collect();
                if digits.len() < 4 {
                    return None;
                }
                let minutes = digits[..2].parse::<i128>().ok()? * 60 + digits[2..].parse::<i128>().ok()?;
                let sign = match rest.chars().next()? {
                    '+' => 1,
                    '-' => -1,
                    _ => return None,
                };
                let east = sign * minutes * 60_000_000;
                parsed.zone = Some(if east == 0 { Zone::Utc } else { Zone::Fixed(east, None) });
                let colon = usize::from(rest.get(3..4) == Some(":"));
                rest = rest.get(5 + colon..)?;
            }
            'Z' => {
                let name = ["UTC", "GMT"].into_iter().find(|name| rest.starts_with(name))?;
                rest = &rest[name.len()..];
            }
            '%' => rest = rest.strip_prefix('%')?,
            _ => return None,
        }
    }
    Some(rest)
}

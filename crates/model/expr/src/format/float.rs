//! The text of floating point numbers.

/// `repr(number)`: the shortest digits that read back as the same number.
pub fn repr(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    format!("{mantissa}e{}", exponent_text(exponent))
}

fn exponent_text(exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{:02}", exponent.abs())
}

/// `%.<precision>f` of a finite number without its sign.
pub fn fixed(number: f64, precision: usize) -> String {
    format!("{:.precision$}", number.abs())
}

/// `%.<precision>e` of a finite number without its sign.
pub fn scientific(number: f64, precision: usize) -> String {
    let text = format!("{:.precision$e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{mantissa}e{}", exponent_text(exponent.parse().unwrap_or(0)))
}

/// `%.<precision>g` of a finite number without its sign; `keep` keeps trailing zeros.
pub fn general(number: f64, precision: usize, keep: bool) -> String {
    let precision = precision.max(1);
    let number = number.abs();
    let text = format!("{:.*e}", precision - 1, number);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| -> String {
        if keep || !text.contains('.') {
            return text.to_owned();
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if exponent < -4 || exponent >= precision as i32 {
        return format!("{}e{}", trim(mantissa), exponent_text(exponent));
    }
    let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
    trim(&format!("{number:.decimals$}"))
}

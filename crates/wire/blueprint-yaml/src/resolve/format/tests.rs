//! Tests of `%` formatting; the expectations were checked against CPython.

use serde_json::{Value, json};

use super::percent;

fn format(format: &str, args: Value) -> String {
    let args = args.as_array().cloned().unwrap_or_default();
    percent(format, &args).unwrap_or_else(|error| format!("error: {error}"))
}

#[test]
fn conversions() {
    let cases = [
        ("foo-%s-%s", json!(["bar", null]), "foo-bar-None"),
        ("%s %s %s", json!([true, 1.0, [1, "a"]]), "True 1.0 [1, 'a']"),
        ("%r", json!(["it's"]), "\"it's\""),
        ("%s", json!([{"a": false}]), "{'a': False}"),
        ("%d-%i", json!([3, 2.9]), "3-2"),
        ("%05d|%-5d|%+d|% d", json!([42, 42, 42, 42]), "00042|42   |+42| 42"),
        ("%05d", json!([-42]), "-0042"),
        ("%.3d", json!([7]), "007"),
        ("%x %X %#x %o %#o", json!([255, 255, 255, 8, 8]), "ff FF 0xff 10 0o10"),
        ("%.2f %f", json!([1.005, 2]), "1.00 2.000000"),
        ("%e %.1E", json!([12345.678, 0.00012]), "1.234568e+04 1.2E-04"),
        ("%g %g %g", json!([100_000.0, 1_000_000.0, 0.0001]), "100000 1e+06 0.0001"),
        ("%10s|%-10s|%.2s", json!(["ab", "ab", "abc"]), "        ab|ab        |ab"),
        ("%c%c", json!(["x", 65]), "xA"),
        ("%a", json!(["é"]), "'\\xe9'"),
        ("100%%", json!([]), "100%"),
        ("%*d", json!([5, 42]), "   42"),
        ("%s", json!([1e22]), "1e+22"),
        ("%s", json!([0.00001]), "1e-05"),
    ];
    for (text, args, expected) in cases {
        assert_eq!(format(text, args), expected, "{text}");
    }
}

#[test]
fn errors_are_pythons() {
    let cases = [
        ("%s", json!([]), "error: not enough arguments for format string"),
        ("x", json!([1]), "error: not all arguments converted during string formatting"),
        ("%d", json!(["a"]), "error: %d format: a real number is required, not str"),
        ("%x", json!([1.5]), "error: %x format: an integer is required, not float"),
        ("%f", json!(["a"]), "error: must be real number, not str"),
        ("%y", json!([1]), "error: unsupported format character 'y' (0x79) at index 1"),
        ("%(a)s", json!([1]), "error: format requires a mapping"),
        ("50%", json!([]), "error: incomplete format"),
        ("%99999999999s", json!(["a"]), "error: a width or precision above 4096"),
    ];
    for (text, args, expected) in cases {
        assert_eq!(format(text, args), expected, "{text}");
    }
}

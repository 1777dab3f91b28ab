//! What a browser's description of itself says, in the form that clients of the API know.

use serde_json::{Value as Json, json};

/// Family and version of the browser, of its operating system and of the device.
pub fn describe(text: &str) -> Json {
    let (family, version) = browser(text);
    let (system, system_version) = system(text);
    let [major, minor, patch] = parts(version);
    let [os_major, os_minor, os_patch] = parts(system_version);
    let device = device(text);
    json!({
        "string": text,
        "user_agent": { "family": family, "major": major, "minor": minor, "patch": patch },
        "os": { "family": system, "major": os_major, "minor": os_minor, "patch": os_patch, "patch_minor": null },
        "device": { "family": device.0, "brand": device.1, "model": device.2 },
    })
}

/// Marks in the order in which they decide: Edge also calls itself Chrome, and Chrome calls itself Safari.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox iOS"),
    ("CriOS/", "Chrome Mobile iOS"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("python-requests/", "Python Requests"),
    ("curl/", "curl"),
    ("Go-http-client/", "Go-http-client"),
    ("okhttp/", "okhttp"),
];

fn browser(text: &str) -> (&'static str, &str) {
    for (mark, family) in BROWSERS {
        if let Some((_, rest)) = text.split_once(mark) {
            let family = match family {
                "Chrome" if text.contains("Mobile") => "Chrome Mobile",
                "Firefox" if text.contains("Mobile") => "Firefox Mobile",
                "Safari" if text.contains("Mobile") => "Mobile Safari",
                other => other,
            };
            let version = rest.split([' ', ';', ')']).next().unwrap_or_default();
            // COMPAT: of this one only two numbers are told.
            let version = match family {
                "Python Requests" => version.rmatch_indices('.').next().map_or(version, |(at, _)| &version[..at]),
                _ => version,
            };
            return (family, version);
        }
    }
    ("Other", "")
}

fn system(text: &str) -> (&'static str, &str) {
    let after = |mark: &str| text.split_once(mark).map(|(_, rest)| rest);
    let word = |rest: &'_ str| rest.find([';', ')', ' ']).map_or(rest.len(), |end| end);
    if let Some(rest) = after("Windows NT ") {
        return ("Windows", if rest.starts_with("10") { "10" } else { &rest[..word(rest)] });
    }
    if let Some(rest) = after("iPhone OS ").or_else(|| after("CPU OS ")) {
        return ("iOS", &rest[..word(rest)]);
    }
    if let Some(rest) = after("Mac OS X ") {
        return ("Mac OS X", &rest[..word(rest)]);
    }
    if let Some(rest) = after("Android ") {
        return ("Android", &rest[..word(rest)]);
    }
    match text {
        t if t.contains("Ubuntu") => ("Ubuntu", ""),
        t if t.contains("CrOS") => ("Chrome OS", ""),
        t if t.contains("Linux") => ("Linux", ""),
        _ => ("Other", ""),
    }
}

fn device(text: &str) -> (&'static str, Option<&'static str>, Option<&'static str>) {
    match text {
        t if t.contains("iPhone") => ("iPhone", Some("Apple"), Some("iPhone")),
        t if t.contains("iPad") => ("iPad", Some("Apple"), Some("iPad")),
        t if t.contains("Macintosh") => ("Mac", Some("Apple"), Some("Mac")),
        t if t.contains("Android") => ("Generic Smartphone", Some("Generic"), Some("Smartphone")),
        _ => ("Other", None, None),
    }
}

fn parts(version: &str) -> [Option<String>; 3] {
    let mut numbers = version.split(['.', '_']).filter(|p| !p.is_empty()).map(str::to_owned);
    [numbers.next(), numbers.next(), numbers.next()]
}

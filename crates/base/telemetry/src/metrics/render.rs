//! The Prometheus text format.

use std::fmt::Write as _;

use super::{AnyFamily, Family, cell::Histogram};

/// Content type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn render<'a>(families: impl Iterator<Item = &'a AnyFamily>) -> String {
    let mut out = String::new();
    for family in families {
        match family {
            AnyFamily::Counter(family) => {
                head(&mut out, family, "counter");
                each(&mut out, family, |out, labels, counter| {
                    line(out, family.0.name, labels, &counter.get().to_string());
                });
            }
            AnyFamily::Gauge(family) => {
                head(&mut out, family, "gauge");
                each(&mut out, family, |out, labels, gauge| {
                    line(out, family.0.name, labels, &number(gauge.get()));
                });
            }
            AnyFamily::Histogram(family) => {
                head(&mut out, family, "histogram");
                each(&mut out, family, |out, labels, series| {
                    histogram(out, family.0.name, labels, series);
                });
            }
        }
    }
    out
}

fn head<T>(out: &mut String, family: &Family<T>, kind: &str) {
    let (name, help) = (family.0.name, family.0.help.replace('\\', "\\\\").replace('\n', "\\n"));
    // Writing to a String cannot fail.
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn each<T>(out: &mut String, family: &Family<T>, mut write: impl FnMut(&mut String, &str, &T)) {
    for (values, series) in family.0.series.read().iter() {
        let pairs = family.0.labels.iter().zip(values);
        let labels: Vec<String> = pairs.map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
        write(out, &labels.join(","), series);
    }
}

fn histogram(out: &mut String, name: &str, labels: &str, series: &Histogram) {
    let separator = if labels.is_empty() { "" } else { "," };
    let mut count = 0;
    for (bound, up_to) in series.cumulative() {
        count = up_to;
        let labels = format!("{labels}{separator}le=\"{}\"", number(bound));
        line(out, &format!("{name}_bucket"), &labels, &up_to.to_string());
    }
    line(out, &format!("{name}_sum"), labels, &number(series.sum()));
    line(out, &format!("{name}_count"), labels, &count.to_string());
}

fn line(out: &mut String, name: &str, labels: &str, value: &str) {
    if labels.is_empty() {
        let _ = writeln!(out, "{name} {value}");
    } else {
        let _ = writeln!(out, "{name}{{{labels}}} {value}");
    }
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

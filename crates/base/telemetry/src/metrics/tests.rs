//! Unit tests of the registry and the text.

use super::Metrics;

#[test]
fn renders_the_text_format() {
    let metrics = Metrics::new();
    let hits = metrics.counter("a_hits_total", "Hits.\nAll.", &["path", "code"]);
    hits.with(&["/\"x\"\n", "200"]).add(2);
    metrics.gauge("b_open", "Open.", &[]).with(&[]).set(1.5);
    let seconds = metrics.histogram("c_seconds", "Time.", &["m"], &[0.5, 1.0]);
    for value in [0.5, 0.75, 4.0] {
        seconds.with(&["get"]).observe(value);
    }
    let text = metrics.render();
    let expected = r#"# HELP a_hits_total Hits.\nAll.
# TYPE a_hits_total counter
a_hits_total{path="/\"x\"\n",code="200"} 2
# HELP b_open Open.
# TYPE b_open gauge
b_open 1.5
# HELP c_seconds Time.
# TYPE c_seconds histogram
c_seconds_bucket{m="get",le="0.5"} 1
c_seconds_bucket{m="get",le="1"} 2
c_seconds_bucket{m="get",le="+Inf"} 3
c_seconds_sum{m="get"} 5.25
c_seconds_count{m="get"} 3
"#;
    assert!(text.starts_with(expected), "{text}");
    #[cfg(target_os = "linux")]
    for name in ["resident_memory_bytes", "open_fds", "start_time_seconds", "cpu_seconds_total"] {
        assert!(text.contains(&format!("\nprocess_{name} ")), "{name} in {text}");
    }
}

#[test]
fn the_same_name_is_the_same_metric() {
    let metrics = Metrics::new();
    metrics.counter("x_total", "X.", &[]).with(&[]).increment();
    metrics.clone().counter("x_total", "X.", &[]).with(&[]).increment();
    assert!(metrics.render().contains("\nx_total 2\n"));
}

#[test]
fn a_clash_neither_panics_nor_mixes() {
    let metrics = Metrics::new();
    metrics.counter("x_total", "X.", &[]).with(&[]).increment();
    metrics.gauge("x_total", "X.", &[]).with(&[]).set(7.0);
    assert!(metrics.render().contains("\nx_total 1\n"));
}

#[test]
fn series_are_bounded() {
    let metrics = Metrics::new();
    let family = metrics.counter("x_total", "X.", &["who"]);
    for who in 0..5000 {
        family.with(&[&who.to_string()]).increment();
    }
    let text = metrics.render();
    assert!(text.contains("x_total{who=\"other\"} 4000\n"));
    assert!(text.lines().count() < 1100);
}

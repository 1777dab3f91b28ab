//! Unit tests of JSON lines and the filter.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::Value as Json;
use settings::LogLevel;
use tracing_subscriber::{Registry, layer::SubscriberExt as _};

use super::{JsonLines, filter};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines(log: impl FnOnce()) -> Vec<Json> {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let layer = JsonLines::new(move || writer.clone());
    tracing::subscriber::with_default(Registry::default().with(layer), log);
    let bytes = buffer.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_has_upstream_names_and_the_fields_of_its_spans() {
    let lines = lines(|| {
        let span = tracing::info_span!("request", request_id = "abc", user = tracing::field::Empty);
        let _entered = span.enter();
        span.record("user", "ann");
        tracing::warn!(status = 404_u16, level = "fake", "line\n\"two\"");
    });
    let line = &lines[0];
    assert_eq!(line["event"], "line\n\"two\"");
    assert_eq!(line["level"], "warning");
    assert_eq!(line["logger"], module_path!());
    assert_eq!(line["request_id"], "abc");
    assert_eq!(line["user"], "ann");
    assert_eq!(line["status"], 404);
    assert_eq!(line["pid"], std::process::id());
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn whatever_is_logged_stays_one_line_of_json() {
    let text: String = (0..0x180).filter_map(char::from_u32).chain(['\u{2028}', '😀', '"', '\\']).collect();
    let lines = lines(|| {
        let _outer = tracing::info_span!("outer", path = %text, depth = 1).entered();
        let _inner = tracing::info_span!("inner", depth = 2, kind = "inner").entered();
        tracing::info!(said = ?text, share = f64::NAN, half = 0.5, is_on = true, less = -1, kind = "own", "{text}");
        tracing::info!(request_id = 7, "");
    });
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["event"], text);
    assert_eq!(lines[0]["path"], text);
    assert_eq!(lines[0]["said"], format!("{text:?}"));
    assert_eq!(lines[0]["share"], Json::Null);
    assert_eq!((&lines[0]["half"], &lines[0]["is_on"], &lines[0]["less"]), (&0.5.into(), &true.into(), &(-1).into()));
    // Of two fields with one name that nearer to the event counts.
    assert_eq!((&lines[0]["depth"], &lines[0]["kind"]), (&2.into(), &"own".into()));
    assert_eq!(lines[1]["event"], "");
}

#[test]
fn filters_are_checked() {
    assert!(filter(LogLevel::Warning, None).is_ok());
    assert!(filter(LogLevel::Info, Some("flow=debug,hyper=trace")).is_ok());
    assert!(filter(LogLevel::Info, Some("flow=loud")).is_err());
}

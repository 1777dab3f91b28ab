//! One JSON object a line, with authentik's field names: `event`, `level`, `logger`, `timestamp`, `pid`.
//!
//! Written as a layer of its own because fields of the surrounding spans (the request id above all)
//! belong at the top of the object, where log collectors look for them. There is a line for every request, so it is put
//! together as text, without a tree of values in between.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::{MakeWriter, format::Writer, time::FormatTime as _, time::SystemTime},
    layer::Context,
    registry::LookupSpan,
};

/// What every line has; a field may not pass itself off as one of them.
const RESERVED: [&str; 5] = ["event", "level", "logger", "pid", "timestamp"];
/// Room for a line of the access log.
const USUAL: usize = 512;

/// The layer; `W` makes the writer of each line.
#[derive(Debug)]
pub struct JsonLines<W> {
    writer: W,
    pid: u32,
}

impl<W> JsonLines<W> {
    /// Lines go to what `writer` makes.
    pub fn new(writer: W) -> Self {
        Self { writer, pid: std::process::id() }
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut members = Members::default();
        attributes.record(&mut members);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(members);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fresh = Members::default();
        values.record(&mut fresh);
        if let Some(span) = context.span(id)
            && let Some(known) = span.extensions_mut().get_mut::<Members>()
        {
            // The newer value counts.
            fresh.add(known);
            *known = fresh;
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut members = Members::default();
        event.record(&mut members);
        // From the innermost span outwards: of two fields with one name that nearer to the event counts.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(of_span) = span.extensions().get::<Members>() {
                members.add(of_span);
            }
        }
        let metadata = event.metadata();
        let mut line = String::with_capacity(USUAL);
        line.push_str("{\"event\":");
        line.push_str(members.message.as_deref().unwrap_or("null"));
        // Writing to a string does not fail.
        let _ = write!(line, ",\"level\":\"{}\",\"logger\":", level_word(*metadata.level()));
        quote(&mut line, metadata.target());
        let _ = write!(line, ",\"pid\":{},\"timestamp\":\"", self.pid);
        let _ = SystemTime.format_time(&mut Writer::new(&mut line));
        line.push('"');
        for (_, member) in &members.members {
            line.push(',');
            line.push_str(member);
        }
        line.push_str("}\n");
        // There is nowhere to report that the log cannot be written.
        let _ = self.writer.make_writer_for(metadata).write_all(line.as_bytes());
    }
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::TRACE => "trace",
        Level::DEBUG => "debug",
        Level::INFO => "info",
        Level::WARN => "warning",
        Level::ERROR => "error",
    }
}

/// Fields as members of an object, already in JSON, each with its name.
#[derive(Debug, Default)]
struct Members {
    /// The text of the event, as JSON.
    message: Option<String>,
    members: Vec<(&'static str, String)>,
}

impl Members {
    /// Adds those whose names are new.
    fn add(&mut self, others: &Self) {
        for (name, member) in &others.members {
            if !self.members.iter().any(|(known, _)| known == name) {
                self.members.push((name, member.clone()));
            }
        }
    }

    fn set(&mut self, field: &Field, write: impl FnOnce(&mut String)) {
        let name = field.name();
        let mut text = String::new();
        if name == "message" {
            write(&mut text);
            self.message = Some(text);
        } else if !RESERVED.contains(&name) {
            quote(&mut text, name);
            text.push(':');
            write(&mut text);
            self.members.retain(|(known, _)| *known != name);
            self.members.push((name, text));
        }
    }

    fn set_plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.set(field, |text| {
            let _ = write!(text, "{value}");
        });
    }
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON knows neither infinity nor what is not a number.
        if value.is_finite() { self.set_plain(field, value) } else { self.set_plain(field, "null") }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set_plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set_plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set_plain(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, |text| quote(text, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut told = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            told.push_str(&format!(": {error}"));
            cause = error.source();
        }
        self.set(field, |text| quote(text, &told));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, |text| {
            text.push('"');
            let _ = write!(Escaped(text), "{value:?}");
            text.push('"');
        });
    }
}

/// A string of JSON (RFC 8259 §7).
fn quote(out: &mut String, text: &str) {
    out.push('"');
    let _ = Escaped(out).write_str(text);
    out.push('"');
}

/// Writes what is written to it with the escapes of a JSON string.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        // All that needs an escape is ASCII, so the text can be cut there.
        while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            let (plain, special) = rest.split_at(at);
            self.0.push_str(plain);
            match special.as_bytes()[0] {
                b'"' => self.0.push_str("\\\""),
                b'\\' => self.0.push_str("\\\\"),
                b'\n' => self.0.push_str("\\n"),
                control => write!(self.0, "\\u{control:04x}")?,
            }
            rest = &special[1..];
        }
        self.0.push_str(rest);
        Ok(())
    }
}

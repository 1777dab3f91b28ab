//! One JSON object a line, with authentik's field names: `event`, `level`, `logger`, `timestamp`, `pid`.
//!
//! Written as a layer of its own because fields of the surrounding spans (the request id above all)
//! belong at the top of the object, where log collectors look for them.

use std::{fmt, io::Write as _};

use serde_json::{Map, Value as Json};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::{MakeWriter, format::Writer, time::FormatTime as _, time::SystemTime},
    layer::Context,
    registry::{LookupSpan, Scope},
};

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

/// Fields of a span, kept with it.
struct SpanFields(Map<String, Json>);

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields.0));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(SpanFields(known)) = span.extensions_mut().get_mut()
        {
            known.extend(fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(SpanFields(of_span)) = span.extensions().get() {
                fields.0.extend(of_span.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
        }
        event.record(&mut fields);
        let mut line = Map::new();
        line.insert("event".to_owned(), fields.0.shift_remove("message").unwrap_or_default());
        line.insert("level".to_owned(), level_word(*event.metadata().level()).into());
        line.insert("logger".to_owned(), event.metadata().target().into());
        line.insert("pid".to_owned(), self.pid.into());
        line.insert("timestamp".to_owned(), timestamp().into());
        for (name, value) in fields.0 {
            // A field may not pass itself off as the level or the time.
            line.entry(name).or_insert(value);
        }
        let mut text = Json::Object(line).to_string();
        text.push('\n');
        // There is nowhere to report that the log cannot be written.
        let _ = self.writer.make_writer_for(event.metadata()).write_all(text.as_bytes());
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

fn timestamp() -> String {
    let mut text = String::new();
    match SystemTime.format_time(&mut Writer::new(&mut text)) {
        Ok(()) => text,
        Err(fmt::Error) => String::new(),
    }
}

/// Collects fields as JSON.
#[derive(Default)]
struct Fields(Map<String, Json>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Json>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        self.set(field, text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }
}

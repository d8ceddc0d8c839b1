//! One JSON object per log line, flat: what was recorded on the spans around an event stands beside the
//! event's own fields, so that a request id finds every line of its request. An error is written with all its
//! causes; tracing-subscriber's own JSON keeps the outermost alone.

use std::error::Error;
use std::fmt::{self, Debug};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Fields that speak to the trace exporter.
const EXPORTER_PREFIX: &str = "otel.";

/// The format. Span fields must be formatted as JSON.
pub(super) struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut line = Map::new();
        let metadata = event.metadata();
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            let extensions = span.extensions();
            let fields = extensions
                .get::<FormattedFields<N>>()
                .map_or("", |fields| fields.fields.as_str());
            if let Ok(Value::Object(fields)) = serde_json::from_str(fields) {
                line.extend(
                    fields
                        .into_iter()
                        .filter(|(name, _)| !name.starts_with(EXPORTER_PREFIX)),
                );
            }
            line.insert("span".to_owned(), span.name().into());
        }
        event.record(&mut Fields(&mut line));
        // What a reader looks for first stands first; neither part can be empty or need an escape.
        let (level, target) = (metadata.level(), metadata.target());
        line.entry("message")
            .or_insert_with(|| metadata.name().into());
        let rest = Value::Object(line).to_string();
        let rest = rest.trim_start_matches('{');
        writeln!(
            writer,
            "{{\"timestamp\":\"{time}\",\"level\":\"{level}\",\"target\":\"{target}\",{rest}"
        )
    }
}

/// Takes an event's fields.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        self.put(field, crate::telemetry::with_causes(error));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::format::JsonFields;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("load project")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_line_names_its_request_and_every_cause() {
        let written = Written::default();
        let writer = written.clone();
        let lines = tracing_subscriber::fmt::layer()
            .event_format(Lines)
            .fmt_fields(JsonFields::new())
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let request =
                tracing::info_span!("http.request", request_id = "r-1", otel.kind = "server");
            let _request = request.enter();
            let _inner = tracing::info_span!("db.load", rows = 2).entered();
            let error = Outer(io::Error::other("no \"route\"\nto host"));
            tracing::error!(error = &error as &dyn Error, attempt = 3, "cannot load");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["request_id"], "r-1");
        assert_eq!(line["rows"], 2);
        assert_eq!(line["attempt"], 3);
        assert_eq!(line["span"], "db.load");
        assert_eq!(line["message"], "cannot load");
        assert_eq!(line["error"], "load project: no \"route\"\nto host");
        assert!(line.get("otel.kind").is_none());
    }
}

//! Log lines on stderr: for people, or one JSON object a line.
//!
//! Prow's log viewer marks lines that begin `error:` or hold `"level":"error"`, so that is how a failure
//! is written; and no text of others can begin a line. What other crates log below a warning is never shown, whatever was asked for: it may
//! hold headers, and headers hold logins.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use super::args::LogFormat;
use super::settings::{Console, Verbosity};
use crate::redact::one_line;

/// What writes the log lines that `console` asks for to `writer`.
pub(super) fn subscriber<W>(console: &Console, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let ours = match console.verbosity {
        Verbosity::Errors => LevelFilter::ERROR,
        Verbosity::Warnings => LevelFilter::WARN,
        Verbosity::Normal => LevelFilter::INFO,
        Verbosity::Debug => LevelFilter::DEBUG,
        Verbosity::Trace => LevelFilter::TRACE,
    };
    // What `kube` has to say of a request it also gives back as an error, which is told with its advice, once.
    let shown = Targets::new()
        .with_default(ours.min(LevelFilter::WARN))
        .with_target("image_mirror", ours)
        .with_target("kube", LevelFilter::OFF);
    let layer = tracing_subscriber::fmt::layer().event_format(Line(console.log_format)).with_writer(writer);
    tracing_subscriber::registry().with(shown).with(layer)
}

/// Writes one event as one line.
struct Line(LogFormat);

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        match self.0 {
            LogFormat::Text => text(&mut line, *event.metadata().level(), &fields),
            LogFormat::Json => json(&mut line, *event.metadata().level(), fields),
        }
    }
}

/// The words of cargo and of Prow's viewer; a note is for whoever typed the command.
fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "note",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn text(line: &mut Writer<'_>, level: Level, fields: &Fields) -> fmt::Result {
    write!(line, "{}: {}", word(level), one_line(&fields.message))?;
    for (name, value) in &fields.others {
        match value {
            serde_json::Value::String(text) => write!(line, " {name}={}", one_line(text))?,
            other => write!(line, " {name}={other}")?,
        }
    }
    writeln!(line)
}

fn json(line: &mut Writer<'_>, level: Level, fields: Fields) -> fmt::Result {
    let mut object = serde_json::Map::new();
    object.insert("time".into(), humantime::format_rfc3339_millis(SystemTime::now()).to_string().into());
    object.insert("level".into(), word(level).into());
    object.insert("message".into(), fields.message.into());
    object.extend(fields.others.into_iter().map(|(name, value)| (name.to_owned(), value)));
    writeln!(line, "{}", serde_json::Value::Object(object))
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, serde_json::Value)>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<serde_json::Value>) {
        self.others.push((field.name(), value.into()));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            self.add(field, format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.add(field, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::cli::args::{ColorChoice, ProgressMode};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log_format: LogFormat, verbosity: Verbosity, say: impl FnOnce()) -> String {
        let page = Page::default();
        let (progress, color) = (ProgressMode::None, ColorChoice::Never);
        let console = Console { log_format, progress, color, verbosity, columns: None };
        let writer = page.clone();
        tracing::subscriber::with_default(subscriber(&console, move || writer.clone()), say);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    fn say() {
        tracing::error!(target: "image_mirror::engine", attempts = 3_u64, host = "quay.io", "it broke");
        tracing::warn!(target: "image_mirror", "careful");
        tracing::info!(target: "image_mirror", "by the way");
        tracing::debug!(target: "image_mirror", "details");
        tracing::info!(target: "h2", "Authorization: Basic c2VjcmV0");
        tracing::debug!(target: "hyper_util", "Authorization: Basic c2VjcmV0");
    }

    #[test]
    fn lines_for_people_begin_with_what_they_are() {
        let said = logged(LogFormat::Text, Verbosity::Normal, say);
        assert_eq!(said, "error: it broke attempts=3 host=quay.io\nwarning: careful\nnote: by the way\n");
        assert_eq!(logged(LogFormat::Text, Verbosity::Errors, say).lines().count(), 1);
    }

    #[test]
    fn json_lines_have_the_level_that_viewers_look_for() {
        let said = logged(LogFormat::Json, Verbosity::Warnings, say);
        assert_eq!(said.lines().count(), 2);
        assert!(said.lines().next().unwrap().contains(r#""level":"error""#), "{said}");
        let line: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
        assert_eq!((&line["message"], &line["attempts"]), (&"it broke".into(), &3.into()));
    }

    #[test]
    fn what_other_crates_whisper_is_never_shown() {
        let said = logged(LogFormat::Text, Verbosity::Trace, say);
        assert!(said.contains("debug: details"));
        assert!(!said.contains("Authorization"), "{said}");
    }
}

//! Data on stdout, everything else on stderr, and neither into the other or into the bars.

use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use super::args::{ColorChoice, LogFormat, ProgressMode};
use super::exit::Exit;
use super::log;
use super::progress::{Lines, Progress, Shown};
use super::settings::{Console, Verbosity};
use crate::error::Chain;
use crate::mapping::{self, Finding};

/// Where a command says what it has to say.
#[derive(Debug)]
pub(super) struct Output {
    console: Console,
    progress: Arc<Progress>,
}

impl Output {
    pub(super) fn new(console: Console) -> Self {
        let shown = match console.progress {
            ProgressMode::Bar => Shown::Bar,
            ProgressMode::None => Shown::None,
            ProgressMode::Auto if console.log_format == LogFormat::Text && io::stderr().is_terminal() => {
                Shown::Bar
            }
            ProgressMode::Plain | ProgressMode::Auto => Shown::Plain,
        };
        let lines = match console.log_format {
            LogFormat::Text => Lines::Words,
            LogFormat::Json => Lines::Fields,
        };
        Self { console, progress: Arc::new(Progress::new(shown, lines)) }
    }

    /// Has log lines written from now on.
    pub(super) fn take_log(&self) {
        let progress = Arc::clone(&self.progress);
        let subscriber = log::subscriber(&self.console, move || progress.stderr());
        // It fails only where one was set before; then a caller of the library has its own.
        let _ = tracing::subscriber::set_global_default(subscriber);
    }

    /// What is told of a run while it goes on.
    pub(super) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Writes `text` to stdout. A reader that went away (`| head`) has what it wanted and is no failure.
    pub(super) fn data(&self, text: &str) -> Exit {
        self.bytes(text.as_bytes())
    }

    /// As [`data`](Self::data), for what may be no text.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Exit {
        self.progress.clear();
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                tracing::error!("cannot write to standard output: {error}");
                Exit::Failed
            }
            _ => Exit::AsDesired,
        }
    }

    /// Says what is wrong with mapping files: drawn for people, a line each for programs.
    pub(super) fn findings(&self, findings: &[Finding]) {
        let wanted = |finding: &&Finding| finding.is_error() || self.console.verbosity > Verbosity::Errors;
        let findings: Vec<Finding> = findings.iter().filter(wanted).cloned().collect();
        match self.console.log_format {
            LogFormat::Json => findings.iter().for_each(log_finding),
            LogFormat::Text if findings.is_empty() => {}
            LogFormat::Text => {
                let text = mapping::render(&findings) + "\n";
                let _ = self.progress.stderr().write_all(text.as_bytes());
            }
        }
    }

    /// Says why nothing was attempted.
    #[expect(clippy::unused_self, reason = "errors go where the log goes, which this value decides")]
    pub(super) fn refuse(&self, error: &(dyn Error + 'static)) -> Exit {
        tracing::error!("{}", Chain(error));
        Exit::Usage
    }

    /// Whether stdout gets colours.
    pub(super) fn has_colors(&self) -> bool {
        match self.console.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => io::stdout().is_terminal(),
        }
    }

    /// How wide stdout is; none where it is no terminal, and lines may be as long as they like.
    pub(super) fn width(&self) -> Option<u16> {
        self.console.columns.filter(|_| io::stdout().is_terminal())
    }
}

fn log_finding(finding: &Finding) {
    let Finding { code, message, file, .. } = finding;
    let (file, line) = (&**file, u64::from(finding.line()));
    let column = finding.span.as_ref().map_or(0, |span| u64::from(span.column));
    if finding.is_error() {
        tracing::error!(file, line, column, code, "{message}");
    } else {
        tracing::warn!(file, line, column, code, "{message}");
    }
}

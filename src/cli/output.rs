//! Data on stdout, everything else on stderr, and neither into the other or into the bars.

use std::error::Error;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use super::args::{ColorChoice, LogFormat, ProgressMode};
use super::exit::Exit;
use super::log;
use super::progress::{Lines, Progress, Shown};
use super::settings::Console;
use crate::error::Chain;

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
            ProgressMode::Plain => Shown::Plain,
            ProgressMode::None => Shown::None,
            ProgressMode::Auto if console.log_format == LogFormat::Text && io::stderr().is_terminal() => {
                Shown::Bar
            }
            ProgressMode::Auto => Shown::Plain,
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
        self.progress.clear();
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                tracing::error!("cannot write to standard output: {error}");
                Exit::Failed
            }
            _ => Exit::AsDesired,
        }
    }

    /// Writes what is meant for people and has its form already to stderr.
    pub(super) fn remark(&self, text: &str) {
        let _ = self.progress.stderr().write_all(text.as_bytes());
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

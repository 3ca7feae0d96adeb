//! The command line: what was typed becomes settings, a command does it, an exit code says how it went.
//!
//! 1. [`args`]: what was typed, nothing checked against the world.
//! 2. [`settings`]: typed values over the environment over defaults. The only reader of the environment.
//! 3. A file a command. Each takes its settings and gives back an [`Exit`].
//!
//! No decision about an entry is made here.

pub mod args;
mod auth;
mod configmap;
mod connect;
mod exit;
mod explain;
mod history;
mod imagestreams;
mod lint;
mod log;
mod nightly;
mod output;
mod policies;
mod presence;
pub mod progress;
mod prune_tags;
mod publish;
mod report;
mod rows;
mod run;
mod serve;
pub mod settings;
mod shell;
mod stop;
mod stream;
mod told;
mod version;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use args::{Args, ColorChoice};
pub use exit::Exit;
use output::Output;
use settings::{Action, Environment, Settings, UsageError};

/// How long the program waits, once its report is out, for what cannot be interrupted: a credential
/// program that hangs.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Does what `line` asks for.
pub fn main(line: impl IntoIterator<Item = OsString>) -> ExitCode {
    keep_memory_private();
    let line: Vec<OsString> = line.into_iter().collect();
    let environment = Environment::of_this_program();
    let args = match Args::read_in(color(&line, &environment), line) {
        Ok(args) => args,
        Err(answer) => return of_clap(&answer).into(),
    };
    let settings = match Settings::new(args, &environment) {
        Ok(settings) => settings,
        Err(errors) => return misused(&errors).into(),
    };
    let output = Output::new(settings.console);
    output.take_log();
    for note in &settings.notes {
        tracing::info!("{note}");
    }
    dispatch(settings.action, &output).into()
}

/// Memory holds logins: it goes into no core dump, and no other program of the same user reads it. Where the kernel
/// does not do it, there is nothing that would be better than going on.
fn keep_memory_private() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// The colours of help and of what is not understood, which are printed before there are settings: the last
/// `--color` of the line wins over its variable. A word that is none is told of later.
fn color(line: &[OsString], environment: &Environment) -> ColorChoice {
    let mut words = line.iter().skip(1).map(|word| word.to_str().unwrap_or_default());
    let mut typed = None;
    while let Some(word) = words.next().filter(|word| *word != "--") {
        let value = if word == "--color" { words.next() } else { word.strip_prefix("--color=") };
        typed = value.and_then(|value| value.parse().ok()).or(typed);
    }
    typed.unwrap_or_else(|| environment.color())
}

/// Prints what clap has to say: help on stdout, mistakes on stderr.
fn of_clap(answer: &clap::Error) -> Exit {
    let _ = answer.print();
    if answer.use_stderr() { Exit::Usage } else { Exit::AsDesired }
}

/// Says what is wrong with the command line, before anyone knows how log lines should look.
fn misused(errors: &[UsageError]) -> Exit {
    let mut stderr = std::io::stderr().lock();
    for error in errors {
        let _ = writeln!(stderr, "error: {error}");
    }
    Exit::Usage
}

fn dispatch(action: Action, output: &Output) -> Exit {
    match action {
        Action::Run(settings) => in_runtime(run::run(*settings, output)),
        Action::ImageStreams(settings) => in_runtime(imagestreams::imagestreams(*settings, output)),
        Action::Serve(settings) => in_runtime(serve::serve(*settings, output)),
        Action::Nightly(settings) => in_runtime(nightly::nightly(*settings, output)),
        Action::Stream(settings) => in_runtime(stream::stream(settings, output)),
        Action::Publish(settings) => in_runtime(publish::publish(settings, output)),
        Action::Lint(settings) => in_runtime(lint::lint(*settings, output)),
        Action::Explain(settings) => in_runtime(explain::explain(*settings, output)),
        Action::Configmap(settings) => configmap::configmap(&settings, output),
        Action::AuthCheck(settings) => in_runtime(auth::check(*settings, output)),
        Action::PruneTags(settings) => in_runtime(prune_tags::prune_tags(*settings, output)),
        Action::Merge(settings) => report::merge(&settings, output),
        Action::Completions(shell) => shell::completions(shell, output),
        Action::Man(directory) => shell::man(directory.as_deref(), output),
        Action::Version(build, as_json) => version::version(build, as_json, output),
    }
}

/// Runs `work` to its end.
fn in_runtime(work: impl Future<Output = Exit>) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("cannot start: {error}");
            return Exit::Unfinished;
        }
    };
    let exit = runtime.block_on(work);
    runtime.shutdown_timeout(LAST_WAIT);
    exit
}

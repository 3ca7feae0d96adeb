//! The command line: what was typed becomes settings, a command does it, an exit code says how it went.
//!
//! 1. [`args`]: what was typed, nothing checked against the world.
//! 2. [`settings`]: typed values over the environment over defaults. The only reader of the environment.
//! 3. A file a command. Each takes its settings and gives back an [`Exit`].
//!
//! No decision about an entry is made here.

pub mod args;
mod exit;
mod log;
pub mod progress;
pub mod settings;
mod stop;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use args::Args;
pub use exit::Exit;
use settings::{Environment, Settings};

/// Does what `line` asks for.
pub fn main(line: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::read(line) {
        Ok(args) => args,
        Err(answer) => return of_clap(&answer).into(),
    };
    let settings = match Settings::new(args, &Environment::of_this_program()) {
        Ok(settings) => settings,
        Err(errors) => {
            let mut stderr = std::io::stderr().lock();
            for error in errors {
                let _ = writeln!(stderr, "error: {error}");
            }
            return Exit::Usage.into();
        }
    };
    dispatch(settings).into()
}

/// Prints what clap has to say: help on stdout, mistakes on stderr.
fn of_clap(answer: &clap::Error) -> Exit {
    let _ = answer.print();
    if answer.use_stderr() { Exit::Usage } else { Exit::AsDesired }
}

fn dispatch(settings: Settings) -> Exit {
    let mut stderr = std::io::stderr().lock();
    for note in settings.notes {
        let _ = writeln!(stderr, "note: {note}");
    }
    Exit::Usage
}

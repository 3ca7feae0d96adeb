//! `completions` and `man`: what shells and `man` get to know of the commands.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Args;
use super::exit::Exit;
use super::output::Output;
use crate::error::Chain;

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
#[error("cannot write manual pages into `{directory}`: name a directory that can be written by `--to`")]
struct NoPages {
    directory: PathBuf,
    source: io::Error,
}

/// Prints the completions of `shell`.
pub(super) fn completions(shell: Shell, output: &Output) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::clap(), "image-mirror", &mut script);
    output.bytes(&script)
}

/// Prints the page of the program; with a directory, writes those of all commands there.
pub(super) fn man(directory: Option<&Path>, output: &Output) -> Exit {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        return match Man::new(Args::clap()).render(&mut page) {
            Ok(()) => output.bytes(&page),
            Err(error) => output.refuse(&error),
        };
    };
    let written =
        fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(Args::clap(), directory));
    match written {
        Ok(()) => Exit::AsDesired,
        Err(source) => {
            let error = NoPages { directory: directory.to_owned(), source };
            tracing::error!("{}", Chain(&error));
            Exit::Failed
        }
    }
}

//! What shells and `man` get to know of the commands, from the flags themselves.

use std::path::PathBuf;

use clap_complete::Shell;

/// `completions`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct CompletionsArgs {
    /// Whose completions
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `man`.
#[derive(Debug, Clone, clap::Args)]
pub struct ManArgs {
    /// Write the pages of all commands into this directory, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

pub(super) const COMPLETIONS: &str = "\
Print the completions of commands and flags for a shell.

They are made from the flags of this very program: print them anew when it is another version.";

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  image-mirror completions bash > /etc/bash_completion.d/image-mirror
  image-mirror completions zsh > ~/.zfunc/_image-mirror
  image-mirror completions fish > ~/.config/fish/completions/image-mirror.fish

Exit codes:
  0  they are printed
  2  bad usage";

pub(super) const MAN: &str = "\
Print the manual page, or write those of all commands.

Without --to the page of the program is printed. With it, each command gets a page of its own, such as \
image-mirror-run.1.";

pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  image-mirror man | man -l -
  image-mirror man --to /usr/local/share/man/man1

Exit codes:
  0  the pages are printed or written
  1  a page cannot be written
  2  bad usage";

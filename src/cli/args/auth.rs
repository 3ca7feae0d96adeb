//! `auth`: what is done with logins.

use clap::Subcommand;
use serde::Deserialize;

use super::value::{self, Truth, layer};
use super::{ConnectionArgs, MappingArgs, OutputFormat, PolicyArgs};

/// `auth`.
#[derive(Debug, clap::Args)]
pub struct AuthCommand {
    /// What is done.
    #[command(subcommand)]
    pub action: AuthAction,
}

/// What is done with logins.
#[derive(Debug, Subcommand)]
pub enum AuthAction {
    /// Try the right to pull, and with --push the right to push, on every repository that the files name
    #[command(long_about = CHECK, after_long_help = CHECK_EXAMPLES)]
    Check(AuthCheckCommand),
}

/// `auth check`.
#[derive(Debug, clap::Args)]
pub struct AuthCheckCommand {
    /// Which mapping files.
    #[command(flatten)]
    pub mapping: MappingArgs,
    /// What may be written: targets that may not are not asked for.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// What is checked.
    #[command(flatten)]
    pub check: AuthCheckArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// What `auth check` checks.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Auth check")]
pub struct AuthCheckArgs {
    /// Also ask for the right to push to targets; quay.io makes those that do not exist, private
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub push: Option<Truth>,
    /// How the answer is printed on stdout [default: text]
    #[arg(long, value_name = "FORMAT")]
    #[serde(deserialize_with = "value::one")]
    pub output: Option<OutputFormat>,
}

impl AuthCheckArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: push, output;)
    }
}

const CHECK: &str = "\
Try the logins on every repository that the mapping files name; nothing is written.

To pull is tried by one read in each repository, sources and targets. With --push the token service of each \
target's registry is asked for the right to push, and what it grants is read; no upload is begun. Where a registry \
takes the login itself, or tokens that nobody else can read, push cannot be told without writing, and that is \
what is said. quay.io makes a repository, private, when push is asked for and it does not exist.

Names the login by its file and key, and never a secret.";

const CHECK_EXAMPLES: &str = "\
Examples:
  image-mirror auth check mappings/
  image-mirror auth check --push --target-authfile push.json '/etc/imagemirror/mapping_*'
  image-mirror auth check --output json mappings/

Exit codes:
  0  all rights are there
  1  at least one is missing
  2  bad usage or no entry at all
  3  none is known to be missing, and at least one could not be told";

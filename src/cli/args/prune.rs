//! Flags of `prune-tags`.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;

use super::console::from_words;
use super::value::{self, Count, Fraction, RepositoryName, Span, Truth, layer};
use super::{ConnectionArgs, PaceArgs, help};

/// Flags that this command shares with others and has no use for.
const IDLE: [&str; 3] = ["quay", "quay_api_token_file", "source_authfile"];

/// `prune-tags`.
#[derive(Debug, clap::Args)]
#[command(long_about = help::PRUNE, after_long_help = help::PRUNE_EXAMPLES)]
pub struct PruneTagsCommand {
    /// The repository, such as quay.io/openshift/ci
    #[arg(value_name = "REPOSITORY")]
    pub repository: RepositoryName,
    /// Which tags, and whether they are deleted.
    #[command(flatten)]
    pub prune: PruneArgs,
    /// How much at a time and how long.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// How tags that keep an image for a while are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemeName {
    /// `YYYYMMDDhhmmss_prune_NAME`, as imagestreams and promotion keep what a tag was moved away from
    Backup,
    /// `YYYYMMDD_sha256_HEX`, of the day on which the image came
    Dated,
}

from_words!(SchemeName);

/// Which tags are deleted.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "What is deleted")]
pub struct PruneArgs {
    /// How the tags are named; all others are left alone
    #[arg(long, value_name = "SCHEME")]
    #[serde(deserialize_with = "value::one")]
    pub scheme: Option<SchemeName>,
    /// How old a tag must be, by the time in its name, such as 60days
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub older_than: Option<Span>,
    /// Delete them; without it nothing is deleted, and the report says what would be
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub delete: Option<Truth>,
    /// Delete nothing, whatever --delete says
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub dry_run: Option<Truth>,
    /// Delete nothing if more tags than this are old enough (exit 4) [default: any number may be]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub max_delete: Option<Count>,
    /// Delete nothing if more of all tags than this are old enough, from 0 to 1 (exit 4) [default: 0.5]
    #[arg(long, value_name = "F")]
    #[serde(deserialize_with = "value::one")]
    pub max_fraction: Option<Fraction>,
    /// A file with an OAuth token for quay's API: tags are deleted by that API and no login is used for it
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub quay_token_file: Option<PathBuf>,
}

impl PruneArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under:
            scheme, older_than, delete, dry_run, max_delete, max_fraction, quay_token_file;)
    }
}

/// The command without the flags that it has no use for.
pub(super) fn without_idle_flags(command: clap::Command) -> clap::Command {
    IDLE.into_iter().fold(command, |command, flag| command.mut_arg(flag, |arg| arg.hide(true)))
}

//! Flags about destinations, and about how files get there.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;

use super::super::console::from_words;
use super::super::value::{self, RepositoryName, Span, Truth, layer};
use super::values::StoreAddress;

/// Where files are stored.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Destinations")]
pub struct DestinationArgs {
    /// A directory, or `s3://BUCKET/PREFIX`; may be given more than once
    #[arg(long, value_name = "PATH|URL", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub dest: Vec<StoreAddress>,
}

impl DestinationArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        if self.dest.is_empty() { under } else { self }
    }
}

/// What becomes of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignatureRule {
    /// They must be there
    Require,
    /// One that is not there is left out of the rewritten stream, with a warning
    BestEffort,
    /// They are left alone
    Skip,
}

from_words!(SignatureRule);

/// When a file that is there counts as right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VerifyWord {
    /// When it was found right before, and was not written since
    Known,
    /// When it is hashed again
    Full,
}

from_words!(VerifyWord);

/// How files get to a destination.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "How")]
pub struct MirrorArgs {
    /// What becomes of signatures [default: best-effort]
    #[arg(long = "signatures", value_name = "RULE")]
    #[serde(deserialize_with = "value::one")]
    pub signatures: Option<SignatureRule>,
    /// When a file that is there counts as right [default: known]
    #[arg(long, value_name = "HOW")]
    #[serde(deserialize_with = "value::one")]
    pub verify: Option<VerifyWord>,
    /// As --verify full; and let something older replace a stream file that is published
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub force: Option<Truth>,
    /// Also compare what files decompress to, where the stream tells its digest
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub verify_uncompressed: Option<Truth>,
    /// Replace files that are something else, also where builds never change
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub overwrite_differing: Option<Truth>,
    /// Write sha256sum.txt in the layout `flat`, too
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub sums: Option<Truth>,
    /// Leave the folders `latest` alone
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub no_latest: Option<Truth>,
    /// The repository that container images of the stream are copied to [default: they are left alone]
    #[arg(long, value_name = "REPOSITORY")]
    #[serde(deserialize_with = "value::one")]
    pub containers: Option<RepositoryName>,
    /// A path below the destination under which the rewritten stream file is published, at the end
    #[arg(long, value_name = "KEY")]
    #[serde(deserialize_with = "value::one")]
    pub publish_stream: Option<String>,
    /// Fetch what has been rewritten already from where it was before: a file that --origins made
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub from_origins: Option<PathBuf>,
    /// A directory for copies of what destinations know of their files: it saves requests, and may be lost
    #[arg(long, value_name = "DIR")]
    #[serde(deserialize_with = "value::one")]
    pub state: Option<PathBuf>,
    /// How long nothing of a build that failed to come is collected [default: 7days]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub lease: Option<Span>,
    /// A program that carries a directory on, such as by rsync; it is told `data`, then `index`, and the paths on its input
    #[arg(long, value_name = "PROGRAM")]
    #[serde(deserialize_with = "value::one")]
    pub push_command: Option<PathBuf>,
    /// A program that tells a CDN what changed; the paths are its input
    #[arg(long, value_name = "PROGRAM")]
    #[serde(deserialize_with = "value::one")]
    pub invalidate_command: Option<PathBuf>,
}

impl MirrorArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under:
            signatures, verify, force, verify_uncompressed, overwrite_differing, sums, no_latest, containers,
            publish_stream, from_origins, state, lease, push_command, invalidate_command;)
    }
}

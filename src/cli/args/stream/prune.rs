//! Flags about what pins builds, and about which are deleted.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;

use super::super::console::from_words;
use super::super::value::{self, Count, Fraction, Span, Truth, layer};
use super::values::GitPins;

/// Which commits of a reference pin builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HistoryWord {
    /// All that it is reached from: what an installer was shipped with stays pinned
    All,
    /// The one that it names now
    Tips,
}

from_words!(HistoryWord);

/// What pins builds.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "What pins builds")]
pub struct PinArgs {
    /// A stream file, or a `ConfigMap` that holds some
    #[arg(long, value_name = "FILE|URL", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub pin_stream: Vec<String>,
    /// Stream files in the history of a git repository: every commit of the references counts
    #[arg(long, value_name = "REPOSITORY:REFS:PATHS", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub pin_git: Vec<GitPins>,
    /// A file of an old commit that is no stream file is passed over
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub pin_ignore_unreadable: Option<Truth>,
    /// A list of builds, a line each: ARCHITECTURE RELEASE # why
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub pin_list: Vec<PathBuf>,
    /// Which commits of the references count [default: all]
    #[arg(long, value_name = "WHICH")]
    #[serde(deserialize_with = "value::one")]
    pub pin_history: Option<HistoryWord>,
}

impl PinArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: pin_ignore_unreadable, pin_history; pin_stream, pin_git, pin_list)
    }
}

/// Which builds are deleted.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "What is deleted")]
pub struct PruneStreamArgs {
    /// Where builds are below the destination, such as pub/openshift-v4 [default: at its root]
    #[arg(long, value_name = "KEY")]
    #[serde(deserialize_with = "value::one")]
    pub root: Option<String>,
    /// Mark and delete; without it nothing is written, and the report says what would be
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub delete: Option<Truth>,
    /// Also fail (exit 1) where a build is pinned and not there
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub check: Option<Truth>,
    /// Delete nothing where fewer builds than this are pinned (exit 4) [default: 1]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub min_pins: Option<Count>,
    /// Take it that far fewer builds are pinned than last time
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub accept_pin_drop: Option<Truth>,
    /// Keep so many of the newest builds that nothing pins, of each version and architecture [default: 3]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub keep_latest: Option<usize>,
    /// Keep what came a shorter while ago than this [default: 30days]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub min_age: Option<Span>,
    /// As --keep-latest, of pre-releases [default: as --keep-latest]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub pre_release_keep_latest: Option<usize>,
    /// As --min-age, of pre-releases [default: as --min-age]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub pre_release_min_age: Option<Span>,
    /// How long a build must have been marked before it is deleted [default: 14days]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub mark_age: Option<Span>,
    /// Delete nothing if more builds than this are due (exit 4) [default: 20]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub max_delete: Option<Count>,
    /// Delete nothing if more of all builds than this are due, from 0 to 1 (exit 4) [default: 0.25]
    #[arg(long, value_name = "F")]
    #[serde(deserialize_with = "value::one")]
    pub max_fraction: Option<Fraction>,
    /// Releases that are not pre-releases may be deleted, too
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub include_ga: Option<Truth>,
    /// How long what was deleted from a directory stays in its trash [default: 7days]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub trash_ttl: Option<Span>,
}

impl PruneStreamArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under:
            root, delete, check, min_pins, accept_pin_drop, keep_latest, min_age, pre_release_keep_latest,
            pre_release_min_age, mark_age, max_delete, max_fraction, include_ga, trash_ttl;)
    }
}

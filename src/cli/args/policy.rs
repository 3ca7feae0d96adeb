//! Flags about what may be written: policies for targets.

use std::path::PathBuf;

use serde::Deserialize;

use super::value::{self, Span, Truth, layer};
use crate::model::TagTemplate;
use crate::policy::Pattern;

/// What may be written, for all targets. A file can say more, and for which.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "What may be written")]
pub struct PolicyArgs {
    /// A policy file, besides those named mirror-policy.yaml beside the mapping files and above them
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub policy: Vec<PathBuf>,
    /// Targets must be in one of these places, such as quay.io/openshift [default: they may be anywhere]
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub allow_target: Vec<Pattern>,
    /// Create tags and never change one
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub never_move: Option<Truth>,
    /// Leave a tag alone that somebody else moves during the run
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub if_unmoved: Option<Truth>,
    /// Keep what a tag is moved away from by this tag, such as '{timestamp}_prune_{tag}'
    #[arg(long, value_name = "TEMPLATE")]
    #[serde(deserialize_with = "value::one")]
    pub backup: Option<TagTemplate>,
    /// Copy only what was made at least so long ago, such as 24h
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub min_source_age: Option<Span>,
}

impl PolicyArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: never_move, if_unmoved, backup, min_source_age; policy, allow_target)
    }
}

//! Flags about what is kept between runs.

use serde::Deserialize;

use super::value::{self, Count, Truth, layer};
use crate::history::Place;

/// What is kept between runs, and where.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "State between runs")]
pub struct StateArgs {
    /// Where is kept how entries stand: an image with its tag, oci:DIR:TAG or configmap:[NAMESPACE/]NAME [default: nowhere]
    #[arg(long, value_name = "WHERE")]
    #[serde(deserialize_with = "value::one")]
    pub state: Option<Place>,
    /// An entry that failed in this many runs in a row is set apart, and tried once a run [default: 3]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub quarantine_after: Option<Count>,
}

impl StateArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: state, quarantine_after;)
    }
}

/// What is made of entries that are set apart.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "State between runs")]
pub struct QuarantineArgs {
    /// Entries that are set apart do not count for the exit code; needs --state
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub quarantine_ok: Option<Truth>,
}

impl QuarantineArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: quarantine_ok;)
    }
}

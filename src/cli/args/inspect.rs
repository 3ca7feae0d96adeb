//! Flags of the commands that only look: `plan`, `lint`, `explain`, `configmap`, `version`.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;

use super::console::from_words;
use super::value::{self, Truth, layer};

/// What `plan` is asked beyond what a run would do.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Plan")]
pub struct PlanArgs {
    /// Exit 1 if anything would be moved
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub check: Option<Truth>,
    /// Only the lines that were added, altered or removed since HEAD parted from this commit, branch or tag
    #[arg(long, value_name = "GIT_REF")]
    #[serde(deserialize_with = "value::one")]
    pub since: Option<String>,
    /// How the plan is printed on stdout [default: text]
    #[arg(long, value_name = "FORMAT")]
    #[serde(deserialize_with = "value::one")]
    pub output: Option<PlanFormat>,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For a terminal or a log
    #[default]
    Text,
    /// For a comment on a pull request
    Markdown,
}

from_words!(PlanFormat);

impl PlanArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: check, since, output;)
    }
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object
    Json,
}

from_words!(OutputFormat);

/// What `lint` checks.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Lint")]
pub struct LintArgs {
    /// Also ask the registries whether each source exists
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub resolve: Option<Truth>,
    /// A warning is an error (exit 1)
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub strict: Option<Truth>,
    /// How findings are printed on stdout [default: text]
    #[arg(long, value_name = "FORMAT")]
    #[serde(deserialize_with = "value::one")]
    pub output: Option<OutputFormat>,
    /// A directory of job files; a mapping file that none of them reads is a finding
    #[arg(long, value_name = "DIR")]
    #[serde(deserialize_with = "value::one")]
    pub jobs_dir: Option<PathBuf>,
}

impl LintArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: resolve, strict, output, jobs_dir;)
    }
}

/// What `explain` explains.
#[derive(Debug, Clone, clap::Args)]
pub struct ExplainArgs {
    /// The target to explain, such as quay.io/openshift/origin-cli:4.12
    #[arg(value_name = "TARGET")]
    pub target: String,
}

/// What `configmap` prints.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "ConfigMap")]
pub struct ConfigmapArgs {
    /// Its name [default: image-mirror-mappings]
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub name: Option<String>,
    /// Its namespace [default: ci]
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub namespace: Option<String>,
}

impl ConfigmapArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: name, namespace;)
    }
}

/// How `version` is printed.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Version")]
pub struct VersionArgs {
    /// Print one JSON object
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub json: Option<Truth>,
}

impl VersionArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: json;)
    }
}

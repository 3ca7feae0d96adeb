//! Flags about what is copied and what counts as wrong, those of `oc image mirror` among them.

use serde::Deserialize;

use super::value::{self, Count, Pattern, Truth, layer};

/// What is compared and copied.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "What is copied")]
pub struct CopyArgs {
    /// Only the platforms os/arch[/variant] that match; makes a new index, so its digest changes [default: all]
    #[arg(long, value_name = "REGEX")]
    #[serde(deserialize_with = "value::one")]
    pub filter_by_os: Option<Pattern>,
    /// Keep manifest lists whole whatever --filter-by-os says (whole is what we keep anyway)
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub keep_manifest_list: Option<Truth>,
    /// Skip entries whose source does not exist
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub skip_missing: Option<Truth>,
    /// Attempt nothing if any line is bad (exit 2)
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub strict: Option<Truth>,
    /// Having no entry at all is fine (exit 0)
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub allow_empty: Option<Truth>,
    /// A wildcard that matches no tag is a failure
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub fail_on_empty_match: Option<Truth>,
    /// How many tags one wildcard may match [default: 10000]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub max_wildcard_tags: Option<Count>,
}

impl CopyArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under:
            filter_by_os, keep_manifest_list, skip_missing, strict, allow_empty, fail_on_empty_match,
            max_wildcard_tags;)
    }
}

/// How far below its tag an image is looked at, and what travels with it.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "What is copied")]
pub struct ContentArgs {
    /// Check that each unchanged target is whole, and send what is missing
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub verify_content: Option<Truth>,
    /// As --verify-content, and write every manifest again
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub force: Option<Truth>,
    /// Never ask a registry to mount a blob from another repository
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub skip_mount: Option<Truth>,
    /// Copy what refers to an image too: signatures, attestations, SBOMs; also what was attached to it later
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub referrers: Option<Truth>,
}

impl ContentArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: verify_content, force, skip_mount, referrers;)
    }
}

/// What only a run can be told.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
pub struct WriteArgs {
    /// Show what would be moved and write nothing (the same as `plan`)
    #[arg(long, help_heading = "Running")]
    #[serde(deserialize_with = "value::one")]
    pub dry_run: Option<Truth>,
}

impl WriteArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        Self { dry_run: self.dry_run.or(under.dry_run) }
    }
}

/// Flags of `oc image mirror` that need nothing here, or that are an error here.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Accepted from `oc image mirror`, without effect")]
pub struct OcArgs {
    /// Tokens name several repositories where the registry allows it
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub skip_multiple_scopes: Option<Truth>,
    /// Every line is attempted, always
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub continue_on_error: Option<Truth>,
    /// See --jobs and --max-per-registry
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub max_registry: Option<Count>,
    /// An error: --plain-http or --ca-file
    #[arg(long, hide = true)]
    #[serde(deserialize_with = "value::one")]
    pub insecure: Option<Truth>,
    /// An error: content is always checked
    #[arg(long, hide = true)]
    #[serde(deserialize_with = "value::one")]
    pub skip_verification: Option<Truth>,
    /// An error: blobs come from the source
    #[arg(long, hide = true)]
    #[serde(deserialize_with = "value::one")]
    pub s3_source_bucket: Option<String>,
    /// An error: oci:PATH
    #[arg(long, hide = true)]
    #[serde(deserialize_with = "value::one")]
    pub dir: Option<String>,
    /// An error: oci:PATH
    #[arg(long, hide = true)]
    #[serde(deserialize_with = "value::one")]
    pub from_dir: Option<String>,
}

impl OcArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under:
            skip_multiple_scopes, continue_on_error, max_registry, insecure, skip_verification, s3_source_bucket,
            dir, from_dir;)
    }
}

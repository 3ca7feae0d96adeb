//! Flags about a publication.

use std::path::PathBuf;

use serde::Deserialize;

use super::super::stream::WebAddress;
use super::super::value::{self, Count, Span, Truth, layer};
use super::values::{LatestWord, NumberWord, ProductName, Step, VersionName};

/// Which projects of the catalog, and what is known of them.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The catalog")]
pub struct CatalogArgs {
    /// The settings: registries, platforms, patience (docs/publish.md)
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub config: Option<PathBuf>,
    /// The products and their secrets, in JSON
    #[arg(short = 'c', long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub metadata: Option<PathBuf>,
    /// Which products [default of `plan`, `run`, `status` and `resume`: all]
    #[arg(short = 'p', long, value_name = "NAME", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub product: Vec<ProductName>,
    /// Where journals, locks and what the preflight program wrote are kept; it must outlive the run
    #[arg(long, value_name = "DIR")]
    #[serde(deserialize_with = "value::one")]
    pub state_dir: Option<PathBuf>,
    /// All steps between the `rehearsal` registries of the settings; the catalog is told nothing
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub rehearse: Option<Truth>,
}

impl CatalogArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: config, metadata, state_dir, rehearse; product)
    }
}

/// Which release.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The release")]
pub struct ReleaseArgs {
    /// The tag of the source image, such as 7.6.1-rel
    #[arg(short = 't', long, value_name = "TAG")]
    #[serde(deserialize_with = "value::one")]
    pub source_tag: Option<String>,
    /// What customers call it, such as 7.6.1
    #[arg(short = 'r', long, value_name = "VERSION")]
    #[serde(deserialize_with = "value::one")]
    pub version: Option<VersionName>,
    /// Its rebuild number [default: next]
    #[arg(short = 'b', long, value_name = "N|next")]
    #[serde(deserialize_with = "value::one")]
    pub rebuild: Option<NumberWord>,
    /// Also move the tag `latest`; `--latest=force` although a higher version is public
    #[arg(short = 'l', long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "yes")]
    #[serde(deserialize_with = "value::one")]
    pub latest: Option<LatestWord>,
}

impl ReleaseArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: source_tag, version, rebuild, latest;)
    }
}

/// How an image may look, and what is made of it.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The image")]
pub struct ImageArgs {
    /// Write one line into the history of each config, so that the catalog takes an image that it knows already; the digest changes
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub make_unique: Option<Truth>,
    /// The image may be of one architecture, without an index
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub single_arch: Option<Truth>,
    /// Leave attestations out of the index, which the catalog cannot take; the digest changes
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub strip_attestations: Option<Truth>,
    /// The source may be a staging image
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub allow_staging_source: Option<Truth>,
    /// Check the source before anything is uploaded [default: that of the settings, else true]
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub precheck: Option<Truth>,
}

impl ImageArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: make_unique, single_arch, strip_attestations, allow_staging_source, precheck;)
    }
}

/// What is made of what is there already.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Guards")]
pub struct GuardArgs {
    /// The unique tag that is there is ours, although its journal is lost: go on with it
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub adopt: Option<Truth>,
    /// Refuse a unique tag that is there, also if it is ours
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub no_resume: Option<Truth>,
    /// Run the preflight program again although the image did not pass
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub retry_preflight: Option<Truth>,
    /// Publish although customers get the same content already
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub force_publish: Option<Truth>,
    /// Ask the catalog to publish, once waiting for it was in vain (`pyxis.use: write`)
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub request_publish: Option<Truth>,
    /// Ask the catalog to take over the tags at the end (`pyxis.use: write`)
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub sync_tags: Option<Truth>,
    /// End after this step: 3 uploaded, 4 certified, 5 public [default: go to the end]
    #[arg(long, value_name = "STEP")]
    #[serde(deserialize_with = "value::one")]
    pub stop_after: Option<Step>,
}

impl GuardArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under:
            adopt, no_resume, retry_preflight, force_publish, request_publish, sync_tags, stop_after;)
    }
}

/// How long others are waited for.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Waiting")]
pub struct WaitArgs {
    /// Between two looks at the public registry [default: that of the settings, else 10s]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub poll_interval: Option<Span>,
    /// How long an image may take to become public [default: that of the settings, else 1h]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub publish_timeout: Option<Span>,
    /// How long a tag may take to move [default: that of the settings, else 1h]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub tag_timeout: Option<Span>,
    /// Wait as the old script did: a look every 3s, for 10 minutes
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub poll_compat: Option<Truth>,
}

impl WaitArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: poll_interval, publish_timeout, tag_timeout, poll_compat;)
    }
}

/// How much is published at once.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The batch")]
pub struct BatchArgs {
    /// Publish no more than so many images in one run [default: all that are due]
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub max_publish: Option<Count>,
}

impl BatchArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: max_publish;)
    }
}

/// Which version of a product.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The version")]
pub struct OfVersionArgs {
    /// What customers call it, such as 7.6.1 [default of `status`: all]
    #[arg(short = 'r', long, value_name = "VERSION")]
    #[serde(deserialize_with = "value::one")]
    pub version: Option<VersionName>,
}

impl OfVersionArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: version;)
    }
}

/// What the tags of a version are to be again.
#[derive(Debug, Clone, Copy, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The version")]
pub struct RollbackArgs {
    /// The rebuild number that its tags are to be again
    #[arg(long, value_name = "N")]
    #[serde(deserialize_with = "value::one")]
    pub to: Option<NumberWord>,
    /// Also move the tag `latest`
    #[arg(short = 'l', long)]
    #[serde(deserialize_with = "value::one")]
    pub latest: Option<Truth>,
}

impl RollbackArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: to, latest;)
    }
}

/// Which preflight program, and where to.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The program")]
pub struct InstallArgs {
    /// Its version, such as 1.14.1
    #[arg(long, value_name = "VERSION")]
    #[serde(deserialize_with = "value::one")]
    pub version: Option<String>,
    /// The sha256 of the file, in hex
    #[arg(long, value_name = "HEX")]
    #[serde(deserialize_with = "value::one")]
    pub sha256: Option<String>,
    /// Where it is downloaded from [default: the releases of openshift-preflight on GitHub]
    #[arg(long, value_name = "URL")]
    #[serde(deserialize_with = "value::one")]
    pub url: Option<WebAddress>,
    /// The file that it becomes; if it is that already, nothing is downloaded
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub to: Option<PathBuf>,
}

impl InstallArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: version, sha256, url, to;)
    }
}

/// Which catalog is asked.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The catalog")]
pub struct SupportedArgs {
    /// The settings [default: those of the catalog in use]
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub config: Option<PathBuf>,
}

impl SupportedArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: config;)
    }
}

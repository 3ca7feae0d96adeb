//! Flags about a stream: which, what of it, where that belongs, and what the file says afterwards.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;

use super::super::console::from_words;
use super::super::nightly_values::Epoch;
use super::super::value::{self, Truth, layer};
use super::SignatureRule;
use super::values::{Glob, OcpVersion, PrefixMap, Status, WebAddress};

/// Which stream.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The stream")]
pub struct SourceArgs {
    /// The stream file: a path, an address, or - for standard input; also a `ConfigMap` that holds one
    #[arg(long, value_name = "FILE|URL")]
    #[serde(deserialize_with = "value::one")]
    pub src: Option<String>,
    /// Which stream of a file that holds several [default: the one that `data.stream` is]
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "value::one")]
    pub stream_key: Option<String>,
}

impl SourceArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: src, stream_key;)
    }
}

/// Which artifacts.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Which artifacts")]
pub struct ArtifactArgs {
    /// Only these architectures, such as `x86_64` or amd64 [default: all]
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub arch: Vec<Glob>,
    /// Only these platforms, such as metal or 'azure*' [default: all]
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub artifact: Vec<Glob>,
    /// Only these formats, such as iso or '*.gz' [default: all]
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub format: Vec<Glob>,
    /// Only these files of a format: disk, kernel, initramfs, rootfs [default: all]
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub kind: Vec<Glob>,
    /// A pattern that matches nothing is a warning
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub allow_unmatched: Option<Truth>,
    /// Locations may be files of this machine (file:///…)
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub allow_file: Option<Truth>,
}

impl ArtifactArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: allow_unmatched, allow_file; arch, artifact, format, kind)
    }
}

/// Whose rewritten prefixes keys must allow for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AliasesName {
    /// None
    None,
    /// Those of mirror.openshift.com, which serves some folders under other names than they are stored by
    #[value(name = "mirror.openshift.com")]
    MirrorOpenshift,
}

from_words!(AliasesName);

/// Where each artifact belongs.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Where it belongs")]
pub struct LayoutArgs {
    /// build, prerelease, release, flat, or a path with `{arch} {goarch} {arch_suffix} {ocp} {stream} {release} {artifact} {format} {kind} {name}` [default: build]
    #[arg(long, value_name = "LAYOUT")]
    #[serde(deserialize_with = "value::one")]
    pub layout: Option<String>,
    /// The version of OpenShift that {ocp} is [default: that in the stream's name, with a warning]
    #[arg(long, value_name = "X.Y")]
    #[serde(deserialize_with = "value::one")]
    pub ocp: Option<OcpVersion>,
    /// The release that the layout `release` is of, such as 4.19.0
    #[arg(long, value_name = "X.Y.Z")]
    #[serde(deserialize_with = "value::one")]
    pub version: Option<String>,
    /// Store under the names that this server serves folders by [default: none]
    #[arg(long, value_name = "SERVER")]
    #[serde(deserialize_with = "value::one")]
    pub key_aliases: Option<AliasesName>,
}

impl LayoutArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: layout, ocp, version, key_aliases;)
    }
}

/// Whose addresses are rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScopeWord {
    /// Those of the artifacts that were selected
    Selected,
    /// All
    All,
}

from_words!(ScopeWord);

/// What the stream file says afterwards.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The stream file afterwards")]
pub struct RewriteArgs {
    /// What addresses of the mirror begin with
    #[arg(long, value_name = "URL")]
    #[serde(deserialize_with = "value::one")]
    pub url: Option<WebAddress>,
    /// Replace what addresses begin with, in place of --url; the longest match counts
    #[arg(long, value_name = "OLD=NEW", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub map: Vec<PrefixMap>,
    /// Whose addresses are rewritten [default: selected]
    #[arg(long, value_name = "WHICH")]
    #[serde(deserialize_with = "value::one")]
    pub scope: Option<ScopeWord>,
    /// Leave out what was not selected
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub drop_unselected: Option<Truth>,
    /// Say in `metadata` when it was changed, and by what
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub touch: Option<Truth>,
    /// Where the rewritten file goes: a path, or - for standard output
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub dest_stream: Option<PathBuf>,
    /// A file that says for each new address what the old one was
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub origins: Option<PathBuf>,
}

impl RewriteArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: url, scope, drop_unselected, touch, dest_stream, origins; map)
    }
}

/// What the environment alone says of the time at which a file was changed (`SOURCE_DATE_EPOCH`).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Dated {
    /// That time.
    #[serde(deserialize_with = "value::one")]
    pub source_date_epoch: Option<Epoch>,
}

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LevelWord {
    /// It is there, and not empty
    Head,
    /// Its directory's list of sums has its sha256, too
    Checksum,
    /// It is fetched and hashed
    Deep,
}

from_words!(LevelWord);

/// What is asked of each artifact.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "What is asked")]
pub struct ValidateArgs {
    /// What addresses must begin with, any of these [default: anything]
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub require_prefix: Vec<WebAddress>,
    /// How much is looked at [default: head]
    #[arg(long, value_name = "LEVEL")]
    #[serde(deserialize_with = "value::one")]
    pub level: Option<LevelWord>,
    /// What becomes of signatures: require asks for them too [default: skip]
    #[arg(long = "signatures", value_name = "RULE")]
    #[serde(deserialize_with = "value::one")]
    pub signatures: Option<SignatureRule>,
    /// Ask for container images by their digests, too
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub check_containers: Option<Truth>,
    /// Only what this stream file does not have
    #[arg(long, value_name = "FILE|URL")]
    #[serde(deserialize_with = "value::one")]
    pub changed_since: Option<String>,
    /// Statuses that say that a file is missing [default: 404,410, and 403 below --require-prefix]
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub missing_status: Vec<Status>,
}

impl ValidateArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: level, signatures, check_containers, changed_since; require_prefix, missing_status)
    }
}

/// What the addresses of an installer under test become.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Where from, in a test")]
pub struct ResolveArgs {
    /// What addresses begin with (`OPENSHIFT_INSTALL_COREOS_STREAM_PREFIX`)
    #[arg(long, value_name = "URL")]
    #[serde(deserialize_with = "value::one")]
    pub prefix: Option<WebAddress>,
    /// Use --staging-prefix where there is no --prefix (`OPENSHIFT_INSTALL_CI_COREOS_BOOTIMAGES`)
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub use_staging: Option<Truth>,
    /// What addresses of the staging tree begin with
    #[arg(long, value_name = "URL")]
    #[serde(deserialize_with = "value::one")]
    pub staging_prefix: Option<WebAddress>,
    /// How the tree under the prefix is laid out: art-releases, art-prod, or a layout [default: as --layout]
    #[arg(long, value_name = "LAYOUT")]
    #[serde(deserialize_with = "value::one")]
    pub prefix_layout: Option<String>,
    /// What addresses begin with in the stream file
    #[arg(long, value_name = "URL")]
    #[serde(deserialize_with = "value::one")]
    pub url: Option<WebAddress>,
    /// A file that says for each address what it was before
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub origins: Option<PathBuf>,
    /// Where the file goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub dest_stream: Option<PathBuf>,
}

impl ResolveArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: prefix, use_staging, staging_prefix, prefix_layout, url, origins, dest_stream;)
    }
}

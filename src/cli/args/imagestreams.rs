//! Flags of `imagestreams` and `serve`: what is mirrored, where it is read and where it goes.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Deserialize;

use super::console::from_words;
use super::value::{self, HostName, RepositoryName, Truth, layer};
use crate::imagestreams::{Exclusion, IsTag, KeepTag, Namespace, StreamName};

/// What is mirrored, and where to.
#[derive(Debug, clap::Args)]
pub struct WantedArgs {
    /// Which images.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Where ImageStreams are read.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Where images go.
    #[command(flatten)]
    pub names: NamesArgs,
}

/// Which images: what a configuration names and what flags pick.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "What is mirrored")]
pub struct SelectionArgs {
    /// The configuration: supplementalCIImages, artImages, ignoredSources, qciToAppCIImages
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub config: Option<PathBuf>,
    /// All ImageStreams of a namespace; may be repeated or separated by commas
    #[arg(short = 'n', long, value_name = "NAMESPACE", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub namespace: Vec<Namespace>,
    /// All tags of an ImageStream
    #[arg(long, value_name = "NAMESPACE/NAME", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub stream: Vec<StreamName>,
    /// One tag; it is an error when it has no image
    #[arg(long, value_name = "NAMESPACE/NAME:TAG", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub tag: Vec<IsTag>,
    /// Every ImageStream of the cluster
    #[arg(short = 'A', long)]
    #[serde(deserialize_with = "value::one")]
    pub all_namespaces: Option<Truth>,
    /// Not this namespace, ImageStream or tag, of what these flags pick
    #[arg(long, value_name = "NAMESPACE[/NAME[:TAG]]", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub exclude: Vec<Exclusion>,
    /// Having nothing at all to mirror is fine (exit 0)
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub allow_empty: Option<Truth>,
}

impl SelectionArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: config, all_namespaces, allow_empty; namespace, stream, tag, exclude)
    }
}

/// Where ImageStreams are read.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Where ImageStreams are read")]
pub struct ClusterArgs {
    /// What `oc get imagestreams -o yaml` or `-o json` wrote, in place of a cluster; `-` is standard input; may be repeated
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    #[serde(deserialize_with = "value::list")]
    pub from_file: Vec<PathBuf>,
    /// How the cluster is reached [default: KUBECONFIG, else ~/.kube/config, else as the pod that this runs in]
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "value::one")]
    pub context: Option<String>,
}

impl ClusterArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: kubeconfig, context; from_file)
    }
}

/// Where images go, and what they are called there.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Where images go")]
pub struct NamesArgs {
    /// The repository that images go to, as tags `NAMESPACE_NAME_TAG`: quay.io/openshift/ci. Required
    #[arg(long, value_name = "REPOSITORY")]
    #[serde(deserialize_with = "value::one")]
    pub target_repository: Option<RepositoryName>,
    /// By which second tag a pruner keeps away from images [default: dated]
    #[arg(long, value_name = "SCHEME")]
    #[serde(deserialize_with = "value::one")]
    pub keep_tag: Option<KeepTagWord>,
    /// The registry of the cluster [default: of sources what each ImageStream says; of qciToAppCIImages registry.ci.openshift.org]
    #[arg(long, value_name = "HOST")]
    #[serde(deserialize_with = "value::one")]
    pub source_registry: Option<HostName>,
    /// Read images from where they were imported from, not from the cluster's registry
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub use_image_reference: Option<Truth>,
    /// The proxy under which clusters read the target repository [default: quay-proxy.ci.openshift.org]
    #[arg(long, value_name = "HOST")]
    #[serde(deserialize_with = "value::one")]
    pub proxy_host: Option<HostName>,
}

impl NamesArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under: target_repository, keep_tag, source_registry, use_image_reference, proxy_host;)
    }
}

/// The second tag of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeepTagWord {
    /// `YYYYMMDD_sha256_HEX`, for the image that comes and for the one that goes
    Dated,
    /// `YYYYMMDDhhmmss_prune___ci_images_mirror__TAG`, for the image that goes
    Backup,
    /// None: what goes may be collected at once
    None,
}

from_words!(KeepTagWord);

impl From<KeepTagWord> for KeepTag {
    fn from(word: KeepTagWord) -> Self {
        match word {
            KeepTagWord::Dated => Self::Dated,
            KeepTagWord::Backup => Self::Backup,
            KeepTagWord::None => Self::None,
        }
    }
}

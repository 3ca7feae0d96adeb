//! Flags of `nightly`: the parameters of the job that it replaces, and where ImageStreams are.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use super::nightly_values::{AssemblyName, Epoch, PathName, Skip, Words};
use super::value::{self, Span, Truth, layer};
use super::{ConnectionArgs, ContentArgs, PaceArgs, PolicyArgs, WriteArgs};
use crate::nightly::payload::Version;

/// `nightly`.
#[derive(Debug, clap::Args)]
pub struct NightlyCommand {
    /// What is asked for.
    #[command(flatten)]
    pub parameters: ParameterArgs,
    /// Where ImageStreams are.
    #[command(flatten)]
    pub streams: NightlyStreamArgs,
    /// How far images are looked at.
    #[command(flatten)]
    pub content: ContentArgs,
    /// What may be written.
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Whether anything is written.
    #[command(flatten)]
    pub write: WriteArgs,
    /// How much at a time and how long.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// How registries are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// The parameters. Their variables have the names that the job knows them by.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "The payload")]
pub struct ParameterArgs {
    /// The assembly, which the payload file must be of [default: the file's]
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "value::one")]
    pub assembly: Option<AssemblyName>,
    /// The version, which the payload file must be of [default: the file's]
    #[arg(long, value_name = "X.Y")]
    #[serde(deserialize_with = "value::one")]
    pub build_version: Option<Version>,
    /// The payload file, or a directory with VERSION/ASSEMBLY.yaml or payload.yaml [default: payload.yaml]
    #[arg(long, value_name = "PATH", visible_alias = "doozer-data-path")]
    #[serde(deserialize_with = "value::one")]
    pub data_path: Option<String>,
    /// Without effect: the payload file is as it lies there
    #[arg(long, value_name = "REF", hide = true, alias = "doozer-data-gitref")]
    #[serde(deserialize_with = "value::one")]
    pub data_gitref: Option<String>,
    /// Only these image definitions, by name, the stand-in among them; other tags of ImageStreams stay [default: all]
    #[arg(long, value_name = "NAMES")]
    #[serde(deserialize_with = "value::one")]
    pub images: Option<Words>,
    /// Leave these architectures of the file alone, such as s390x,arm64 [default: none]
    #[arg(long, value_name = "ARCHES")]
    #[serde(deserialize_with = "value::one")]
    pub exclude_arches: Option<Words>,
    /// The organization, on the file's registry, that images go to [default: the file's]
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "value::one")]
    pub organization: Option<PathName>,
    /// The repository for what anyone may see [default: the file's]
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "value::one")]
    pub repository: Option<PathName>,
    /// The repository for all images, embargoed ones included [default: the file's]
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "value::one")]
    pub private_repository: Option<PathName>,
    /// The repository of release images for all architectures [default: the file's]
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "value::one")]
    pub release_repository: Option<PathName>,
    /// Go on although something is inconsistent; only for assemblies of type stream
    #[arg(long, help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub emergency_ignore_issues: Option<Truth>,
    /// Acknowledge that permits for `EMBARGOED_CONTENT` make embargoed builds public; never in a stream
    #[arg(long, help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub embargo_permit_ack: Option<Truth>,
    /// Make no release for all architectures [default: auto, as the file says]
    #[arg(long, value_name = "true|false|auto", help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub skip_multi_arch_payload: Option<Skip>,
    /// Make a release image of each ImageStream too, and push it
    #[arg(long, help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub publish: Option<Truth>,
    /// Have another nightly made of what the ImageStreams hold, and do nothing else; needs --cluster
    #[arg(long, help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub retrigger_current_nightly: Option<Truth>,
    /// Print the parameters in effect and do nothing (exit 2)
    #[arg(long, help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub mock: Option<Truth>,
    /// Where this run can be looked at; it is written on the ImageStreams
    #[arg(long, value_name = "URL", help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub build_url: Option<String>,
    /// All times in release images, in seconds since 1970 [default: when their base was made]
    #[arg(long, value_name = "SECONDS", help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub source_date_epoch: Option<Epoch>,
    /// Without effect: nobody is mailed, and the text of the mail is a file among the artifacts
    #[arg(long, help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub suppress_email: Option<Truth>,
    /// Say what is done and why, as -v does
    #[arg(long, help_heading = "Output")]
    #[serde(deserialize_with = "value::one")]
    pub debug: Option<Truth>,
}

impl ParameterArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under:
            assembly, build_version, data_path, data_gitref, images, exclude_arches, organization, repository,
            private_repository, release_repository, emergency_ignore_issues, embargo_permit_ack,
            skip_multi_arch_payload, publish, retrigger_current_nightly, mock, build_url, source_date_epoch,
            suppress_email, debug;)
    }

    /// A list that may be left out.
    pub(in crate::cli) fn words(list: Option<Words>) -> Vec<Arc<str>> {
        list.map(|Words(words)| words).unwrap_or_default()
    }
}

/// Where ImageStreams are, and what is waited for.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Where ImageStreams are")]
pub struct NightlyStreamArgs {
    /// ImageStreams are files of this directory, NAMESPACE/NAME.yaml [default: imagestreams]
    #[arg(long, value_name = "DIR")]
    #[serde(deserialize_with = "value::one")]
    pub imagestream_dir: Option<PathBuf>,
    /// ImageStreams are in a cluster, and not in files
    #[arg(long)]
    #[serde(deserialize_with = "value::one")]
    pub cluster: Option<Truth>,
    /// How the cluster is reached [default: KUBECONFIG, else ~/.kube/config, else as the pod that this runs in]
    #[arg(long, value_name = "FILE")]
    #[serde(deserialize_with = "value::one")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig [default: its current one]
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "value::one")]
    pub context: Option<String>,
    /// How long to wait for the cluster to import what changed [default: not at all; with --publish 10m]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub wait_import: Option<Span>,
    /// How long the tag of --retrigger-current-nightly stays [default: 120s]
    #[arg(long, value_name = "TIME")]
    #[serde(deserialize_with = "value::one")]
    pub retrigger_wait: Option<Span>,
    /// Do nothing unless the stand-in (`pod`) is there for each architecture, needed or not [default: true]
    #[arg(long, help_heading = "What is done")]
    #[serde(deserialize_with = "value::one")]
    pub strict_pod: Option<Truth>,
    /// A file that counts failures in a row, for the notices [default: nobody counts]
    #[arg(long, value_name = "FILE", help_heading = "Running")]
    #[serde(deserialize_with = "value::one")]
    pub state_file: Option<PathBuf>,
}

impl NightlyStreamArgs {
    /// What was typed, over `under`.
    #[must_use]
    pub fn over(self, under: Self) -> Self {
        layer!(self over under:
            imagestream_dir, cluster, kubeconfig, context, wait_import, retrigger_wait, strict_pod, state_file;)
    }
}

/// The command without the flag that it has only to refuse it, and with its own words for what it shares with others.
pub(super) fn in_its_own_words(command: clap::Command) -> clap::Command {
    command
        .mut_arg("referrers", |arg| arg.hide(true))
        .mut_arg("dry_run", |arg| arg.help("End with the plan: nothing is written but artifacts and reports"))
        .mut_arg("artifacts", |arg| {
            arg.help("Where reports, plan and notices go [default: no reports; the plan is in ./gen-payload-artifacts]")
        })
}

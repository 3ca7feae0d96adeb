//! Makes the release controller look at the nightlies again: a tag of its ImageStream comes and goes.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::imagestream::{Backend, BackendError, ClusterStreams};
use super::payload::{BuildSystem, STREAM, Version};
use super::{Arch, Privacy, StreamName, names};
use crate::engine::Stop;
use crate::error::{Chain, Class, Classify, Failure, Stage};
use crate::model::{Locator, Outcome, Reason, Row, Update};

/// The tag that comes and goes.
pub const TAG: &str = "trigger-release-controller";
/// What it names: any image that can be imported.
const IMAGE: &str = "registry.access.redhat.com/ubi9";
/// Nightlies of this architecture are waited for by tests since this version.
const AARCH64_SINCE: (u32, u32) = (4, 11);
/// The base namespace of nightlies.
const NAMESPACE: &str = "ocp";

/// Why nothing can be retriggered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetriggerError {
    /// Only nightlies can.
    #[error("RETRIGGER_CURRENT_NIGHTLY is for the assembly `stream`, and ASSEMBLY is `{0}`")]
    Assembly(String),
    /// ImageStreams are files, which nobody watches.
    #[error("RETRIGGER_CURRENT_NIGHTLY takes a cluster, and the ImageStreams are files")]
    Files,
    /// All of them are excluded.
    #[error("EXCLUDE_ARCHES leaves no nightly of {0} to retrigger")]
    NothingLeft(Version),
}

impl Classify for RetriggerError {
    fn class(&self) -> Class {
        Class::Invalid
    }

    fn advice(&self) -> Option<String> {
        Some(match self {
            Self::Assembly(_) => "leave ASSEMBLY out, or RETRIGGER_CURRENT_NIGHTLY".to_owned(),
            Self::Files => "name a kubeconfig instead of `--imagestream-dir`".to_owned(),
            Self::NothingLeft(_) => {
                "x86_64 is retriggered, and aarch64 from 4.11 on: leave one of them out of EXCLUDE_ARCHES"
                    .to_owned()
            }
        })
    }
}

/// The ImageStreams whose nightlies are made anew.
///
/// # Errors
/// The assembly is not `stream`; no architecture is left.
pub fn streams(
    (version, build_system): (Version, BuildSystem),
    assembly: &str,
    excluded: &[Arch],
) -> Result<Vec<StreamName>, RetriggerError> {
    if assembly != STREAM {
        return Err(RetriggerError::Assembly(assembly.to_owned()));
    }
    let is_tested = |arch: &Arch| match arch {
        Arch::X86_64 => true,
        Arch::Aarch64 => (version.major, version.minor) >= AARCH64_SINCE,
        Arch::Ppc64le | Arch::S390x => false,
    };
    let arches = [Arch::X86_64, Arch::Aarch64].into_iter().filter(is_tested);
    let base = names::latest_name(version, build_system);
    let named = |arch| {
        let suffix = names::suffix(arch, Privacy::Public);
        StreamName {
            namespace: format!("{NAMESPACE}{suffix}").into(),
            name: format!("{base}{suffix}").into(),
        }
    };
    let streams: Vec<_> = arches.filter(|arch| !excluded.contains(arch)).map(named).collect();
    if streams.is_empty() { Err(RetriggerError::NothingLeft(version)) } else { Ok(streams) }
}

/// How nightlies are retriggered.
#[derive(Debug, Clone)]
pub struct Options {
    /// Nothing is written.
    pub is_dry_run: bool,
    /// How long the tag stays, for the release controller to see it.
    pub wait: Duration,
    /// Once asked, the tag is deleted at once.
    pub stop: Stop,
}

/// An ImageStream is not there.
#[derive(Debug, thiserror::Error)]
#[error("there is no ImageStream {0}")]
struct Absent(StreamName);

impl Classify for Absent {
    fn class(&self) -> Class {
        Class::Missing
    }

    fn advice(&self) -> Option<String> {
        Some("see that BUILD_VERSION is right and the kubeconfig leads to the right cluster".to_owned())
    }
}

/// The tag was put, and cannot be deleted.
#[derive(Debug, thiserror::Error)]
#[error("the tag {stream}:{TAG} is left behind")]
struct LeftBehind {
    stream: StreamName,
    #[source]
    cause: BackendError,
}

impl Classify for LeftBehind {
    fn class(&self) -> Class {
        self.cause.class()
    }

    fn attempts(&self) -> u32 {
        self.cause.attempts()
    }

    fn advice(&self) -> Option<String> {
        let StreamName { namespace, name } = &self.stream;
        let own = self.cause.advice().map(|own| format!("; {own}")).unwrap_or_default();
        Some(format!(
            "delete it by hand with `oc delete -n {namespace} istag {name}:{TAG}`, or run this again{own}"
        ))
    }
}

/// Retriggers each of `streams`, all at the same time; a row for each. However it ends, the tag is gone, or the row says
/// that it is not. Not to be dropped on the way.
pub async fn retrigger(cluster: &ClusterStreams, streams: &[StreamName], options: &Options) -> Vec<Row> {
    join_all(streams.iter().map(|stream| of_one(cluster, stream, options))).await
}

async fn of_one(cluster: &ClusterStreams, stream: &StreamName, options: &Options) -> Row {
    let began = Instant::now();
    let outcome = outcome(cluster, stream, options).await.unwrap_or_else(|failure| failure);
    let origin = stream.origin(Some(TAG));
    let target = Locator::Text(format!("{stream}:{TAG}").into());
    let row = Row::of_nothing(origin, None, (Locator::Text(IMAGE.into()), target), outcome);
    Row { elapsed: began.elapsed(), ..row }
}

async fn outcome(
    cluster: &ClusterStreams,
    stream: &StreamName,
    options: &Options,
) -> Result<Outcome, Outcome> {
    let Options { is_dry_run, wait, stop } = options;
    let unless_stopped =
        || if stop.gently.is_cancelled() { Err(Outcome::Unfinished(stop.cause())) } else { Ok(()) };
    unless_stopped()?;
    let live = cluster.get(stream).await.map_err(|error| failed(Stage::Plan, error))?;
    let Some(live) = live else { return Err(failed(Stage::Plan, Absent(stream.clone()))) };
    if *is_dry_run {
        return Ok(Outcome::Planned(Reason::Absent));
    }
    if super::imagestream::object::has_tag(&live, TAG) {
        tracing::warn!("{stream}:{TAG} was left behind by an earlier run: it is deleted first");
        cluster.delete_tag(stream, TAG).await.map_err(|error| failed(Stage::Delete, error))?;
    }
    unless_stopped()?;
    let put = cluster.put_tag(stream, TAG, IMAGE).await;
    if put.is_ok() {
        tracing::info!("{stream}:{TAG} is put for {}", humantime::format_duration(*wait));
        let _ = tokio::time::timeout(*wait, stop.gently.cancelled()).await;
    }
    // Also where it failed: the tag may be there all the same.
    let deleted = delete(cluster, stream).await;
    put.map_err(|error| failed(Stage::Transfer, error))?;
    deleted?;
    unless_stopped()?;
    Ok(Outcome::Updated(Update::Retriggered))
}

/// Deletes the tag, and sees that it is gone.
async fn delete(cluster: &ClusterStreams, stream: &StreamName) -> Result<(), Outcome> {
    let deleted = cluster.delete_tag(stream, TAG).await;
    deleted.map_err(|cause| {
        let error = LeftBehind { stream: stream.clone(), cause };
        tracing::warn!("{}", Chain(&error));
        failed(Stage::Delete, error)
    })
}

fn failed(stage: Stage, error: impl Classify) -> Outcome {
    Outcome::of_failure(Failure::new(stage, error))
}

//! `imagestreams`, the whole program: ImageStreams in, tags of one repository out.

mod cluster;
mod decisions;
mod keep_tags;
mod many;
mod refused;
mod stopped;

use image_mirror::imagestreams::{Asked, KeepTag, Names, Selection};
use image_mirror::model::{Digest, Host, Reference};

use crate::support::{FakeRegistry, Image, Ran, Run, StreamList};

/// The repository that images go to.
pub(crate) const CI: &str = "openshift/ci";

/// A cluster with its registry, and the registry that its images go to.
pub(crate) struct World {
    pub(crate) source: FakeRegistry,
    pub(crate) target: FakeRegistry,
    pub(crate) streams: StreamList,
}

impl World {
    pub(crate) async fn start() -> Self {
        let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
        let streams = StreamList::of(source.host());
        Self { source, target, streams }
    }

    /// The cluster has `image` as `namespace/name:tag`.
    pub(crate) fn offer(&mut self, istag: &str, image: &Image) {
        let (namespace, name, tag) = crate::support::streams::istag(istag);
        self.source.put_image(&format!("{namespace}/{name}"), tag, image);
        self.streams.put(istag, &image.digest);
    }

    /// The program over the ImageStreams as they are now, with these words more.
    pub(crate) fn run(&self, words: &[&str]) -> Run {
        let to = format!("{}/{CI}", self.target.host());
        Run::new(["imagestreams", "--from-file", "streams.json", "--target-repository", &to])
            .args(words)
            .file("streams.json", self.streams.json())
    }

    /// As [`World::run`], with a configuration.
    pub(crate) fn run_with(&self, config: &str, words: &[&str]) -> Run {
        self.run(&["--config", "_config.yaml"]).args(words).file("_config.yaml", config)
    }

    /// What a tag of the repository is.
    pub(crate) fn tag(&self, tag: &str) -> Option<Digest> {
        self.target.tag_digest(CI, tag)
    }

    pub(crate) fn clear_logs(&self) {
        self.source.clear_log();
        self.target.clear_log();
    }
}

/// Everything that ImageStreams say, to [`CI`] at `host`.
pub(crate) fn everything(host: &str) -> Asked {
    let names = Names {
        target: Reference::parse(&format!("{host}/{CI}")).unwrap().repository,
        proxy_host: Host::new("quay-proxy.ci.openshift.org"),
        cluster_registry: None,
        keep: KeepTag::Dated,
        use_image_reference: false,
    };
    let selection = Selection { all_namespaces: true, ..Selection::default() };
    Asked { config: None, selection, names }
}

/// Today as keep tags write it.
pub(crate) fn today() -> String {
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    now.chars().filter(char::is_ascii_digit).take(8).collect()
}

/// The dated keep tag of an image.
pub(crate) fn dated(image: &Image) -> String {
    format!("{}_sha256_{}", today(), image.digest.hex())
}

/// The reason of the one row there is.
pub(crate) fn only_row(ran: &Ran) -> serde_json::Value {
    let rows = ran.rows();
    assert_eq!(rows.len(), 1, "{ran}");
    rows[0].clone()
}

//! A payload of two architectures: what was built for both, what was built alone, and RHCOS somewhere else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use image_mirror::model::{Digest, Host, ImageRef};
use image_mirror::nightly::multi::{Entries, Entry, Error, Input, Multi, make};
use image_mirror::nightly::payload::{AssemblyType, Destination, Version};
use image_mirror::nightly::publish::Means;
use image_mirror::nightly::{Arch, Payload};
use serde_json::Value;

use crate::nightly::payloads;
use crate::nightly::publish::images::{VERSIONS, image};
use crate::nightly::publish::{by_digest, means};
use crate::support::{FakeRegistry, Image, Index};

pub(super) const COMPONENTS: &str = "org/art-dev";
pub(super) const RELEASES: &str = "org/ocp-release-nightly";
pub(super) const ARCHES: [Arch; 2] = [Arch::S390x, Arch::X86_64];

/// One registry with everything.
pub(super) struct World {
    pub(super) registry: FakeRegistry,
    pub(super) payload: Payload,
    pub(super) entries: Entries,
    pub(super) live: Option<Value>,
    pub(super) now: SystemTime,
    annotations: BTreeMap<String, String>,
}

impl World {
    pub(super) async fn start() -> Self {
        let registry = FakeRegistry::start().await;
        let mut world = Self {
            payload: payload(registry.host(), "stream", AssemblyType::Stream),
            registry,
            entries: Entries::new(),
            live: None,
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            annotations: BTreeMap::from([("release.openshift.io/build-url".to_owned(), "u".to_owned())]),
        };
        world.offer("cluster-version-operator", COMPONENTS, 10, true);
        world.offer("cli", COMPONENTS, 20, false);
        world.offer("rhel-coreos", "coreos/rhel-coreos", 30, false);
        world
    }

    /// Puts an image for each architecture into `repository`, in one index or each alone.
    fn offer(&mut self, tag: &str, repository: &str, seed: u64, in_index: bool) {
        let images = ARCHES.map(|arch| image_for(arch, seed));
        let index = images.iter().fold(Index::docker(), Index::child).build();
        for image in &images {
            self.registry.put_untagged(repository, image);
        }
        if in_index {
            self.registry.put_untagged(repository, &index);
        }
        let host = self.registry.host();
        let list = in_index.then(|| by_digest(host, repository, &index.digest));
        let entry = |(arch, image): (Arch, &Image)| {
            let image = by_digest(host, repository, &image.digest);
            (arch, Entry { component: format!("ose-{tag}").into(), image, list: list.clone() })
        };
        self.entries.insert(Arc::from(tag), ARCHES.into_iter().zip(&images).map(entry).collect());
    }

    pub(super) async fn make(&self, is_dry_run: bool) -> Result<Multi, Error> {
        self.make_by(&means(is_dry_run)).await
    }

    pub(super) async fn make_by(&self, means: &Means) -> Result<Multi, Error> {
        let input = Input {
            payload: &self.payload,
            entries: &self.entries,
            live: self.live.as_ref(),
            annotations: &self.annotations,
            tag_annotations: &BTreeMap::new(),
            now: self.now,
            created: None,
        };
        make(means, &input).await
    }

    pub(super) fn image(&self, tag: &str, arch: Arch) -> &ImageRef {
        &self.entries[tag][&arch].image
    }

    /// A manifest of the registry, as JSON.
    pub(super) fn manifest(&self, repository: &str, reference: &str) -> Value {
        let bytes = self.registry.manifest(repository, reference);
        serde_json::from_slice(&bytes.unwrap_or_else(|| panic!("no {repository}:{reference}"))).unwrap()
    }

    pub(super) fn blob(&self, repository: &str, digest: &str) -> Vec<u8> {
        self.registry.blob(repository, &Digest::parse(digest).unwrap()).expect("the blob is there").to_vec()
    }
}

fn image_for(arch: Arch, seed: u64) -> Image {
    let seed = seed + u64::from(arch == Arch::S390x);
    let image = image(seed, &[(VERSIONS, "kubectl=1.30.1")], &[("bin/x", "x")]);
    Image { platform: Some(format!("linux/{}", arch.go())), ..image }
}

pub(super) fn payload(host: &str, assembly: &str, kind: AssemblyType) -> Payload {
    let mut payload = payloads::payload(Vec::new());
    payload.version = Version { major: 4, minor: 10 };
    (payload.assembly.name, payload.assembly.kind) = (assembly.into(), kind);
    payload.arches = ARCHES.to_vec();
    payload.destination = Destination {
        registry: Host::new(host),
        organization: "org".into(),
        repository: "art-dev".into(),
        publish_registry: Host::new(host),
        ..payload.destination
    };
    payload.imagestream.name = Some("4.10-art-latest".into());
    payload.multi_arch.is_enabled = true;
    payload
}

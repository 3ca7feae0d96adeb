//! Payloads made by hand, whose builds are in a fake registry.

use std::collections::BTreeMap;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use image_mirror::model::{Digest, ImageRef, Reference, Version};
use image_mirror::nightly::Arch;
use image_mirror::nightly::payload::{
    Build, ImageDefinition, Nvr, Payload, RhcosContainer, SourceDefinition,
};
use image_mirror::registry::{Client, Credentials, Options};
use serde_json::{Value, json};

use crate::support::{FakeRegistry, Image, Index};

/// Where builds are.
pub(super) const BUILDS: &str = "builds/art";

pub(super) fn client() -> Client {
    let wait = Duration::from_millis(1);
    let options = Options { backoff_min: wait, backoff_max: wait, attempts: 2, ..Options::default() };
    Client::new(options, Credentials::anonymous(), Credentials::anonymous()).unwrap()
}

/// A stream assembly of 4.19 for two architectures, of these images.
pub(super) fn payload(images: Vec<ImageDefinition>) -> Payload {
    let text = include_str!("../../data/nightly/minimal.yaml");
    let text = text.replace("4.20.3", "stream").replace("4.20", "4.19").replace("[amd64]", "[x86_64, s390x]");
    let payload = Payload::read(&"payload.yaml".into(), &text).unwrap();
    Payload { images, ..payload }
}

/// The definition of an image with this build, at `line`.
pub(super) fn definition(name: &str, line: u32, build: Build) -> ImageDefinition {
    ImageDefinition {
        name: name.into(),
        image_name: format!("openshift/ose-{name}").into(),
        payload_tag: None,
        is_for_payload: true,
        is_for_release: true,
        arches: None,
        source: SourceDefinition::default(),
        is_hermetic: false,
        build: Some(Build { line: line + 1, ..build }),
        public_build: None,
        line,
    }
}

/// A build by its NVR and where it is.
pub(super) fn build(nvr: &str, pullspec: ImageRef) -> Build {
    Build {
        nvr: Nvr::parse(nvr).unwrap(),
        pullspec,
        arch_pullspecs: BTreeMap::new(),
        is_embargoed: None,
        is_hermetic: None,
        commit: None,
        packages: None,
        line: 0,
    }
}

pub(super) fn container(name: &str, is_primary: bool, images: &[(Arch, ImageRef)]) -> RhcosContainer {
    RhcosContainer { name: name.into(), is_primary, images: images.iter().cloned().collect(), line: 90 }
}

/// An image of `registry` by `TAG` or by digest.
pub(super) fn at(registry: &FakeRegistry, repository: &str, version: &str) -> ImageRef {
    let separator = if version.contains(':') { '@' } else { ':' };
    let text = format!("{}/{repository}{separator}{version}", registry.host());
    let Reference { repository, tag, digest, .. } = Reference::parse(&text).unwrap();
    let version = digest.map(Version::Digest).or(tag.map(Version::Tag)).unwrap();
    ImageRef::new(repository, version)
}

pub(super) fn in_builds(registry: &FakeRegistry, digest: &Digest) -> ImageRef {
    at(registry, BUILDS, digest.as_str())
}

/// An image for `arch` with labels and environment.
pub(super) fn image(arch: Arch, labels: &[(&str, &str)], env: &[&str], layer: &[u8]) -> Image {
    let labels: serde_json::Map<_, _> =
        labels.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let config = json!({
        "os": "linux", "architecture": arch.go(), "config": {"Labels": labels, "Env": env},
        "rootfs": {"type": "layers", "diff_ids": []},
    });
    let platform = format!("linux/{}", arch.go());
    Image::oci().platform(&platform).config(config.to_string()).layer(layer).build()
}

/// The images of a build in an index, of each of `arches`.
pub(super) fn list(seed: &str, arches: &[Arch]) -> Image {
    let children = arches.iter().map(|arch| {
        let env = [format!("SOURCE_GIT_COMMIT={seed}1234"), "SOURCE_GIT_URL=https://git.test/o/r".to_owned()];
        let env = env.each_ref().map(String::as_str);
        image(*arch, &[("version", "v4.19.0")], &env, format!("{seed} {arch}").as_bytes())
    });
    children.fold(Index::oci(), |index, child| index.child(&child)).build()
}

/// A layer with these files.
pub(super) fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

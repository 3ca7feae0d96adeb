//! Streams made by hand, for tests.

use std::collections::BTreeSet;
use std::sync::Arc;

use url::Url;

use super::document::{Artifact, Change, File, Place, Stream};
use super::location;
use crate::model::Digest;

/// A stream that lists these.
pub(super) fn stream(name: &str, artifacts: impl IntoIterator<Item = Artifact>) -> Stream {
    let mut artifacts: Vec<_> = artifacts.into_iter().collect();
    for (at, artifact) in artifacts.iter_mut().enumerate() {
        artifact.line = u32::try_from(10 * (at + 1)).expect("few");
    }
    let architectures: BTreeSet<_> =
        artifacts.iter().map(|artifact| Arc::clone(&artifact.place.arch)).collect();
    Stream {
        file: "stream.json".into(),
        name: name.into(),
        last_modified: Some("2021-02-23T11:34:06Z".into()),
        architectures: architectures.into_iter().collect(),
        platforms: Vec::new(),
        artifacts,
        containers: Vec::new(),
        clouds: vec!["aws".into()],
    }
}

/// An artifact at `place` (`x86_64/qemu/qcow2.gz/disk`), whose content is its URL.
pub(super) fn artifact(place: &str, release: &str, location: &str) -> Artifact {
    let mut names = place.split('/').map(Arc::from);
    let mut next = || names.next().expect("four names");
    let place = Place { arch: next(), artifact: next(), format: next(), kind: next() };
    let location = Url::parse(location).expect("a URL");
    let name = location::names(&location).and_then(|names| names.last().cloned()).expect("a name");
    let file = File {
        sha256: Digest::of(location.as_str().as_bytes()),
        name: name.into(),
        uncompressed: None,
        uncompressed_fault: None,
        signature: None,
        location,
    };
    Artifact { place, line: 1, release: Some(release.into()), file: Ok(file) }
}

/// The same, with a signature beside it.
pub(super) fn signed(place: &str, release: &str, location: &str) -> Artifact {
    with_file(artifact(place, release, location), |file| {
        file.signature = Some(Url::parse(&format!("{location}.sig")).expect("a URL"));
    })
}

/// The same artifact with another file.
pub(super) fn with_file(mut artifact: Artifact, change: impl FnOnce(&mut File)) -> Artifact {
    change(artifact.file.as_mut().expect("a file"));
    artifact
}

/// A build of 4.8 as ART first had it: two architectures, two builds, all signed.
pub(super) fn first() -> Stream {
    let file = |arch: &str, release: &str, rest: &str| {
        let suffix = if arch == "x86_64" { "8".to_owned() } else { format!("7-{arch}") };
        format!(
            "https://releases-art-rhcos.svc.ci.openshift.org/art/storage/releases/rhcos-4.{suffix}/{release}/{arch}/rhcos-{release}-{rest}"
        )
    };
    let one = |place: &str, release: &str, rest: &str| {
        let arch = place.split('/').next().expect("an architecture");
        signed(place, release, &file(arch, release, rest))
    };
    let (s390x, x86_64) = ("47.83.202102090311-0", "48.83.202102230316-0");
    stream(
        "rhcos-4.8",
        [
            one("s390x/openstack/qcow2.gz/disk", s390x, "openstack.s390x.qcow2.gz"),
            one("s390x/qemu/qcow2.gz/disk", s390x, "qemu.s390x.qcow2.gz"),
            one("x86_64/metal/pxe/kernel", x86_64, "live-kernel-x86_64"),
            one("x86_64/metal/pxe/rootfs", x86_64, "live-rootfs.x86_64.img"),
            one("x86_64/qemu/qcow2.gz/disk", x86_64, "qemu.x86_64.qcow2.gz"),
        ],
    )
}

/// All of its artifacts.
pub(super) fn all(stream: &Stream) -> Vec<usize> {
    (0..stream.artifacts.len()).collect()
}

/// Where everything is, and its signature.
pub(super) fn locations(stream: &Stream) -> Vec<(String, Option<String>)> {
    let files = stream.artifacts.iter().filter_map(|artifact| artifact.file.as_ref().ok());
    files.map(|file| (file.location.to_string(), file.signature.as_ref().map(Url::to_string))).collect()
}

/// The stream as it is after `changes` of locations and signatures.
pub(super) fn changed(stream: &Stream, changes: &[Change]) -> Stream {
    let mut stream = stream.clone();
    let url = |text: &String| Url::parse(text).expect("a URL");
    for change in changes {
        match change {
            Change::Location { artifact, url: text } => {
                stream.artifacts[*artifact].file.as_mut().expect("a file").location = url(text);
            }
            Change::Signature { artifact, url: text } => {
                stream.artifacts[*artifact].file.as_mut().expect("a file").signature = text.as_ref().map(url);
            }
            other => panic!("{other:?}"),
        }
    }
    stream
}

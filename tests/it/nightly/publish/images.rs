//! Images of a payload: labels, and a last layer that is an archive.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::nightly::payloads::layer;
use crate::support::Image;
use crate::support::image::{ImageBuilder, digest_of};

/// When all images here were made.
pub(crate) const CREATED: &str = "2026-01-02T03:04:05.678Z";
pub(crate) const OPERATOR: &str = "io.openshift.release.operator";
pub(crate) const VERSIONS: &str = "io.openshift.build.versions";

/// An image with these labels whose last layer holds these files.
pub(crate) fn image(seed: u64, labels: &[(&str, &str)], files: &[(&str, &str)]) -> Image {
    of_builder(Image::docker(), seed, labels, files)
}

pub(crate) fn of_builder(
    builder: ImageBuilder,
    seed: u64,
    labels: &[(&str, &str)],
    files: &[(&str, &str)],
) -> Image {
    let labels: BTreeMap<_, _> = labels.iter().copied().collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "created": CREATED,
        "config": {"Labels": labels, "Entrypoint": ["/usr/bin/run"]},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(&[1]), digest_of(&[2])]},
        "history": [{"created_by": "a test"}, {"created_by": "a test"}],
    });
    builder.layer_of(2048, seed).layer(layer(files)).config(config.to_string()).build()
}

/// The files of a gzipped archive, in their order there.
pub(crate) fn unpacked(layer: &[u8]) -> Vec<(String, String)> {
    let mut archive = tar::Archive::new(GzDecoder::new(layer));
    let mut files = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.push((path, text));
    }
    files
}

const REFERENCES: &str = "\
kind: ImageStream
apiVersion: image.openshift.io/v1
spec:
  tags:
  - name: etcd
    from: {kind: DockerImage, name: quay.io/openshift/origin-etcd}
  - name: cli
    from: {kind: DockerImage, name: 'quay.io/openshift/origin-cli:v4.0'}
";

const DEPLOYMENT: &str = "\
image: quay.io/openshift/origin-etcd:v4.0
args: [--cli=quay.io/openshift/origin-cli:v4.0, --other=quay.io/openshift/origin-etcd-other:v4.0]
versions: {release: 0.0.1-snapshot, kubectl: 0.0.1-snapshot-kubectl, os: 0.0.1-snapshot-machine-os}
";

/// The images of a small payload by tag: two operators, the base, what they need and what nobody needs.
pub(crate) fn payload() -> BTreeMap<&'static str, Image> {
    let told = [
        ("io.openshift.build.commit.id", "abc1234"),
        ("io.openshift.build.source-location", "https://example.com/etcd"),
        ("maintainer", "nobody"),
    ];
    let operator = [(OPERATOR, "true"), ("io.openshift.build.commit.ref", "main")];
    BTreeMap::from([
        ("cluster-version-operator", image(1, &[("version", "old")], &[("bin/cvo", "x")])),
        (
            "etcd-operator",
            image(
                2,
                &operator,
                &[
                    ("manifests/image-references", REFERENCES),
                    ("manifests/0000_20_etcd.yaml", DEPLOYMENT),
                    ("manifests/role.yaml", "kind: Role\n"),
                    ("manifests/nested/skipped.yaml", "no"),
                    ("bin/etcd-operator", "0.0.1-snapshot"),
                ],
            ),
        ),
        ("etcd", image(3, &told, &[("manifests/ignored.yaml", "no operator's")])),
        ("cli", image(4, &[(VERSIONS, "kubectl=1.30.1")], &[("bin/oc", "x")])),
        ("rhel-coreos", image(5, &[(VERSIONS, "machine-os=419.94.202601-0")], &[("etc/os", "x")])),
        ("unused", image(6, &[(OPERATOR, "")], &[("manifests/unused.yaml", "no operator's")])),
        (
            "zz-operator",
            image(7, &[(OPERATOR, "true")], &[("manifests/0000_20_etcd.yaml", "0.0.1-snapshot")]),
        ),
    ])
}

/// What a blob or manifest says, as JSON.
pub(crate) fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

//! A release in a real registry, judged by skopeo.

use std::collections::BTreeMap;

use image_mirror::nightly::publish::publish;
use serde_json::Value;

use super::images::{json_of, payload, unpacked};
use super::{NAME, RELEASES, means, pull_spec, release, tagged};
use crate::engine::word;
use crate::support::image::digest_of;
use crate::support::{Image, Judge, RealRegistry, skopeo, skopeo_raw, succeeded};

async fn offer(registry: &RealRegistry, images: &BTreeMap<&'static str, Image>) {
    let judge = Judge::anonymous(registry.host());
    for (tag, image) in images {
        judge.push("org/art-dev", tag, image).await;
    }
}

/// The manifest and the files of the last layer, as skopeo copies the image to a folder.
async fn copied(registry: &RealRegistry) -> (Value, Vec<(String, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) =
        (format!("docker://{}", registry.image(RELEASES, NAME)), format!("dir:{}", folder.path().display()));
    succeeded(skopeo(&["copy", "--src-tls-verify=false", "--preserve-digests", &from, &to]).await);
    let manifest = json_of(&std::fs::read(folder.path().join("manifest.json")).unwrap());
    let last = manifest["layers"].as_array().unwrap().last().unwrap()["digest"].as_str().unwrap();
    let layer = std::fs::read(folder.path().join(last.trim_start_matches("sha256:"))).unwrap();
    let files = unpacked(&layer);
    (manifest, files)
}

#[tokio::test]
async fn skopeo_finds_the_files_of_a_release_in_its_last_layer_and_two_builds_are_one() {
    let (source, one, other) =
        (RealRegistry::open().await, RealRegistry::open().await, RealRegistry::open().await);
    let images = payload();
    offer(&source, &images).await;
    let mut digests = Vec::new();
    // The third goes to where the images are.
    for target in [&one, &other, &source] {
        let release = release(source.host(), &images, tagged(target.host(), RELEASES, NAME));
        let row = publish(&means(false), &release).await.row;
        assert_eq!(word(&row), "copied", "{row:?}");
        let raw = skopeo_raw(&target.image(RELEASES, NAME), None).await;
        assert_eq!(Some(digest_of(&raw)), row.digest);
        digests.push(row.digest);
        assert_eq!(word(&publish(&means(false), &release).await.row), "kept");
    }
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[0], digests[2]);

    let (manifest, files) = copied(&one).await;
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 3);
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "release-manifests/",
        "release-manifests/0000_20_etcd.yaml",
        "release-manifests/0000_20_etcd_2.yaml",
        "release-manifests/0000_50_etcd-operator_role.yaml",
        "release-manifests/image-references",
        "release-manifests/release-metadata",
    ];
    assert_eq!(names, expected);
    for (name, text) in &files {
        assert!(!text.contains("0.0.1-snapshot"), "{name}: {text}");
    }
    assert!(files[1].1.contains(&pull_spec(&images["etcd"])), "{}", files[1].1);
}

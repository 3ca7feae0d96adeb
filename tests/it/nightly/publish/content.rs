//! What is in a release image.

use std::time::{Duration, SystemTime};

use image_mirror::nightly::publish::publish;
use serde_json::json;

use super::images::json_of;
use super::{NAME, RELEASES, World, means, pull_spec, release, tagged};
use crate::engine::word;
use crate::support::{FakeRegistry, Image};

#[tokio::test]
async fn the_layer_holds_the_references_the_metadata_and_all_manifests_as_they_are_to_be() {
    let world = World::start().await;
    assert_eq!(word(&world.publish(&world.release()).await), "copied");
    let files = world.files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "release-manifests/",
            "release-manifests/0000_20_etcd.yaml",
            "release-manifests/0000_20_etcd_2.yaml",
            "release-manifests/0000_50_etcd-operator_role.yaml",
            "release-manifests/image-references",
            "release-manifests/release-metadata",
        ]
    );
    let deployment = &files["release-manifests/0000_20_etcd.yaml"];
    assert_eq!(
        *deployment,
        format!(
            "image: {}\nargs: [--cli={}, --other=quay.io/openshift/origin-etcd-other:v4.0]\n\
             versions: {{release: {NAME}, kubectl: 1.30.1, os: 419.94.202601-0}}\n",
            pull_spec(&world.images["etcd"]),
            pull_spec(&world.images["cli"]),
        )
    );
    assert_eq!(files["release-manifests/0000_20_etcd_2.yaml"], NAME);
    let left: Vec<_> = files.iter().filter(|(_, text)| text.contains("0.0.1-snapshot")).collect();
    assert!(left.is_empty(), "{left:?}");
    let metadata = json!({"kind": "cincinnati-metadata-v0", "version": NAME, "previous": [], "metadata": {}});
    assert_eq!(json_of(files["release-manifests/release-metadata"].as_bytes()), metadata);
}

#[tokio::test]
async fn the_references_name_each_image_by_its_pull_spec_and_say_what_its_labels_say() {
    let world = World::start().await;
    world.publish(&world.release()).await;
    let text = &world.files()["release-manifests/image-references"];
    assert!(text.starts_with("{\n  \"apiVersion\""), "indented by two: {text}");
    let stream = json_of(text.as_bytes());
    assert_eq!(stream["kind"], "ImageStream");
    assert_eq!(stream["apiVersion"], "image.openshift.io/v1");
    let metadata = json!({
        "name": NAME,
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "annotations": {"release.openshift.io/from-image-stream": "ocp/4.19-art-assembly-rc.1"},
    });
    assert_eq!(stream["metadata"], metadata);
    let tags = stream["spec"]["tags"].as_array().unwrap();
    let names: Vec<_> = tags.iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    // `unused` and `rhel-coreos` are no operators, and no operator refers to them.
    assert_eq!(names, ["cli", "cluster-version-operator", "etcd", "etcd-operator", "zz-operator"]);
    for tag in tags {
        let image = &world.images[tag["name"].as_str().unwrap()];
        assert_eq!(tag["from"], json!({"kind": "DockerImage", "name": pull_spec(image)}));
    }
    let told = json!({
        "io.openshift.build.commit.id": "abc1234",
        "io.openshift.build.source-location": "https://example.com/etcd",
    });
    assert_eq!(tags[2]["annotations"], told);
    assert_eq!(tags[0]["annotations"], json!({"io.openshift.build.versions": "kubectl=1.30.1"}));
    assert_eq!(tags[3]["annotations"], json!({"io.openshift.build.commit.ref": "main"}));
}

#[tokio::test]
async fn the_config_is_that_of_the_base_with_the_labels_of_a_release() {
    let world = World::start().await;
    world.publish(&world.release()).await;
    let manifest = world.manifest();
    let config = json_of(&world.blob(manifest["config"]["digest"].as_str().unwrap()));
    let base = &world.images["cluster-version-operator"];
    let labels = json!({
        "io.openshift.release": NAME,
        "io.openshift.release.base-image-digest": base.digest,
    });
    assert_eq!(config["config"], json!({"Labels": labels, "Entrypoint": ["/usr/bin/run"]}));
    assert_eq!(config["created"], "2026-01-02T03:04:05Z");
    assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), 3);
    assert_eq!(config["history"].as_array().unwrap().len(), 3);
    assert_eq!(config["history"][2]["created"], "2026-01-02T03:04:05Z");
    assert_eq!(config["architecture"], "amd64");
}

#[tokio::test]
async fn two_builds_are_one_image_and_the_time_they_are_told_makes_another() {
    let (one, other) = (World::start().await, World::start().await);
    let (first, second) = (one.publish(&one.release()).await, other.publish(&other.release()).await);
    assert_eq!(first.digest, second.digest);

    let told = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut dated = other.release();
    (dated.created, dated.target) = (Some(told), tagged(other.target.host(), RELEASES, "4.19.0-dated"));
    let dated = publish(&means(true), &dated).await.row;
    assert!(dated.digest.is_some() && dated.digest != first.digest, "{dated:?}");
}

#[tokio::test]
async fn a_release_for_all_architectures_says_so_and_is_made_from_the_base_that_it_is_told() {
    let world = World::start().await;
    let mut release = world.release();
    release.architecture = Some("multi".into());
    release.base = Some(release.members["cli"].image.clone());
    world.publish(&release).await;
    let metadata = json_of(world.files()["release-manifests/release-metadata"].as_bytes());
    assert_eq!(metadata["metadata"], json!({"release.openshift.io/architecture": "multi"}));
    let of_cli = world.images["cli"].layers()[0].digest.to_string();
    assert_eq!(world.layers()[0], of_cli);
}

#[tokio::test]
async fn an_oci_base_makes_an_oci_release() {
    let mut images = super::images::payload();
    let base = super::images::of_builder(Image::oci(), 8, &[], &[("bin/cvo", "x")]);
    images.insert("cluster-version-operator", base);
    let registry = FakeRegistry::start().await;
    for image in images.values() {
        registry.put_untagged("org/art-dev", image);
    }
    let release = release(registry.host(), &images, tagged(registry.host(), RELEASES, NAME));
    assert_eq!(word(&publish(&means(false), &release).await.row), "copied");
    let manifest = json_of(&registry.manifest(RELEASES, NAME).unwrap());
    assert_eq!(manifest["layers"][2]["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.oci.image.config.v1+json");
}

//! Container images that a stream lists.

use std::fs;

use serde_json::{Value, json};

use crate::stream::world::{QEMU, URL, World, row};
use crate::support::image::random_bytes;
use crate::support::{FakeRegistry, Image, Kind, Ran};

struct Scene {
    world: World,
    source: FakeRegistry,
    target: FakeRegistry,
    listed: Image,
}

/// The tag names another image by now.
async fn scene() -> Scene {
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    let (listed, newer) = (Image::oci().layer_of(900, 1).build(), Image::oci().layer_of(900, 2).build());
    source.put_untagged("coreos/kubevirt", &listed);
    source.put_image("coreos/kubevirt", "latest", &newer);
    let mut world = World::new().await;
    world.list(QEMU, random_bytes(500, 1));
    let image = source.image("coreos/kubevirt", "latest");
    let digest_ref = format!("{}/coreos/kubevirt@{}", source.host(), listed.digest);
    let release = world.release.clone();
    world
        .containers
        .insert("x86_64".to_owned(), json!({"release": release, "image": image, "digest-ref": digest_ref}));
    Scene { world, source, target, listed }
}

impl Scene {
    async fn run(&self, words: &[&str]) -> Ran {
        let repository = format!("{}/r/x", self.target.host());
        let run =
            self.world.mirror(&["--containers", &repository, "--url", URL, "--dest-stream", "out.json"]);
        run.args(words).run().await
    }
}

// 14.70, 14.71
#[tokio::test]
async fn a_container_image_is_copied_by_its_digest_wherever_its_tag_went() {
    let Scene { ref target, ref listed, ref source, .. } = scene_run().await;
    assert!(target.holds("r/x", "9.6.20250121-0-amd64", listed));
    assert_eq!(target.tags("r/x"), ["9.6.20250121-0-amd64"]);
    assert!(
        !source.requests().iter().any(|request| request.path.ends_with("/latest")),
        "nobody asked for the tag"
    );
}

async fn scene_run() -> Scene {
    let scene = scene().await;
    let ran = scene.run(&[]).await.exits(0);
    let out: Value =
        serde_json::from_str(&fs::read_to_string(ran.folder().join("out.json")).unwrap()).unwrap();
    let container = &out["architectures"]["x86_64"]["images"]["kubevirt"];
    let repository = format!("{}/r/x", scene.target.host());
    assert_eq!(container["image"], format!("{repository}:9.6.20250121-0-amd64"));
    assert_eq!(container["digest-ref"], format!("{repository}@{}", scene.listed.digest));
    scene
}

#[tokio::test]
async fn a_container_image_that_fails_keeps_the_stream_file_back() {
    let scene = scene().await;
    scene.source.delete_manifest("coreos/kubevirt", &scene.listed.digest);
    let ran = scene.run(&["--publish-stream", "rhcos.json"]).await.exits(1);
    assert_eq!(row(&ran, QEMU)["outcome"], "copied", "{ran}");
    assert!(!scene.world.at("rhcos.json").exists() && !ran.folder().join("out.json").exists(), "{ran}");
    assert_eq!(scene.target.count(Kind::PutManifest), 0);
}

#[tokio::test]
async fn a_container_image_without_a_digest_is_a_bad_stream_file() {
    let mut scene = scene().await;
    scene.world.containers.get_mut("x86_64").unwrap()["digest-ref"] = "quay.io/a/b:c".into();
    let ran = scene.run(&[]).await.exits(2);
    assert!(ran.stderr.contains("digest-ref"), "{ran}");
    assert!(scene.world.server.asked().is_empty());
    scene.world.mirror(&[]).run().await.exits(0);
}

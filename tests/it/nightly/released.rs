//! `PUBLISH` through the program: a release image of each payload at the registry where they are published.

use std::collections::BTreeMap;

use image_mirror::model::Digest;
use serde_json::{Value, json};

use super::publish::images::{json_of, unpacked};
use super::whole::{PRIVATE, PUBLIC, World, count};
use super::world::{Build, Payload, embargoed_operator, member, operator, payload};
use crate::support::{Image, any};

const NAME: &str = "4.19.0-rc.1";
const SUFFIXES: [&str; 8] =
    ["", "-priv", "-s390x", "-s390x-priv", "-ppc64le", "-ppc64le-priv", "-arm64", "-arm64-priv"];

/// A candidate whose releases can be made: the base, an operator, and an image that none refers to.
fn candidate() -> Payload {
    let mut payload = payload(0);
    payload.assembly = "  name: rc.1\n  type: candidate\n".to_owned();
    payload.members.extend([
        operator("cluster-version-operator", 1),
        operator("etcd", 2),
        member("unused", 3, None),
    ]);
    payload
}

/// The same of a stream, whose operator `etcd` is embargoed.
fn with_embargo() -> Payload {
    let mut payload = candidate();
    payload.assembly = "  name: stream\n  type: stream\n".to_owned();
    payload.members[2] = embargoed_operator("etcd", 2);
    payload
}

fn repository(suffix: &str) -> String {
    format!("ocp{suffix}/release{suffix}")
}

/// The files that were added to a release image.
fn files(world: &World, suffix: &str, name: &str) -> BTreeMap<String, String> {
    let repository = repository(suffix);
    let manifest = world.target.manifest(&repository, name);
    let manifest = json_of(&manifest.unwrap_or_else(|| panic!("there is no {repository}:{name}")));
    let last = manifest["layers"].as_array().unwrap().last().unwrap()["digest"].as_str().unwrap().to_owned();
    let layer = world.target.blob(&repository, &Digest::parse(&last).unwrap()).expect("it is there");
    unpacked(&layer).into_iter().collect()
}

/// Each tag of a release, and the image that it names.
fn references(files: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let stream = json_of(files["release-manifests/image-references"].as_bytes());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tags = stream["spec"]["tags"].as_array().unwrap().iter();
    tags.map(|tag| (text(&tag["name"]), text(&tag["from"]["name"]))).collect()
}

fn build(payload: &Payload, at: usize) -> &Build {
    payload.members[at].build.as_ref().unwrap()
}

#[tokio::test]
async fn each_payload_has_a_release_image_and_a_second_run_keeps_them_all() {
    let payload = candidate();
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &["--publish"]).run().await.exits(0);

    for (suffix, arch) in SUFFIXES.iter().zip(payload.arches.iter().flat_map(|arch| [arch, arch])) {
        let repository = repository(suffix);
        assert_eq!(world.target.tags(&repository), [NAME], "{repository}");
        let files = files(&world, suffix, NAME);
        let from = if suffix.ends_with("-priv") { PRIVATE } else { PUBLIC };
        let expected = [(1, "cluster-version-operator"), (2, "etcd")].map(|(at, tag)| {
            let digest = &build(&payload, at).images[arch].digest;
            (tag.to_owned(), format!("{}/{from}@{digest}", world.target.host()))
        });
        assert_eq!(references(&files), expected, "{suffix}");
        assert_eq!(files["release-manifests/0000_20_etcd.yaml"], build(&payload, 2).nvr);
        let stream = format!("ocp{suffix}/4.19-art-assembly-rc.1{suffix}");
        assert!(files["release-manifests/image-references"].contains(&format!("\"{stream}\"")));
    }
    world.target.assert_tags_were_always_whole();
    let is_release = |row: &&Value| row["target"].as_str().unwrap().ends_with(&format!(":{NAME}"));
    let released = ran.rows_that("copied");
    assert_eq!(released.iter().filter(is_release).count(), 8, "{ran}");

    world.clear_logs();
    let again = world.run(&payload, &["--publish"]).run().await.exits(0);
    assert_eq!(count(&again, "kept"), again.rows().len(), "{again}");
    assert_eq!(again.rows().len(), ran.rows().len());
    world.assert_only_read();
}

#[tokio::test]
async fn a_dry_run_only_reads_and_says_which_release_images_there_would_be() {
    let payload = candidate();
    let world = World::holding(&payload).await;
    let dry = world.run(&payload, &["--publish", "--dry-run"]).run().await.exits(0);
    world.assert_only_read();
    assert_eq!(world.target.repositories(), Vec::<String>::new());

    let ran = world.run(&payload, &["--publish"]).run().await.exits(0);
    let digests = |ran: &crate::support::Ran| {
        let rows = ran.rows().into_iter().filter(|row| row["target"].as_str().unwrap().ends_with(NAME));
        rows.map(|row| (row["target"].clone(), row["digest"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(digests(&dry).len(), 8, "{dry}");
    assert!(digests(&dry).iter().all(|(_, digest)| digest.is_string()), "{dry}");
    assert_eq!(digests(&dry), digests(&ran));
}

#[tokio::test]
async fn a_release_of_a_partial_update_has_the_other_tags_of_its_stream() {
    let mut payload = candidate();
    let world = World::holding(&payload).await;
    world.run(&payload, &[]).run().await.exits(0);
    assert_eq!(world.target.tags(&repository("")), Vec::<String>::new(), "PUBLISH was not asked for");

    let before = build(&payload, 2).clone();
    payload.members[2] = operator("etcd", 7);
    payload.members[1] = operator("cluster-version-operator", 8);
    world.offer(&payload);
    let images = "openshift-enterprise-pod cluster-version-operator";
    world.run(&payload, &["--publish", "--images", images]).run().await.exits(0);

    let arch = &payload.arches[0];
    let named = |digest: &Digest| format!("{}/{PUBLIC}@{digest}", world.target.host());
    let expected = [
        ("cluster-version-operator".to_owned(), named(&build(&payload, 1).images[arch].digest)),
        ("etcd".to_owned(), named(&before.images[arch].digest)),
    ];
    let files = files(&world, "", NAME);
    assert_eq!(references(&files), expected);
    assert_eq!(files["release-manifests/0000_20_etcd.yaml"], before.nvr);
    assert!(
        !world.target.manifests(PUBLIC).contains(&build(&payload, 2).images[arch].digest),
        "it was not asked for"
    );
}

// 18.64, 18.120
#[tokio::test]
async fn what_somebody_took_back_is_in_the_release_as_it_is_in_the_stream() {
    let mut payload = candidate();
    let world = World::holding(&payload).await;
    world.run(&payload, &[]).run().await.exits(0);
    let good = build(&payload, 2).clone();
    payload.members[2] = operator("etcd", 7);
    world.offer(&payload);
    let (arch, name) = (payload.arches[0], "ocp/4.19-art-assembly-rc.1");
    let bad = format!("{}/{PUBLIC}@{}", world.target.host(), build(&payload, 2).images[&arch].digest);
    let mut stream = world.stream(name);
    let mut tags = stream["spec"]["tags"].as_array_mut().unwrap().iter_mut();
    tags.find(|tag| tag["name"] == "etcd").unwrap()["annotations"] = json!({"reverted-from": bad});
    std::fs::write(world.streams().join(format!("{name}.yaml")), serde_yaml::to_string(&stream).unwrap())
        .unwrap();

    world.run(&payload, &["--publish"]).run().await.exits(0);

    let etcd = |suffix: &str| references(&files(&world, suffix, NAME))[1].1.clone();
    assert!(etcd("").ends_with(good.images[&arch].digest.as_str()), "{}", etcd(""));
    assert_eq!(files(&world, "", NAME)["release-manifests/0000_20_etcd.yaml"], good.nvr);
    let newer = &build(&payload, 2).images[&payload.arches[1]].digest;
    assert!(etcd("-s390x").ends_with(newer.as_str()), "nobody took that back: {}", etcd("-s390x"));
}

#[tokio::test]
async fn nothing_of_an_embargoed_build_is_in_the_public_release_and_all_of_it_in_the_private_one() {
    let payload = with_embargo();
    let world = World::holding(&payload).await;
    world.run(&payload, &["--publish"]).run().await.exits(0);

    let newer = build(&payload, 2);
    let public = payload.members[2].public_build.as_ref().unwrap();
    let name = "4.19.0-stream";
    for (arch, suffix) in payload.arches.iter().zip(["", "-s390x", "-ppc64le", "-arm64"]) {
        let open = files(&world, suffix, name);
        let text = format!("{open:?}");
        for digest in newer
            .images
            .values()
            .chain([&newer.index])
            .flat_map(all_of)
            .filter(|digest| !is_in(public, digest))
        {
            assert!(!text.contains(digest.hex()), "{suffix}: {digest}");
            assert!(!world.target.has_blob(&repository(suffix), &digest), "{suffix}: {digest}");
        }
        assert!(!text.contains(&newer.nvr) && text.contains(&public.nvr), "{suffix}: {text}");
        let closed = files(&world, &format!("{suffix}-priv"), name);
        assert_eq!(closed["release-manifests/0000_20_etcd.yaml"], newer.nvr);
        let expected = format!("{}/{PRIVATE}@{}", world.target.host(), newer.images[arch].digest);
        assert_eq!(references(&closed)[1], ("etcd".to_owned(), expected));
    }
}

/// The digests of all that an image is made of.
fn all_of(image: &Image) -> impl Iterator<Item = Digest> {
    let blobs = image.blobs.iter().map(|blob| blob.digest.clone());
    blobs.chain([image.digest.clone()]).collect::<Vec<_>>().into_iter()
}

fn is_in(build: &Build, digest: &Digest) -> bool {
    build.images.values().chain([&build.index]).flat_map(all_of).any(|own| own == *digest)
}

// 18.113
#[tokio::test]
async fn an_assembly_that_no_version_can_be_called_is_refused_before_anything_is_asked_of_the_target() {
    let mut payload = candidate();
    payload.assembly = "  name: my_hotfix\n  type: custom\n".to_owned();
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &["--publish"]).run().await.exits(2);
    assert_eq!(world.target.requests_on(any()).len(), 0, "the target was asked");
    assert!(!world.streams().exists(), "an ImageStream was made");
    let reason = ran.rows_that("failed")[0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("my_hotfix"), "{reason}");

    world.run(&payload, &[]).run().await.exits(0);
    assert!(world.streams().join("ocp/4.19-art-assembly-my_hotfix.yaml").exists(), "only PUBLISH minds");
}

#[tokio::test]
async fn a_stream_that_is_locked_has_no_release_and_that_is_said() {
    let payload = candidate();
    let world = World::holding(&payload).await;
    let stream = "ocp/4.19-art-assembly-rc.1";
    let locked = "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata:\n  name: 4.19-art-assembly-rc.1\n  \
                  namespace: ocp\n  annotations: {release.openshift.io/mode: locked}\nspec: {tags: []}\n";
    std::fs::create_dir_all(world.streams().join("ocp")).unwrap();
    std::fs::write(world.streams().join(format!("{stream}.yaml")), locked).unwrap();

    let ran = world.run(&payload, &["--publish"]).run().await.exits(0);

    // The ImageStream, and the release that is not made of it.
    let origins: Vec<_> =
        ran.rows_that("skipped").iter().map(|row| row["origin"]["stream"].clone()).collect();
    assert_eq!(origins, [stream, stream], "{ran}");
    assert_eq!(world.target.tags(&repository("")), Vec::<String>::new());
    assert_eq!(world.target.tags(&repository("-priv")), [NAME]);
}

#[tokio::test]
async fn the_release_of_nightlies_has_one_name_and_moves_on_and_that_of_a_candidate_never_does() {
    let (mut nightly, mut rc) = (candidate(), candidate());
    nightly.assembly = "  name: stream\n  type: stream\n".to_owned();
    for (payload, name, code) in [(&mut nightly, "4.19.0-stream", 0), (&mut rc, NAME, 1)] {
        let world = World::holding(payload).await;
        world.run(payload, &["--publish"]).run().await.exits(0);
        let before = world.target.tag_digest(&repository(""), name).unwrap();
        payload.members[2] = operator("etcd", 99);
        world.offer(payload);
        let ran = world.run(payload, &["--publish"]).run().await.exits(code);
        let has_moved = world.target.tag_digest(&repository(""), name).unwrap() != before;
        assert_eq!((has_moved, count(&ran, "refused")), (code == 0, if code == 0 { 0 } else { 8 }), "{ran}");
    }
}

#[tokio::test]
async fn where_images_may_not_go_no_release_goes_either() {
    let payload = candidate();
    let world = World::holding(&payload).await;
    let allowed = format!("{}/openshift-release-dev/**", world.target.host());
    let ran = world.run(&payload, &["--publish", "--allow-target", &allowed]).run().await.exits(1);
    let refused = ran.rows_that("refused");
    assert_eq!(refused.len(), 8, "each release: {ran}");
    assert!(refused.iter().all(|row| row["reason"].as_str().unwrap().contains("--allow-target")), "{ran}");
    assert_eq!(world.target.tags(&repository("")), Vec::<String>::new());
}

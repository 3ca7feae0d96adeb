//! Releases for all architectures, on the wire.

mod world;

use std::sync::Arc;
use std::time::Duration;

use image_mirror::nightly::Arch;
use image_mirror::nightly::multi::names::release_name;
use image_mirror::nightly::multi::tags::Standing;
use image_mirror::nightly::multi::{Error, Multi};
use image_mirror::nightly::payload::AssemblyType;
use serde_json::{Value, json};

use super::publish::images::unpacked;
use crate::engine::word;
use crate::support::image::digest_of;
use crate::support::registry::Fault;
use crate::support::{Kind, on, writes};
use world::{COMPONENTS, RELEASES, World, payload};

const NAME: &str = "4.10.0-0.nightly-multi-2023-11-14-221320";

fn words(multi: &Multi) -> Vec<&'static str> {
    multi.rows.iter().map(word).collect()
}

fn assert_only_read(world: &World) {
    assert_eq!(world.registry.count(writes()), 0, "{:#?}", world.registry.requests_on(writes()));
}

/// The files of the release image of one architecture, by their names in `release-manifests`.
fn file(world: &World, arch: &str, name: &str) -> Value {
    let manifest = world.manifest(RELEASES, &format!("{NAME}-{arch}"));
    let last = manifest["layers"].as_array().unwrap().last().unwrap()["digest"].as_str().unwrap().to_owned();
    let files = unpacked(&world.blob(RELEASES, &last));
    let wanted = format!("release-manifests/{name}");
    let (_, text) = files.into_iter().find(|(name, _)| *name == wanted).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn releases_are_named_by_their_assembly_and_their_time() {
    // 18.102
    let now = std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let name = |assembly, kind| release_name(&payload("quay.io", assembly, kind), now);
    assert_eq!(name("stream", AssemblyType::Stream).unwrap().as_str(), NAME);
    let custom = "4.10.0-0.art-assembly-spam-multi-2023-11-14-221320";
    assert_eq!(name("spam", AssemblyType::Custom).unwrap().as_str(), custom);
    assert!(name("my_spam", AssemblyType::Custom).is_err());
}

#[tokio::test]
async fn a_release_is_an_index_over_release_images_made_of_indexes() {
    let world = World::start().await;
    let multi = world.make(false).await.unwrap();
    // Two images had to be stitched, two release images and their index were made.
    assert_eq!(words(&multi), ["copied"; 5], "{:#?}", multi.rows);
    let made = multi.made.expect("all went well");
    world.registry.assert_tags_were_always_whole();

    // 18.108
    let index = world.manifest(RELEASES, NAME);
    assert_eq!(
        made.image.to_string(),
        format!("{}/{RELEASES}@{}", world.registry.host(), {
            digest_of(&world.registry.manifest(RELEASES, NAME).unwrap())
        })
    );
    let platforms: Vec<_> = index["manifests"].as_array().unwrap().iter().map(|m| &m["platform"]).collect();
    let of = |arch: &str| json!({"os": "linux", "architecture": arch});
    assert_eq!(platforms, [&of("s390x"), &of("amd64")]);
    for (at, arch) in ["s390x", "x86_64"].into_iter().enumerate() {
        let digest = world.registry.tag_digest(RELEASES, &format!("{NAME}-{arch}")).unwrap();
        assert_eq!(index["manifests"][at]["digest"], digest.as_str());
        let metadata = json!({"release.openshift.io/architecture": "multi"});
        assert_eq!(file(&world, arch, "release-metadata")["metadata"], metadata);
    }

    assert_eq!(made.name.as_str(), NAME);
    let documents: Vec<_> = multi.documents.keys().map(String::as_str).collect();
    let expected = [
        "4.10-art-latest-multi-release-imagestream.yaml",
        "4.10-art-latest-multi.manifest-list.yaml",
        "ocp-multi.cli.manifest-list.yaml",
        "ocp-multi.rhel-coreos.manifest-list.yaml",
    ];
    assert_eq!(documents, expected);
}

#[tokio::test]
async fn an_index_that_was_built_is_taken_as_it_is_and_another_is_stitched_under_its_own_digest() {
    let world = World::start().await;
    world.make(false).await.unwrap();
    let stream = file(&world, "x86_64", "image-references");
    let base = &stream["spec"]["tags"][0];
    assert_eq!(base["name"], "cluster-version-operator");
    // 18.99
    let list = world.entries["cluster-version-operator"][&Arch::X86_64].list.clone().unwrap();
    assert_eq!(base["from"]["name"], list.to_string());

    // 18.100
    let tags = world.registry.tags(COMPONENTS);
    assert_eq!(tags.len(), 2, "one of `cli`, one of `rhel-coreos`: {tags:?}");
    for tag in tags {
        let bytes = world.registry.manifest(COMPONENTS, &tag).unwrap();
        assert_eq!(tag, digest_of(&bytes).as_str().replace(':', "-"), "named by its own digest");
        let index: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json");
        assert_eq!(index["manifests"].as_array().unwrap().len(), 2);
    }
    // Images for one architecture came along from where RHCOS is, without tags.
    for arch in world::ARCHES {
        let digest = world.image("rhel-coreos", arch).version.as_str().to_owned();
        assert!(world.registry.manifest(COMPONENTS, &digest).is_some(), "{arch}");
    }
}

#[tokio::test]
async fn the_same_release_again_is_kept_and_writes_nothing() {
    let world = World::start().await;
    let first = world.make(false).await.unwrap().made.unwrap();
    world.registry.clear_log();
    let again = world.make(false).await.unwrap();
    assert_eq!(words(&again), ["kept"; 5], "{:#?}", again.rows);
    assert_eq!(again.made.unwrap().image, first.image);
    assert_only_read(&world);
}

#[tokio::test]
async fn a_dry_run_says_the_digests_that_a_run_then_has_and_only_reads() {
    let world = World::start().await;
    let planned = world.make(true).await.unwrap();
    assert_eq!(words(&planned), ["planned"; 5], "{:#?}", planned.rows);
    assert_only_read(&world);
    let made = world.make(false).await.unwrap();
    let digests = |multi: &Multi| multi.rows.iter().map(|row| row.digest.clone()).collect::<Vec<_>>();
    assert_eq!(digests(&planned), digests(&made));
    assert_eq!(planned.made.unwrap().image, made.made.unwrap().image);
}

#[tokio::test]
async fn a_release_that_is_not_due_costs_no_request() {
    // 18.106
    let mut world = World::start().await;
    let last = "4.10.0-0.nightly-multi-2023-11-14-171320";
    world.live = Some(json!({"metadata": {}, "spec": {"tags": [{"name": last}]}}));
    let multi = world.make(false).await.unwrap();
    assert!(matches!(&multi.standing, Standing::TooSoon { last: found, .. } if found == last), "{multi:?}");
    assert!(multi.made.is_none() && multi.rows.is_empty());

    let locked = json!({"release.openshift.io/mode": "locked"});
    world.live = Some(json!({"metadata": {"annotations": locked}}));
    let multi = world.make(false).await.unwrap();
    assert_eq!(multi.standing, Standing::Locked);
    assert_eq!(world.registry.requests().len(), 0);
}

#[tokio::test]
async fn without_a_base_for_an_architecture_nothing_is_made() {
    // 18.101
    let mut world = World::start().await;
    world.entries.get_mut("cluster-version-operator").unwrap().remove(&Arch::S390x);
    let error = world.make(false).await.unwrap_err();
    assert!(matches!(error, Error::NoBase { arch: Arch::S390x }), "{error}");
    world.entries.remove("cluster-version-operator");
    assert!(world.make(false).await.is_err());
    assert_eq!(world.registry.requests().len(), 0);
}

#[tokio::test]
async fn a_live_nightly_without_a_time_is_an_error_before_anything_is_asked_for() {
    let mut world = World::start().await;
    world.live = Some(json!({"spec": {"tags": [{"name": "4.10.0-0.nightly-multi-soon"}]}}));
    let error = world.make(false).await.unwrap_err().to_string();
    assert!(error.contains("`4.10.0-0.nightly-multi-soon`"), "{error}");
    assert_eq!(world.registry.requests().len(), 0);
}

#[tokio::test]
async fn a_release_image_that_fails_leaves_no_index_and_no_tag() {
    let world = World::start().await;
    let fails = on(Kind::PutManifest).reference(format!("{NAME}-x86_64"));
    world.registry.fault(Fault::on(fails).status(403).always());
    let multi = world.make(false).await.unwrap();
    assert_eq!(words(&multi), ["copied", "copied", "copied", "failed"], "{:#?}", multi.rows);
    assert!(multi.made.is_none());
    assert_eq!(world.registry.tag_digest(RELEASES, NAME), None);
}

#[tokio::test]
async fn a_tag_that_one_architecture_has_alone_is_an_index_of_one() {
    let mut world = World::start().await;
    let entry = world.entries["cli"][&Arch::S390x].clone();
    world.entries.insert(Arc::from("only-s390x"), [(Arch::S390x, entry)].into());
    let multi = world.make(false).await.unwrap();
    assert_eq!(words(&multi), ["copied"; 6], "{:#?}", multi.rows);
    assert_eq!(world.registry.tags(COMPONENTS).len(), 3);
}

#[tokio::test]
async fn a_run_that_is_to_stop_makes_nothing() {
    let world = World::start().await;
    let means = super::publish::means(false);
    means.stop.gently.cancel();
    let multi = world.make_by(&means).await.unwrap();
    assert_eq!(words(&multi), ["unfinished"; 2], "{:#?}", multi.rows);
    assert!(multi.made.is_none());
    assert_only_read(&world);
}

//! The payload for all architectures through the program.

use std::path::Path;

use serde_json::{Value, json};

use super::cluster::Place;
use super::whole::{World, count, tags};
use super::world::{Payload, operator, payload};
use crate::support::{Ran, any, writes};

const STREAM: &str = "ocp-multi/4.19-art-latest-multi";
const RELEASES: &str = "openshift-release-dev/ocp-release-nightly";

fn made() -> Payload {
    let mut payload = payload(1);
    payload.members.extend([operator("cluster-version-operator", 1), operator("etcd", 2)]);
    payload.more = "multi_arch: {enabled: true}\n".to_owned();
    payload
}

/// The ImageStream for all architectures, as a file.
fn write_stream(folder: &Path, annotations: &str, tags: &str) {
    let text = format!(
        "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata:\n  name: 4.19-art-latest-multi\n  \
         namespace: ocp-multi\n  annotations: {annotations}\nspec:\n  tags: {tags}\n"
    );
    std::fs::create_dir_all(folder.join("ocp-multi")).unwrap();
    std::fs::write(folder.join(format!("{STREAM}.yaml")), text).unwrap();
}

/// The row of the ImageStream.
fn row(ran: &Ran) -> Value {
    let is_its = |row: &Value| row["source"] == "the payload for all architectures";
    let mut rows = ran.rows().into_iter().filter(is_its).collect::<Vec<_>>();
    assert_eq!(rows.len(), 1, "{ran}");
    assert_eq!(rows[0]["origin"], json!({"stream": STREAM}));
    rows.remove(0)
}

#[tokio::test]
async fn the_stream_gets_the_tag_of_a_release_for_all_and_a_second_run_makes_none() {
    let payload = made();
    let world = World::holding(&payload).await;
    let tickle = "[{name: tickle, from: {kind: DockerImage, name: \"q.io/a/b:1\"}}]";
    write_stream(&world.streams(), "{}", tickle);
    let ran = world.run(&payload, &[]).run().await.exits(0);

    assert_eq!(row(&ran)["outcome"], "updated", "{ran}");
    let found = tags(&world.stream("ocp-multi/4.19-art-latest-multi"));
    let [(tickle, _), (name, from)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(tickle, "tickle");
    assert!(name.starts_with("4.19.0-0.nightly-multi-20"), "{name}");
    let digest = world.target.tag_digest(RELEASES, name).expect("the release is there");
    assert_eq!(*from, format!("{}/{RELEASES}@{digest}", world.target.host()));
    let index: Value = serde_json::from_slice(&world.target.manifest(RELEASES, name).unwrap()).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 4);
    world.target.assert_tags_were_always_whole();
    ran.artifact("gen-payload-artifacts/4.19-art-latest-multi-release-imagestream.yaml");

    world.clear_logs();
    let again = world.run(&payload, &[]).run().await.exits(0);
    assert_eq!(
        (row(&again)["outcome"].as_str(), count(&again, "kept")),
        (Some("kept"), again.rows().len()),
        "{again}"
    );
    world.assert_only_read();
    assert_eq!(world.target.count(any().repository(RELEASES)), 0, "no release was even looked at");
    assert_eq!(tags(&world.stream(STREAM)), found);
}

// 18.69
#[tokio::test]
async fn a_locked_stream_is_skipped_and_no_release_is_made() {
    let payload = made();
    let world = World::holding(&payload).await;
    write_stream(&world.streams(), "{release.openshift.io/mode: locked}", "[]");
    let ran = world.run(&payload, &[]).run().await.exits(0);
    assert_eq!(row(&ran)["outcome"], "skipped", "{ran}");
    assert!(ran.stderr.contains(&format!("{STREAM} is locked")), "{ran}");
    assert_eq!(tags(&world.stream(STREAM)), []);
    assert_eq!(world.target.tags(RELEASES), Vec::<String>::new());
    assert!(world.streams().join("ocp/4.19-art-latest.yaml").exists(), "the others are made");
}

#[tokio::test]
async fn who_changes_the_stream_meanwhile_is_not_undone_and_who_locks_it_is_obeyed() {
    let payload = made();
    let object = |lock: &str| {
        let annotations = json!({"release.openshift.io/mode": lock});
        let tag = json!({"name": "tickle", "from": {"kind": "DockerImage", "name": "q.io/a/b:1"}});
        json!({"kind": "ImageStream", "metadata": {"annotations": annotations}, "spec": {"tags": [tag]}})
    };
    for (mode, outcome, count) in [("theirs", "updated", 2), ("locked", "skipped", 1)] {
        let place = Place::holding(&payload).await;
        let (namespace, name) = STREAM.split_once('/').unwrap();
        place.api.put(namespace, name, object("open"));
        place.api.meddle(namespace, name, object(mode));

        let ran = place.run(&payload, &[]).run().await.exits(0);

        assert_eq!(row(&ran)["outcome"], outcome, "{ran}");
        let now = place.api.stream(namespace, name).unwrap();
        assert_eq!(now["metadata"]["annotations"]["release.openshift.io/mode"], mode);
        assert_eq!(tags(&now).len(), count, "{now:#}");
        let writes = place.api.writes();
        let puts = writes.iter().filter(|write| write.ends_with(name)).count();
        assert_eq!(puts, count, "{writes:?}");
    }
}

// 18.114
#[tokio::test]
async fn a_dry_run_only_reads() {
    let payload = made();
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &["--dry-run"]).run().await.exits(0);
    assert_eq!(row(&ran)["outcome"], "planned", "{ran}");
    assert_eq!(count(&ran, "planned"), ran.rows().len(), "{ran}");
    world.assert_only_read();
    assert!(!world.streams().exists(), "an ImageStream was made");
}

// 18.101
#[tokio::test]
async fn without_a_base_no_release_is_made_and_that_is_said() {
    let mut payload = made();
    payload.members.retain(|member| member.name != "cluster-version-operator");
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &[]).run().await.exits(1);
    assert_eq!(row(&ran)["outcome"], "failed", "{ran}");
    assert!(row(&ran)["reason"].as_str().unwrap().contains("cluster-version-operator"), "{ran}");
    assert_eq!(world.target.count(writes().repository(RELEASES)), 0);
    assert!(world.streams().join("ocp/4.19-art-latest.yaml").exists(), "the others are made");
}

// 18.87
#[tokio::test]
async fn what_is_left_out_of_one_payload_is_in_none_for_all() {
    let mut payload = made();
    let source = |name: &str, commit: &str| {
        (name.to_owned(), "https://github.com/openshift/one".to_owned(), commit.repeat(40))
    };
    payload.sources = vec![source("etcd", "a"), source("image-001", "b")];
    payload.assembly += "  permits:\n  - {code: MISMATCHED_SIBLINGS, component: \"*\"}\n";
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &[]).run().await.exits(0);
    assert_eq!(row(&ran)["outcome"], "copied", "{ran}");
    let text = ran.artifact("gen-payload-artifacts/4.19-art-latest-multi-release-imagestream.yaml");
    let document: Value = serde_yaml::from_str(&text).unwrap();
    let names: Vec<_> = tags(&document).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["cluster-version-operator", "pod", "rhel-coreos"]);
}

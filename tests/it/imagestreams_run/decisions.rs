//! What is copied, what is left, and what fails alone.

use super::{CI, World, only_row};
use crate::support::{Fault, Image, Index, Kind, on, writes};

fn supplemental(world: &World) -> String {
    format!("supplementalCIImages:\n  ci/tool:v1:\n    image: {}/org/tool:v1\n", world.source.host())
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_a_failed_row_and_nothing_is_written() {
    // Row 62.
    for status in [403, 404, 503] {
        let world = World::start().await;
        world.source.fault(Fault::on(Kind::HeadManifest).always().status(status));
        let ran = world.run_with(&supplemental(&world), &["--attempts", "2"]).run().await.exits(1);
        let row = only_row(&ran);
        assert_eq!((&row["outcome"], &row["stage"]), (&"failed".into(), &"resolve".into()), "{ran}");
        assert_eq!(row["origin"], serde_json::json!({"file": "_config.yaml", "line": 2}));
        assert_eq!(world.target.count(writes()), 0);
    }
}

#[tokio::test]
async fn a_target_that_cannot_be_read_is_a_failed_row_and_no_reason_to_copy() {
    // Row 63.
    for (status, class) in [(401, "denied"), (403, "denied"), (500, "transient")] {
        let world = World::start().await;
        world.source.put_image("org/tool", "v1", &Image::example(1));
        world.target.fault(Fault::on(Kind::HeadManifest).always().status(status));
        let ran = world.run_with(&supplemental(&world), &["--attempts", "2"]).run().await.exits(1);
        let row = only_row(&ran);
        assert_eq!((&row["outcome"], &row["class"]), (&"failed".into(), &class.into()), "{ran}");
        assert_eq!((world.target.count(writes()), world.tag("ci_tool_v1")), (0, None));
    }
}

#[tokio::test]
async fn indexes_are_compared_as_indexes() {
    // Row 64: the same amd64 child, another arm64 child.
    let amd = Image::example(1);
    let arm = |seed| Image::oci().platform("linux/arm64").layer_of(500, seed).build();
    let index = |arm: &Image| Index::oci().child(&amd).child(arm).build();
    let (stale, fresh) = (index(&arm(3)), index(&arm(2)));
    let world = World::start().await;
    world.source.put_image("org/tool", "v1", &fresh);
    world.target.put_image(CI, "ci_tool_v1", &stale);
    let ran = world.run_with(&supplemental(&world), &[]).run().await.exits(0);
    assert_eq!(only_row(&ran)["reason"], "differs from the source", "{ran}");
    assert!(world.target.holds(CI, "ci_tool_v1", &fresh));
    // A list and its one child of amd64 are not the same either.
    world.target.put_image(CI, "ci_tool_v1", &amd);
    world.run_with(&supplemental(&world), &[]).run().await.exits(0);
    assert!(world.target.holds(CI, "ci_tool_v1", &fresh));
}

#[tokio::test]
async fn one_tag_never_hurts_another() {
    let mut world = World::start().await;
    for (tag, seed) in [("a", 1), ("b", 2), ("c", 3)] {
        world.offer(&format!("ci/tool:{tag}"), &Image::example(seed));
    }
    world.streams.put_empty("ci/tool:never-imported");
    world.target.fault(Fault::on(on(Kind::PutManifest).reference("ci_tool_b")).always().status(403));
    let ran = world.run(&["--namespace", "ci"]).run().await.exits(1);
    assert_eq!((ran.rows_that("copied").len(), ran.rows_that("failed").len()), (2, 1), "{ran}");
    let skipped = &ran.rows_that("skipped")[0];
    assert_eq!(skipped["reason"], "the tag has no image: its import failed: not found", "{ran}");
    assert_eq!(world.tag("ci_tool_b"), None);
    assert!(world.tag("ci_tool_a").is_some() && world.tag("ci_tool_c").is_some());
}

#[tokio::test]
async fn what_is_named_and_has_no_image_fails() {
    let mut world = World::start().await;
    world.streams.put_empty("ci/tool:v1");
    let config = "supplementalCIImages:\n  x/y:z:\n    namespace: ci\n    name: tool\n    tag: v1\n";
    let ran = world.run_with(config, &["--tag", "ci/tool:v1,ci/gone:v1"]).run().await.exits(1);
    assert_eq!(ran.rows_that("failed").len(), 3, "{ran}");
    assert!(ran.rows().iter().all(|row| row["class"] == "missing"), "{ran}");
    assert_eq!(world.target.requests().len(), 0);
}

#[tokio::test]
async fn art_images_and_supplemental_ones_come_from_the_cluster_by_digest() {
    let mut world = World::start().await;
    let images: Vec<_> = (1..=4).map(Image::example).collect();
    for (istag, image) in
        ["ocp/4.20:rhel-coreos", "ocp/4.20:cli", "origin/scos-4.20:base", "team/base:9"].iter().zip(&images)
    {
        world.offer(istag, image);
    }
    let config = "\
artImages:
- namespace: ocp
  name: ^\\d+\\.\\d+$
  tag: ^rhel-coreos.*
- namespace: origin
  name: ^scos.*
supplementalCIImages:
  team/tool:nine:
    namespace: team
    name: base
    tag: \"9\"
";
    let ran = world.run_with(config, &[]).run().await.exits(0);
    assert_eq!(ran.rows_that("copied").len(), 3, "{ran}");
    for (tag, at) in [("ocp_4.20_rhel-coreos", 0), ("origin_scos-4.20_base", 2), ("team_tool_nine", 3)] {
        assert_eq!(world.tag(tag), Some(images[at].digest.clone()), "{tag}");
    }
    assert_eq!(world.tag("ocp_4.20_cli"), None);
    assert_eq!(world.source.count(Kind::HeadManifest), 0, "digests come from the ImageStreams");
    let owners: std::collections::BTreeSet<_> =
        ran.rows().iter().map(|row| row["owner"].as_str().unwrap().to_owned()).collect();
    assert_eq!(owners, ["artImages", "supplementalCIImages"].map(str::to_owned).into());
}

#[tokio::test]
async fn a_loop_and_two_sources_for_one_tag_fail_alone_before_anything_runs() {
    let mut world = World::start().await;
    world.offer("ocp/release:x", &Image::example(1));
    world.offer("a/b_c:d", &Image::example(2));
    world.offer("a/b:c_d", &Image::example(3));
    world.offer("ci/fine:v1", &Image::example(4));
    let config = "artImages:\n- namespace: ocp\n  name: ^release$\nqciToAppCIImages:\n  ocp/release:x: {}\n";
    let (cluster, proxy) = (world.source.host().to_owned(), world.target.host().to_owned());
    let words = ["--namespace", "a,ci", "--source-registry", &cluster, "--proxy-host", &proxy];
    let ran = world.run_with(config, &words).run().await.exits(1);
    assert_eq!((ran.rows_that("failed").len(), ran.rows_that("copied").len()), (4, 1), "{ran}");
    assert!(ran.rows_that("failed").iter().all(|row| row["class"] == "invalid"), "{ran}");
    assert!(world.tag("ci_fine_v1").is_some());
    assert_eq!((world.tag("a_b_c_d"), world.tag("ocp_release_x")), (None, None));
}

#[tokio::test]
async fn a_chain_is_mirrored_in_its_order() {
    let image = Image::example(1);
    let world = World::start().await;
    world.source.put_image("org/tool", "v1", &image);
    let config = format!("{}qciToAppCIImages:\n  ci/tool:v1: {{}}\n", supplemental(&world));
    let (cluster, proxy) = (world.source.host(), world.target.host());
    let words = ["--source-registry", cluster, "--proxy-host", proxy];
    let ran = world.run_with(&config, &words).run().await.exits(0);
    assert_eq!(ran.rows_that("copied").len(), 2, "{ran}");
    assert!(
        world.source.holds("ci/tool", "v1", &image),
        "what was mirrored first was there to be mirrored on: {ran}"
    );
}

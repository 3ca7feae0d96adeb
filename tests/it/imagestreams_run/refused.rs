//! Bad usage and bad input: nothing is attempted, and what is wrong is said with its place.

use super::World;
use crate::support::{Image, Run};

#[tokio::test]
async fn without_anything_to_mirror_nothing_is_green() {
    let mut world = World::start().await;
    world.offer("ci/tool:v1", &Image::example(1));
    let ran = world.run(&[]).run().await.exits(2);
    assert!(ran.stderr.contains("nothing says what to mirror") && ran.stderr.contains("--config"), "{ran}");
    let ran = Run::new(["imagestreams", "--all-namespaces", "--from-file", "x"]).run().await.exits(2);
    assert!(ran.stderr.contains("--target-repository"), "{ran}");

    let nothing = world.run_with("", &[]).run().await.exits(2);
    assert!(nothing.stderr.contains("--allow-empty"), "{nothing}");
    world.run_with("", &["--allow-empty"]).run().await.exits(0);
    assert_eq!((world.source.requests().len(), world.target.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_bad_configuration_is_shown_with_its_lines_and_stops_everything() {
    let mut world = World::start().await;
    world.offer("ci/tool:v1", &Image::example(1));
    let config = "supplementalCIImages:\n  ci/tool:\n    image: r.io/a/b:c\n  ci/x:y:\n    namespace: a\n    name: b\n    tag: 9\n";
    let ran = world.run_with(config, &["--namespace", "ci"]).run().await.exits(2);
    for said in ["_config.yaml:2:", "_config.yaml:7:", "ci/tool"] {
        assert!(ran.stderr.contains(said), "{said}\n{ran}");
    }
    assert!(ran.artifacts().is_empty(), "{ran}");
    assert_eq!(world.target.requests().len(), 0);
}

#[tokio::test]
async fn files_that_cannot_be_read_stop_everything() {
    let world = World::start().await;
    let to = format!("{}/o/ci", world.target.host());
    let base = ["imagestreams", "--all-namespaces", "--target-repository", &to, "--from-file"];
    let ran = Run::new(base).args(["gone.json"]).run().await.exits(2);
    assert!(ran.stderr.contains("gone.json"), "{ran}");
    let ran = Run::new(base).args(["bad.json"]).file("bad.json", "{\"items\": [").run().await.exits(2);
    assert!(ran.stderr.contains("bad.json"), "{ran}");
    let ran = Run::new(base).args(["none.json"]).file("none.json", "").run().await.exits(2);
    assert!(ran.stderr.contains("none.json") && ran.stderr.contains("`oc get` may have failed"), "{ran}");
    let ran = Run::new(base).args(["x", "--config", "gone.yaml"]).run().await.exits(2);
    assert!(ran.stderr.contains("gone.yaml"), "{ran}");
    assert_eq!(world.target.requests().len(), 0);
}

#[tokio::test]
async fn a_policy_beside_the_configuration_governs_what_it_asks_for() {
    let mut world = World::start().await;
    world.offer("ci/tool:v1", &Image::example(1));
    let config = "artImages:\n- namespace: ci\n  name: ^tool$\n";
    let run =
        world.run_with(config, &[]).file("mirror-policy.yaml", "version: 1\nallow: [quay.io/openshift/ci]\n");
    let ran = run.run().await.exits(1);
    assert_eq!(ran.rows_that("refused")[0]["rule"]["place"], "mirror-policy.yaml:2", "{ran}");
    assert_eq!(world.target.requests().len(), 0);
}

#[tokio::test]
async fn the_flags_of_oc_pick_as_the_long_ones_do_and_what_is_excluded_is_named_where_nothing_is_left() {
    let mut world = World::start().await;
    world.offer("ci/tool:v1", &Image::example(1));
    for words in [&["-n", "ci"][..], &["-A"]] {
        let ran = world.run(words).args(["--dry-run"]).run().await.exits(0);
        assert_eq!(ran.rows_that("planned").len(), 1, "{ran}");
        let none = world.run(words).args(["--exclude", "ci/tool"]).run().await.exits(2);
        assert!(
            none.stderr.contains("`--exclude` leaves out all that the flags pick")
                && !none.stderr.contains("excludes nothing"),
            "{none}"
        );
    }
    let other = world.run(&["-n", "empty", "--exclude", "ci"]).run().await.exits(2);
    assert!(
        other.stderr.contains("`--exclude` leaves out") && other.stderr.contains("excludes nothing"),
        "{other}"
    );
    assert_eq!(world.target.requests_on(crate::support::Kind::PutManifest).len(), 0);
}

#[tokio::test]
async fn imagestreams_come_in_by_standard_input_too_but_not_again_and_again() {
    let mut world = World::start().await;
    world.offer("ci/tool:v1", &Image::example(1));
    let to = format!("{}/o/ci", world.target.host());
    let words = ["imagestreams", "-A", "--dry-run", "--target-repository", &to, "--from-file", "-"];
    let ran = Run::new(words).stdin(world.streams.json()).run().await.exits(0);
    assert_eq!(ran.rows_that("planned").len(), 1, "{ran}");
    let ran = Run::new(words).stdin("items: [1]\n").run().await.exits(1);
    assert_eq!(ran.rows()[0]["source"], "standard input, object 1", "{ran}");
    let ran = Run::new(words).run().await.exits(2);
    assert!(ran.stderr.contains("`standard input` holds no ImageStream"), "{ran}");
    let words = ["serve", "-A", "--target-repository", &to, "--from-file", "-"];
    let ran = Run::new(words).run().await.exits(2);
    assert!(ran.stderr.contains("`serve` reads the files again and again"), "{ran}");
}

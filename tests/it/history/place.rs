//! What `--state` takes.

use image_mirror::history::Place;
use image_mirror::model::Shard;

use super::World;
use crate::support::Run;

#[test]
fn a_place_reads_as_it_was_written() {
    for text in [
        "quay.io/org/state:knative",
        "oci:/var/state:a",
        "oci:state:a",
        "configmap:state",
        "configmap:ci/state",
    ] {
        assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
    }
    for wrong in [
        "",
        "org/state:knative",
        "quay.io/org/state",
        "quay.io/org/state@sha256:0",
        "oci:",
        "oci:dir",
        "oci::tag",
        "configmap:",
        "configmap:a/b/c",
        "configmap:Big",
        "configmap:-a",
        "./state",
    ] {
        assert!(wrong.parse::<Place>().is_err(), "`{wrong}` was taken for a place");
    }
}

#[test]
fn a_shard_has_a_place_of_its_own() {
    let shard = Shard::new(3, 4).unwrap();
    let of_shard = |text: &str| text.parse::<Place>().unwrap().of_shard(shard).map(|place| place.to_string());
    assert_eq!(of_shard("quay.io/org/state:knative").unwrap(), "quay.io/org/state:knative-3-of-4");
    assert_eq!(of_shard("oci:state:a").unwrap(), "oci:state:a-3-of-4");
    assert_eq!(of_shard("configmap:ci/state").unwrap(), "configmap:ci/state-3-of-4");
    assert!(of_shard(&format!("quay.io/org/state:{}", "x".repeat(128))).is_err());
    assert!(of_shard(&format!("configmap:{}", "x".repeat(253))).is_err());
}

#[tokio::test]
async fn what_is_no_place_and_a_pardon_without_a_state_are_usage_errors() {
    let world = World::start().await;
    for (words, said) in [
        (&["--state", "./state"][..], "quay.io/org/image-mirror-state:knative"),
        (&["--quarantine-ok"], "without `--state` nothing is known of earlier runs"),
        (&["--state", "oci:state:a", "--quarantine-after", "0"], "a whole number from 1"),
    ] {
        let run = Run::new(["run", "mapping_x"]).args(words).mapping("mapping_x", &world.mapping());
        let ran = run.run().await.exits(2);
        assert!(ran.stderr.contains(said), "{ran}");
    }
    assert_eq!(world.source.requests().len() + world.target.requests().len(), 0);
}

#[tokio::test]
async fn a_variable_names_the_place_too() {
    let world = World::start().await;
    let run = Run::new(["run", "mapping_x"]).mapping("mapping_x", &world.mapping());
    let ran = run.env("IMAGE_MIRROR_STATE", "oci:state:a").run().await.exits(1);
    assert_eq!(ran.report()["state"]["place"], "oci:state:a");
    assert!(ran.folder().join("state/index.json").exists());
}

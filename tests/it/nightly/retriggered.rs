//! `RETRIGGER_CURRENT_NIGHTLY` through the program.

use super::cluster::NAME;
use super::streams::{object, there, wanted};
use crate::support::{FakeCluster, Ran, Run};

const TAG: &str = "trigger-release-controller";

/// A cluster with the nightlies that tests wait for.
async fn nightlies() -> FakeCluster {
    let api = FakeCluster::start().await;
    api.put("ocp", NAME, object(&["a=A"]));
    api.put("ocp-arm64", &format!("{NAME}-arm64"), object(&["a=A"]));
    api
}

fn run(api: &FakeCluster, words: &[&str]) -> Run {
    Run::new(["nightly", "--cluster", "--kubeconfig", "kubeconfig"])
        .args(words)
        .file("kubeconfig", api.kubeconfig())
        .env("RETRIGGER_CURRENT_NIGHTLY", "true")
        .env("BUILD_VERSION", "4.19")
}

/// What came and went: of each ImageStream a PUT, then a DELETE.
fn assert_put_and_deleted(api: &FakeCluster) {
    for suffix in ["", "-arm64"] {
        let path = format!("ocp{suffix}/imagestreamtags/{NAME}{suffix}:{TAG}");
        let mut writes = api.writes();
        writes.retain(|write| write.ends_with(&path));
        assert_eq!(writes, [format!("PUT {path}"), format!("DELETE {path}")]);
        let stream = api.stream(&format!("ocp{suffix}"), &format!("{NAME}{suffix}")).unwrap();
        assert_eq!((wanted(&stream), there(&stream)), (vec!["a=A".to_owned()], vec!["a"]));
    }
    assert_eq!(api.writes().len(), 4, "nothing else is written");
}

// 18.109
#[tokio::test]
async fn the_tag_comes_stays_and_goes() {
    let api = nightlies().await;
    let ran = run(&api, &["--retrigger-wait", "300ms"]).run().await.exits(0);
    assert_eq!((ran.rows_that("updated").len(), ran.rows().len()), (2, 2), "{ran}");
    assert_put_and_deleted(&api);
    let at = |method: &str| api.requests().iter().find(|request| request.method == method).unwrap().at;
    assert!((at("DELETE") - at("PUT")).as_millis() >= 300, "it did not stay");
}

#[tokio::test]
async fn who_is_terminated_while_the_tag_stays_deletes_it_before_the_end() {
    let api = nightlies().await;
    let mut running = run(&api, &["--retrigger-wait", "10m"]).start();
    for suffix in ["", "-arm64"] {
        running.says(&format!("{NAME}{suffix}:{TAG} is put")).await;
    }
    running.terminate();
    let ran: Ran = running.ended().await.exits(3);
    assert_put_and_deleted(&api);
    assert_eq!(ran.rows_that("unfinished").len(), 2, "{ran}");
}

// 18.110
#[tokio::test]
async fn a_dry_run_only_reads() {
    let api = nightlies().await;
    let ran = run(&api, &[]).env("DRY_RUN", "true").run().await.exits(0);
    assert_eq!(ran.rows_that("planned").len(), 2, "{ran}");
    assert!(!api.requests().is_empty(), "it looks whether they are there");
    assert_eq!(api.writes(), Vec::<String>::new());
}

// 18.110
#[tokio::test]
async fn what_is_no_nightly_of_a_cluster_is_refused_before_anybody_is_asked() {
    let api = nightlies().await;
    let ran = run(&api, &[]).env("ASSEMBLY", "4.19.3").run().await.exits(2);
    assert!(ran.stderr.contains("RETRIGGER_CURRENT_NIGHTLY is for the assembly `stream`"), "{ran}");
    assert_eq!(api.requests().len(), 0);

    let files = Run::new(["nightly", "--retrigger-current-nightly", "--build-version", "4.19"]);
    let ran = files.run().await.exits(2);
    assert!(ran.stderr.contains("`--retrigger-current-nightly` needs a cluster"), "{ran}");
    assert_eq!(ran.artifacts(), Vec::<String>::new());
}

//! The whole command, with ImageStreams in a cluster: what it was asked to write, what is there then, and what was said.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::streams::{object, there, wanted};
use super::whole::{World, count, plan};
use super::world::{Payload, payload};
use crate::support::{FakeCluster, Ran, Run, writes};

pub(super) const NAME: &str = "4.19-art-latest";

/// The ImageStreams of all architectures, public and private.
const SUFFIXES: [&str; 8] =
    ["", "-priv", "-s390x", "-s390x-priv", "-ppc64le", "-ppc64le-priv", "-arm64", "-arm64-priv"];

/// Registries, and a cluster.
pub(super) struct Place {
    pub(super) world: World,
    pub(super) api: FakeCluster,
    folder: TempDir,
}

impl Place {
    pub(super) async fn holding(payload: &Payload) -> Self {
        let (world, api) = (World::holding(payload).await, FakeCluster::start().await);
        Self { world, api, folder: tempfile::tempdir().unwrap() }
    }

    /// An ImageStream for each architecture, public and private, with these tags.
    pub(super) fn put_all(&self, tags: &[&str]) {
        for suffix in SUFFIXES {
            self.api.put(&format!("ocp{suffix}"), &format!("{NAME}{suffix}"), object(tags));
        }
    }

    pub(super) fn run(&self, payload: &Payload, words: &[&str]) -> Run {
        let kubeconfig = self.api.write_kubeconfig(self.folder.path());
        self.world.run_on(payload, &["--cluster", "--kubeconfig", kubeconfig.to_str().unwrap()]).args(words)
    }

    /// An ImageStream of the nightlies: `""`, `-priv`, `-s390x`, …
    pub(super) fn stream(&self, suffix: &str) -> Value {
        self.api.stream(&format!("ocp{suffix}"), &format!("{NAME}{suffix}")).expect("it was made")
    }

    pub(super) fn clear_logs(&self) {
        self.api.clear_log();
        self.world.clear_logs();
    }

    /// Neither registries nor the cluster were asked for anything that changes them.
    pub(super) fn assert_only_read(&self) {
        assert_eq!(self.api.writes(), Vec::<String>::new());
        self.world.assert_only_read();
    }
}

/// The rows of ImageStreams, and of no tag in them: name and outcome.
fn streams(ran: &Ran) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = ran.rows().into_iter().filter(|row| row["origin"]["tag"].is_null());
    let named = rows.filter(|row| row["origin"]["stream"].is_string());
    named.map(|row| (text(&row["origin"]["stream"]), text(&row["outcome"]))).collect()
}

fn outcome(ran: &Ran, stream: &str) -> String {
    let all = streams(ran);
    all.iter()
        .find(|(name, _)| name == stream)
        .unwrap_or_else(|| panic!("no row of {stream}: {ran}"))
        .1
        .clone()
}

// 18.70, 18.73
#[tokio::test]
async fn who_changes_a_stream_meanwhile_is_merged_and_what_is_pruned_goes_in_its_own_namespace() {
    let payload = payload(1);
    let place = Place::holding(&payload).await;
    place.put_all(&["pod=old"]);
    for suffix in ["", "-s390x", "-arm64-priv"] {
        let gone = format!("gone{suffix}=G");
        place.api.put(&format!("ocp{suffix}"), &format!("{NAME}{suffix}"), object(&["pod=old", &gone]));
        place.api.put(&format!("ocp{suffix}"), "bystander", object(&["gone=G", &gone]));
    }
    let mut theirs = object(&["pod=theirs", "gone=G"]);
    theirs["metadata"]["annotations"]["theirs"] = "stays".into();
    place.api.meddle("ocp", NAME, theirs);

    let ran = place.run(&payload, &[]).run().await.exits(0);

    assert!(streams(&ran).iter().all(|(_, outcome)| outcome == "updated"), "{ran}");
    assert_eq!(streams(&ran).len(), 8);
    let public = place.stream("");
    assert_eq!(public["metadata"]["annotations"]["theirs"], "stays", "their change is undone: {public:#}");
    let names: Vec<_> = wanted(&public).iter().map(|tag| tag.split('=').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["pod", "image-001", "rhel-coreos"]);
    assert!(wanted(&public)[0].contains(":sha256-"), "{public:#}");
    let writes = place.api.writes();
    let puts = |path: &str| writes.iter().filter(|write| **write == format!("PUT {path}")).count();
    assert_eq!(
        (puts(&format!("ocp/imagestreams/{NAME}")), puts(&format!("ocp-s390x/imagestreams/{NAME}-s390x"))),
        (2, 1)
    );
    let mut deleted: Vec<_> = writes.iter().filter(|write| write.starts_with("DELETE")).collect();
    deleted.sort();
    let expected = ["-arm64-priv", "-s390x", ""]
        .map(|suffix| format!("DELETE ocp{suffix}/imagestreamtags/{NAME}{suffix}:gone{suffix}"));
    assert_eq!(deleted, expected.iter().collect::<Vec<_>>());
    assert_eq!(there(&place.api.stream("ocp", "bystander").unwrap()), ["gone", "gone"]);
}

#[tokio::test]
async fn a_server_in_trouble_for_a_moment_is_asked_again_and_one_that_stays_so_costs_its_stream_only() {
    let payload = payload(1);
    let place = Place::holding(&payload).await;
    place.put_all(&["pod=old"]);
    place.api.fail_writes("PUT", 1, 503);
    place.api.break_writes("ocp-s390x", 500);

    let ran = place.run(&payload, &[]).run().await.exits(1);

    let failed = ran.rows_that("failed");
    assert_eq!(failed.len(), 1, "{ran}");
    assert_eq!(failed[0]["origin"]["stream"], format!("ocp-s390x/{NAME}-s390x"));
    let reason = failed[0]["reason"].as_str().unwrap();
    assert!(reason.contains("the API server answers 500"), "{reason}");
    assert_eq!(wanted(&place.stream("-s390x")), ["pod=old"]);
    for suffix in SUFFIXES.iter().filter(|suffix| **suffix != "-s390x") {
        assert_eq!(wanted(&place.stream(suffix)).len(), 3, "{suffix}");
        assert_eq!(outcome(&ran, &format!("ocp{suffix}/{NAME}{suffix}")), "updated");
    }
    let puts = place.api.requests();
    let of = |path: &str| puts.iter().filter(|put| put.is_write() && put.path.ends_with(path)).count();
    assert_eq!(of(&format!("/{NAME}-s390x")), 5);
}

// 18.72
#[tokio::test]
async fn what_is_accepted_and_ignored_is_not_applied_and_the_advice_names_the_file_and_the_command() {
    let payload = payload(1);
    let place = Place::holding(&payload).await;
    place.run(&payload, &[]).run().await.exits(0);
    place.clear_logs();
    place.api.put("ocp", NAME, object(&["pod=old", "image-001=old"]));
    place.api.ignore_writes("PUT", 1);

    let ran = place.run(&payload, &[]).run().await.exits(1);

    assert_eq!(outcome(&ran, &format!("ocp/{NAME}")), "failed");
    assert_eq!(count(&ran, "kept") + 1 + 3, ran.rows().len(), "one stream and its three tags: {ran}");
    for row in ran.rows_that("failed") {
        let (reason, help) = (row["reason"].as_str().unwrap(), row["help"].as_str().unwrap());
        assert!(reason.contains("not-applied"), "{reason}");
        let (before, path) = help.split_once("`oc replace -f ").unwrap();
        let path = path.split('`').next().unwrap();
        assert!(before.starts_with("write it by hand"), "{help}");
        let name = format!("gen-payload-artifacts/replacing-imagestream.ocp.{NAME}.after-modify.json");
        assert!(path.ends_with(&name), "{path}");
        let artifact: Value = serde_json::from_str(&ran.artifact(&name)).unwrap();
        assert_eq!(artifact["kind"], "ImageStream");
        assert_eq!(wanted(&artifact).len(), 3);
    }
    assert_eq!(wanted(&place.stream("")), ["pod=old", "image-001=old"]);
    assert_eq!(place.api.writes().len(), 1, "it is not written again and again");
    place.world.assert_only_read();
}

// 18.69
#[tokio::test]
async fn a_locked_stream_is_skipped_with_a_warning_and_nothing_fails() {
    let payload = payload(1);
    let place = Place::holding(&payload).await;
    place.put_all(&["pod=old", "gone=G"]);
    let mut locked = object(&["pod=old", "gone=G"]);
    locked["metadata"]["annotations"]["release.openshift.io/mode"] = "locked".into();
    place.api.put("ocp", NAME, locked);

    let ran = place.run(&payload, &[]).run().await.exits(0);

    assert_eq!(outcome(&ran, &format!("ocp/{NAME}")), "skipped");
    let warning = format!("ocp/{NAME} is locked");
    assert!(ran.stderr.contains(&warning), "{ran}");
    assert_eq!(wanted(&place.stream("")), ["pod=old", "gone=G"]);
    assert_eq!(wanted(&place.stream("-priv")).len(), 3, "the others are written");
    let touched = |write: &String| write.contains(&format!(" ocp/imagestreams/{NAME}"));
    assert!(!place.api.writes().iter().any(touched), "{:?}", place.api.writes());
}

// 18.114
#[tokio::test]
async fn a_dry_run_on_a_cluster_only_reads_and_its_plan_is_that_of_the_run_and_a_second_run_writes_nothing() {
    let payload = payload(5);
    let place = Place::holding(&payload).await;
    place.put_all(&["pod=old", "gone=G"]);
    place.api.remove("ocp-ppc64le", &format!("{NAME}-ppc64le"));

    let dry = place.run(&payload, &["--dry-run"]).run().await.exits(0);
    place.assert_only_read();
    assert_eq!(count(&dry, "planned"), dry.rows().len(), "{dry}");
    assert_eq!(wanted(&place.stream("")), ["pod=old", "gone=G"]);
    let action = |plan: &Value, name: &str| {
        let streams = plan["imagestreams"].as_array().unwrap().clone();
        let is_it = |stream: &Value| stream["stream"].to_string().contains(&format!("{name}\""));
        streams.into_iter().find(is_it).unwrap_or_else(|| panic!("no {name} in {plan:#}"))
    };
    assert_eq!(action(&plan(&dry), NAME)["pruned"], json!(["gone"]));
    assert_eq!(action(&plan(&dry), &format!("{NAME}-ppc64le"))["action"], "create");

    place.clear_logs();
    let ran = place.run(&payload, &[]).run().await.exits(0);
    assert_eq!(plan(&dry), plan(&ran), "the plan is another");
    assert!(place.api.writes().len() >= 8 && place.world.target.count(writes()) > 0);

    place.clear_logs();
    let again = place.run(&payload, &["--build-url", "https://ci.example/job/2"]).run().await.exits(0);
    place.assert_only_read();
    assert_eq!(count(&again, "kept"), again.rows().len(), "{again}");
}

#[tokio::test]
async fn an_import_that_fails_is_a_failed_row_in_the_words_of_the_cluster() {
    let payload = payload(1);
    let place = Place::holding(&payload).await;
    place.api.import_all_but(&["image-001"]);

    let ran = place.run(&payload, &["--wait-import", "200ms"]).run().await.exits(1);

    let failed = ran.rows_that("failed");
    assert_eq!(failed.len(), 8, "the tag of each ImageStream: {ran}");
    for row in &failed {
        assert_eq!(row["origin"]["tag"], "image-001");
        assert!(
            row["reason"].as_str().unwrap().contains("you may not have access to the container image"),
            "{row}"
        );
    }
    assert_eq!(there(&place.stream("")), ["pod", "image-001", "rhel-coreos"]);

    // All is there by now, and what failed is asked for once more.
    place.api.import_all_but(&[]);
    place.clear_logs();
    let words = ["--wait-import", "1s", "--exclude-arches", "arm64,s390x,ppc64le"];
    place.run(&payload, &words).run().await.exits(0);
    let mut writes = place.api.writes();
    writes.sort();
    assert_eq!(writes, ["-priv", ""].map(|suffix| format!("PUT ocp{suffix}/imagestreams/{NAME}{suffix}")));
}

#[tokio::test]
async fn an_import_that_does_not_come_is_timed_out() {
    let payload = payload(1);
    let place = Place::holding(&payload).await;

    let ran = place.run(&payload, &["--wait-import", "200ms"]).run().await.exits(5);

    let unfinished = ran.rows_that("unfinished");
    assert_eq!(unfinished.len(), 3 * 8, "each tag of each ImageStream: {ran}");
    assert!(unfinished[0]["reason"].as_str().unwrap().contains("timed out after 200ms"), "{ran}");
    assert_eq!(wanted(&place.stream("")).len(), 3, "it is written all the same");
}

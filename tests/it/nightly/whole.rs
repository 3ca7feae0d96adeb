//! The whole command on payloads made up for it: what was written, what was asked for, and what it said.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::world::{ARCHES, BUILDS, Build, Payload, embargoed, member, payload};
use crate::support::{FakeRegistry, Fault, Kind, Ran, Run, any, on, writes};

pub(super) const PUBLIC: &str = "openshift-release-dev/ocp-v4.0-art-dev";
pub(super) const PRIVATE: &str = "openshift-release-dev/ocp-v4.0-art-dev-priv";

/// Registries that hold a payload's builds and take its images, and a directory for ImageStreams.
pub(super) struct World {
    pub(super) builds: FakeRegistry,
    pub(super) target: FakeRegistry,
    folder: TempDir,
}

impl World {
    pub(super) async fn holding(payload: &Payload) -> Self {
        let (builds, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
        let world = Self { builds, target, folder: tempfile::tempdir().unwrap() };
        world.offer(payload);
        world
    }

    /// The builds of a payload are there.
    pub(super) fn offer(&self, payload: &Payload) {
        for (repository, tag, image) in payload.images() {
            self.builds.put_image(repository, &tag, image);
        }
    }

    pub(super) fn run(&self, payload: &Payload, words: &[&str]) -> Run {
        let streams = self.streams();
        self.run_on(payload, &["--imagestream-dir", streams.to_str().unwrap()]).args(words)
    }

    /// The same, with ImageStreams where `words` say.
    pub(super) fn run_on(&self, payload: &Payload, words: &[&str]) -> Run {
        let file = payload.file(self.builds.host(), self.target.host());
        Run::new(["nightly"]).args(words).file("payload.yaml", file)
    }

    pub(super) fn streams(&self) -> PathBuf {
        self.folder.path().join("streams")
    }

    /// An ImageStream as it is in the directory.
    pub(super) fn stream(&self, name: &str) -> Value {
        read_yaml(&self.streams().join(format!("{name}.yaml")))
    }

    pub(super) fn clear_logs(&self) {
        self.builds.clear_log();
        self.target.clear_log();
    }

    pub(super) fn assert_only_read(&self) {
        for registry in [&self.builds, &self.target] {
            let kinds = registry.requests_on(any());
            assert!(
                kinds.iter().all(|request| ["GET", "HEAD"].contains(&request.method.as_str())),
                "{kinds:#?}"
            );
        }
    }
}

pub(super) fn read_yaml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml::from_str(&text).unwrap()
}

pub(super) fn report(ran: &Ran) -> Value {
    serde_yaml::from_str(&ran.artifact("gen-payload-artifacts/assembly-report.yaml")).unwrap()
}

pub(super) fn plan(ran: &Ran) -> Value {
    serde_json::from_str(&ran.artifact("gen-payload-artifacts/plan.json")).unwrap()
}

/// The image of each tag.
pub(super) fn tags(stream: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tags = stream["spec"]["tags"].as_array().unwrap().iter();
    tags.map(|tag| (text(&tag["name"]), text(&tag["from"]["name"]))).collect()
}

pub(super) fn count(ran: &Ran, outcome: &str) -> usize {
    ran.rows_that(outcome).len()
}

#[tokio::test]
async fn a_payload_goes_to_its_repositories_and_image_streams_and_a_second_run_writes_nothing() {
    let payload = payload(6);
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &[]).run().await.exits(0);

    assert_eq!(count(&ran, "failed") + count(&ran, "refused") + count(&ran, "unfinished"), 0, "{ran}");
    for (suffix, repository) in [("", PUBLIC), ("-priv", PRIVATE)] {
        let stream = world.stream(&format!("ocp-arm64{suffix}/4.19-art-latest-arm64{suffix}"));
        let tags = tags(&stream);
        assert_eq!(tags.len(), 8, "{tags:#?}");
        for (tag, from) in tags.iter().filter(|(tag, _)| tag != "rhel-coreos") {
            let (at, name) = from.rsplit_once(':').unwrap();
            assert_eq!(at, format!("{}/{repository}", world.target.host()), "{tag}");
            let digest = world.target.tag_digest(repository, name).unwrap();
            assert_eq!(digest.as_str().replace(':', "-"), name);
        }
    }
    world.target.assert_tags_whole();
    let report = report(&ran);
    assert_eq!((&report["viable"], report["release_images"].as_array().unwrap().len()), (&true.into(), 7));

    world.clear_logs();
    let streams = std::fs::read_to_string(world.streams().join("ocp/4.19-art-latest.yaml")).unwrap();
    let again = world.run(&payload, &["--build-url", "https://ci.example/job/2"]).run().await.exits(0);
    assert_eq!(count(&again, "kept"), again.rows().len(), "{again}");
    world.assert_only_read();
    assert_eq!(streams, std::fs::read_to_string(world.streams().join("ocp/4.19-art-latest.yaml")).unwrap());
}

// 18.114
#[tokio::test]
async fn a_dry_run_only_reads_and_says_exactly_what_the_run_then_does() {
    let payload = payload(6);
    let world = World::holding(&payload).await;
    let dry = world.run(&payload, &["--dry-run"]).run().await.exits(0);
    world.assert_only_read();
    assert!(!world.streams().exists(), "a dry run made an ImageStream");
    assert_eq!(world.target.repositories(), Vec::<String>::new());
    assert_eq!(count(&dry, "planned"), dry.rows().len(), "{dry}");

    world.clear_logs();
    let ran = world.run(&payload, &[]).run().await.exits(0);
    assert_eq!(plan(&dry), plan(&ran), "the plan is another");
    let planned = plan(&dry)["images"].as_array().unwrap().len();
    let written = world.target.take_tag_writes();
    assert_eq!(written.len(), planned, "a tag for each image of the plan");
    let targets = |ran: &Ran| {
        let mut targets: Vec<_> = ran.rows().iter().map(|row| row["target"].to_string()).collect();
        targets.sort();
        targets
    };
    assert_eq!(targets(&dry), targets(&ran));
}

/// Two images of one repository, built from different commits.
fn mismatched() -> Payload {
    let mut payload = payload(0);
    payload.members.extend([member("a", 1, None), member("b", 2, None)]);
    payload.sources = vec![
        (
            "a".to_owned(),
            "https://github.com/openshift/one".to_owned(),
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_owned(),
        ),
        (
            "b".to_owned(),
            "https://github.com/openshift/one".to_owned(),
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".to_owned(),
        ),
    ];
    payload
}

// 18.34, 18.53
#[tokio::test]
async fn what_is_inconsistent_and_not_permitted_is_a_row_each_and_nothing_is_pushed() {
    let payload = mismatched();
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &[]).run().await.exits(4);

    world.assert_only_read();
    assert!(!world.streams().exists(), "an ImageStream was made");
    let failed = ran.rows_that("failed");
    assert_eq!(failed.len(), 1, "{ran}");
    let reason = failed[0]["reason"].as_str().unwrap();
    assert!(reason.contains("MISMATCHED_SIBLINGS") && reason.contains("aaaaaaa"), "{reason}");
    assert!(failed[0]["origin"]["line"].as_u64().unwrap() > 1, "{ran}");
    assert_eq!(report(&ran)["viable"], false);
    assert_eq!(report(&ran)["assembly_issues"]["b"][0]["permitted"], false);
    // What would have been mirrored is there to be looked at.
    assert!(ran.artifact("gen-payload-artifacts/src_dest.x86_64-public-0.txt").lines().count() > 2);
    let mail = ran.artifact("email/email001-failed_build_sync-Error_during_OCP_4_19_build_sync.txt");
    assert!(mail.contains("MISMATCHED_SIBLINGS"), "{mail}");
}

// 18.54
#[tokio::test]
async fn in_an_emergency_it_is_brought_out_all_the_same_and_the_report_says_that_it_is_not_viable() {
    let payload = mismatched();
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &["--emergency-ignore-issues"]).run().await.exits(0);
    assert_eq!(report(&ran)["viable"], false);
    assert_eq!(tags(&world.stream("ocp/4.19-art-latest")).len(), 4);
    assert!(ran.stderr.contains("EMERGENCY_IGNORE_ISSUES ignores it"), "{ran}");
}

// 18.87
#[tokio::test]
async fn siblings_whose_mismatch_is_permitted_are_left_out_everywhere_and_their_tags_stay() {
    let mut payload = mismatched();
    let world = World::holding(&payload).await;
    world.run(&payload, &["--emergency-ignore-issues"]).run().await.exits(0);
    let before = tags(&world.stream("ocp/4.19-art-latest"));

    payload.assembly += "  permits:\n  - {code: MISMATCHED_SIBLINGS, component: \"*\", why: on purpose}\n";
    payload.members[0] = member("openshift-enterprise-pod", 9, None);
    world.offer(&payload);
    let ran = world.run(&payload, &[]).run().await.exits(0);
    let after = tags(&world.stream("ocp/4.19-art-latest"));
    let image =
        |tags: &[(String, String)], tag: &str| tags.iter().find(|(name, _)| name == tag).unwrap().1.clone();
    assert_eq!(image(&after, "a"), image(&before, "a"));
    assert_eq!(image(&after, "b"), image(&before, "b"));
    assert_ne!(image(&after, "pod"), image(&before, "pod"));
    ran.artifact("gen-payload-artifacts/updated-tags-for.ocp.4.19-art-latest-partial.yaml");
}

// 18.35, 18.36
#[tokio::test]
async fn a_digest_tag_that_is_another_image_is_never_overwritten_and_no_image_stream_is_touched() {
    let payload = payload(2);
    let world = World::holding(&payload).await;
    let Build { index, images, .. } = payload.members[0].build.as_ref().unwrap();
    let tag = |image: &crate::support::Image| image.digest.as_str().replace(':', "-");
    let other = crate::support::Image::example(99);
    world.target.put_image(PUBLIC, &tag(index), &other);
    let there = &images[&image_mirror::nightly::Arch::X86_64];
    world.target.put_image(PUBLIC, &tag(there), there);

    let ran = world.run(&payload, &[]).run().await.exits(1);
    assert_eq!(world.target.tag_digest(PUBLIC, &tag(index)), Some(other.digest));
    let refused = ran.rows_that("refused");
    assert_eq!(refused.len(), 1, "{ran}");
    assert!(refused[0]["target"].as_str().unwrap().ends_with(&tag(index)));
    let kept = ran.rows_that("kept");
    assert_eq!(kept.len(), 1, "{ran}");
    assert!(!world.streams().exists(), "an ImageStream was made");
    let unfinished = ran.rows_that("unfinished");
    assert_eq!(unfinished.len(), 8, "each ImageStream: {ran}");
}

#[tokio::test]
async fn an_image_that_cannot_be_copied_leaves_all_image_streams_alone_and_the_next_run_goes_on() {
    let payload = payload(3);
    let world = World::holding(&payload).await;
    world.target.fault(Fault::on(on(Kind::PutManifest).repository(PRIVATE)).times(1000).status(403));
    let ran = world.run(&payload, &["--attempts", "1"]).run().await.exits(1);
    assert!(count(&ran, "failed") > 0 && count(&ran, "unfinished") == 8, "{ran}");
    assert!(!world.streams().exists());

    world.target.clear_faults();
    let again = world.run(&payload, &[]).run().await.exits(0);
    assert_eq!(count(&again, "failed") + count(&again, "unfinished"), 0, "{again}");
    assert!(world.streams().join("ocp-priv/4.19-art-latest-priv.yaml").exists());
}

// 18.22, 18.116
#[tokio::test]
async fn a_payload_without_its_stand_in_is_bad_input_and_the_mail_says_why() {
    let mut payload = payload(2);
    payload.members.remove(0);
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &[]).run().await.exits(2);
    world.assert_only_read();
    let failed = ran.rows_that("failed");
    assert!(failed.iter().all(|row| row["reason"].as_str().unwrap().contains("has no image `pod`")), "{ran}");
    assert!(
        ran.stdout.contains("exit code 2: what was asked for cannot be done; nothing was written"),
        "{ran}"
    );
    let mail = ran.artifact("email/email001-failed_build_sync-Error_during_OCP_4_19_build_sync.txt");
    assert!(mail.contains("has no image `pod`"), "{mail}");
}

#[tokio::test]
async fn a_build_that_is_not_there_is_named_with_its_line_and_nothing_is_written() {
    let payload = payload(2);
    let world = World::holding(&payload).await;
    let gone = &payload.members[1].build.as_ref().unwrap().index.digest;
    world.builds.delete_manifest(BUILDS, gone);
    let ran = world.run(&payload, &[]).run().await.exits(1);
    let failed = ran.rows_that("failed");
    assert_eq!(failed.len(), 1, "{ran}");
    assert!(failed[0]["origin"]["line"].as_u64().unwrap() > 10, "{ran}");
    assert_eq!(world.target.requests_on(any()).len(), 0, "the target was asked");
}

#[tokio::test]
async fn failures_in_a_row_are_counted_and_a_success_begins_anew() {
    let (bad, good) = (mismatched(), payload(1));
    let world = World::holding(&bad).await;
    let state = world.folder.path().join("state.json");
    let words = ["--state-file", state.to_str().unwrap()];
    world.run(&bad, &words).run().await.exits(4);
    let second = world.run(&bad, &words).run().await.exits(4);
    let notice = second.artifact("notices/team.txt");
    assert!(notice.starts_with("[UNVIABLE] ") && notice.contains("2 times in a row"), "{notice}");

    world.offer(&good);
    world.run(&good, &words).run().await.exits(0);
    assert!(!std::fs::read_to_string(&state).unwrap().contains("4.19"), "it goes on counting");
    let third = world.run(&bad, &["--dry-run", "--state-file", state.to_str().unwrap()]).run().await.exits(4);
    assert!(!std::fs::read_to_string(&state).unwrap().contains("4.19"), "a dry run was counted: {third}");
}

#[tokio::test]
async fn a_stopped_run_changes_no_image_stream_and_says_so() {
    let payload = payload(3);
    let world = World::holding(&payload).await;
    let gate = world.target.hold(writes());
    let running = world.run(&payload, &["--grace", "0s"]).start();
    gate.arrived(1).await;
    running.terminate();
    let ran = running.ended().await.exits(3);
    assert!(count(&ran, "unfinished") > 8, "{ran}");
    assert!(!world.streams().exists(), "an ImageStream was made");
}

#[tokio::test]
async fn excluded_architectures_have_no_images_and_no_image_streams() {
    let payload = payload(2);
    let world = World::holding(&payload).await;
    world.run(&payload, &["--exclude-arches", "s390x,arm64"]).run().await.exits(0);
    let mut made: Vec<_> = std::fs::read_dir(world.streams())
        .unwrap()
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    made.sort();
    assert_eq!(made, ["ocp", "ocp-ppc64le", "ocp-ppc64le-priv", "ocp-priv"]);
    let build = payload.members[0].build.as_ref().unwrap();
    let image = build.images[&image_mirror::nightly::Arch::S390x].digest.as_str().replace(':', "-");
    assert_eq!(world.target.tag_digest(PUBLIC, &image), None);
}

#[tokio::test]
async fn nothing_embargoed_is_in_public_and_all_of_it_is_in_private() {
    let mut payload = payload(0);
    payload.members.push(embargoed("etcd", 1, None));
    let world = World::holding(&payload).await;
    world.run(&payload, &[]).run().await.exits(0);
    let newer = payload.members[1].build.as_ref().unwrap();
    assert_eq!(ARCHES.len(), newer.images.len());
    for image in newer.images.values().chain([&newer.index]) {
        assert!(!world.target.manifests(PUBLIC).contains(&image.digest), "an embargoed manifest is public");
        assert!(world.target.manifests(PRIVATE).contains(&image.digest));
    }
    let text = std::fs::read_to_string(world.streams().join("ocp/4.19-art-latest.yaml")).unwrap();
    assert!(!text.contains(&newer.nvr) && !text.to_lowercase().contains("embargo"), "{text}");
}

#[tokio::test]
async fn what_is_missing_below_a_tag_that_is_right_is_mended_where_that_is_asked_for() {
    let payload = payload(1);
    let world = World::holding(&payload).await;
    world.run(&payload, &[]).run().await.exits(0);
    let image = &payload.members[1].build.as_ref().unwrap().images[&image_mirror::nightly::Arch::S390x];
    let layer = &image.blobs[2].digest;
    world.target.delete_blob(PUBLIC, layer);

    let compared = world.run(&payload, &[]).run().await.exits(0);
    assert_eq!(count(&compared, "kept"), compared.rows().len(), "names were compared, and no more");
    assert!(!world.target.has_blob(PUBLIC, layer));
    let looked = world.run(&payload, &["--verify-content"]).run().await.exits(0);
    // The image, or the index that it is in: whichever came first.
    assert_eq!(count(&looked, "updated"), 1, "{looked}");
    assert!(world.target.has_blob(PUBLIC, layer));
}

#[tokio::test]
async fn what_is_not_made_for_an_image_stream_is_locked_is_a_row_too() {
    let mut payload = payload(1);
    payload.assembly = "  name: 4.19.3\n  type: standard\n".to_owned();
    payload.more = "multi_arch: {enabled: true}\n".to_owned();
    let world = World::holding(&payload).await;
    let folder = world.streams().join("ocp");
    std::fs::create_dir_all(&folder).unwrap();
    let locked = "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata:\n  name: 4.19-art-assembly-4.19.3\n  \
                  namespace: ocp\n  annotations: {release.openshift.io/mode: locked}\n";
    std::fs::write(folder.join("4.19-art-assembly-4.19.3.yaml"), locked).unwrap();
    let ran = world.run(&payload, &["--publish"]).run().await;
    let skipped: Vec<_> = ran.rows_that("skipped").iter().map(|row| row["source"].to_string()).collect();
    assert_eq!(skipped.len(), 3, "the ImageStream, its release, and that for all architectures: {ran}");
    assert!(world.target.tag_digest("ocp/release", "4.19.0-4.19.3").is_none(), "{ran}");
}

#[tokio::test]
async fn an_embargoed_stand_in_is_told_as_what_it_is() {
    let mut payload = payload(1);
    payload.assembly = "  name: 4.19.3\n  type: standard\n".to_owned();
    payload.members[0] = embargoed("openshift-enterprise-pod", 0, None);
    let world = World::holding(&payload).await;
    let ran = world.run(&payload, &[]).run().await.exits(4);
    world.assert_only_read();
    assert!(ran.stderr.contains("EMBARGOED_CONTENT") || ran.stdout.contains("EMBARGOED_CONTENT"), "{ran}");
    assert!(!ran.stdout.contains("has no image `pod`"), "{ran}");
}

#[tokio::test]
async fn the_login_in_a_build_url_goes_nowhere() {
    let payload = payload(0);
    let world = World::holding(&payload).await;
    let words = ["--build-url", "https://robot:hunter2@ci.example/job/1"];
    let ran = world.run(&payload, &words).run().await.exits(0);
    let text = std::fs::read_to_string(world.streams().join("ocp/4.19-art-latest.yaml")).unwrap();
    assert!(text.contains("ci.example/job/1") && !text.contains("hunter2"), "{text}");
    let artifact = ran.artifact("gen-payload-artifacts/updated-tags-for.ocp.4.19-art-latest.yaml");
    assert!(!artifact.contains("hunter2"), "{artifact}");
}

#[tokio::test]
async fn a_payload_file_that_is_not_there_is_told_with_how_to_name_one() {
    let ran = Run::new(["nightly", "--data-path", "no-such.yaml"]).run().await.exits(2);
    assert!(ran.stderr.contains("`no-such.yaml` cannot be read"), "{ran}");
    assert!(ran.stderr.contains("DOOZER_DATA_PATH (--data-path)"), "{ran}");
}

#[tokio::test]
async fn who_stops_a_run_that_reads_a_reference_release_does_not_wait_for_it() {
    let mut payload = payload(0);
    let world = World::holding(&payload).await;
    let digest = crate::support::image::digest_of(b"release");
    let release = format!("{}/releases@{digest}", world.builds.host());
    writeln!(payload.assembly, "  reference_releases: {{x86_64: \"{release}\"}}").unwrap();
    let gate = world.builds.hold(on(Kind::GetManifest).repository("releases"));
    let running = world.run(&payload, &["--grace", "0s"]).start();
    gate.arrived(1).await;
    running.terminate();
    let ran = tokio::time::timeout(std::time::Duration::from_secs(20), running.ended()).await;
    let ran = ran.expect("it waits for the registry").exits(3);
    assert_eq!(count(&ran, "unfinished"), 1, "{ran}");
    assert_eq!(world.target.requests_on(any()).len(), 0, "the target was asked");
}

#[tokio::test]
async fn who_stops_a_run_that_looks_at_image_streams_does_not_wait_for_the_api_server() {
    let payload = payload(0);
    let world = World::holding(&payload).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = world.folder.path().join("kubeconfig");
    let host = silent.local_addr().unwrap().to_string();
    std::fs::write(&config, crate::support::cluster::kubeconfig(&host, "{token: t}")).unwrap();
    let words = ["nightly", "--cluster", "--kubeconfig", config.to_str().unwrap(), "--grace", "0s"];
    let running =
        Run::new(words).file("payload.yaml", payload.file(world.builds.host(), world.target.host())).start();
    let _asked = silent.accept().await.unwrap();
    running.terminate();
    let ran = tokio::time::timeout(std::time::Duration::from_secs(20), running.ended()).await;
    let ran = ran.expect("it waits for the API server").exits(3);
    let streams =
        ran.rows_that("unfinished").iter().filter(|row| row["origin"]["stream"].is_string()).count();
    assert_eq!(streams, 8, "{ran}");
    assert_eq!(world.target.requests_on(writes()).len(), 0, "something was written");
}

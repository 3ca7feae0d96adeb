//! Stopped in each of the things that a run can be waiting for: it ends when it is to, and its report is there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use super::{outcomes, reason, tiny};
use crate::support::{FakeRegistry, Fault, Grant, Kind, Ran, Run, Running, TokenServer, on};

/// Much less than anything that these runs would wait for.
const SOON: f64 = 15.0;
const NO_GRACE: [&str; 4] = ["run", "--grace", "50ms", "mapping_x"];

/// Waits for what the world outside of the program shows.
async fn until(shows: impl Fn() -> bool) {
    while !shows() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A registry with one image, and one for it to go to.
async fn pair() -> (FakeRegistry, FakeRegistry, String) {
    let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
    source.put_image("org/app", "v1", &tiny(1));
    let line = format!("# owner: us\n{}/org/app:v1 {}/mirror/app:v1\n", source.host(), target.host());
    (source, target, line)
}

/// Asks it to stop; that it ends soon after with `count` rows that are unfinished and nothing else.
async fn stopped(running: Running, count: usize) -> Ran {
    running.terminate();
    let ran = running.ended().await.exits(3);
    assert_eq!(outcomes(&ran), [("unfinished".to_owned(), count)].into(), "{ran}");
    assert!(ran.rows().iter().all(|row| reason(row).contains("interrupted")), "{ran}");
    assert!(ran.report()["elapsed_seconds"].as_f64().unwrap() < SOON, "{ran}");
    ran
}

#[tokio::test]
async fn while_tags_are_listed() {
    let (source, target, line) = pair().await;
    let (from, to) = (source.host(), target.host());
    let lines = format!("{from}/org/many:* {to}/mirror/many\n{from}/org/app:v1 {to}/mirror/many:own\n");
    let gate = source.hold(Kind::Tags);
    let run = Run::new(["run", "mapping_x"]).mapping("mapping_x", &format!("# owner: us\n{lines}"));
    let running = run.start();
    gate.arrived(1).await;
    let ran = stopped(running, 2).await;
    assert!(ran.rows().iter().any(|row| row["target"] == format!("{to}/mirror/many")), "the wildcard: {ran}");
    assert_eq!(target.requests().len(), 0, "{line}");
}

#[tokio::test]
async fn while_a_registry_has_asked_for_a_pause() {
    let (_source, target, line) = pair().await;
    target.fault(Fault::on(Kind::HeadManifest).always().status(429).header("retry-after", "300"));
    let mut running = Run::new(NO_GRACE).mapping("mapping_x", &line).start();
    running.says("slow down").await;
    stopped(running, 1).await;
    assert_eq!(target.count(Kind::HeadManifest), 1, "a pause is kept until the end");
}

#[tokio::test]
async fn while_a_token_service_does_not_answer() {
    let tokens = TokenServer::builder().account("robot", "secret", [Grant::push("")]).start().await;
    tokens.fault(Fault::on(Kind::Token).always().stall());
    let source = FakeRegistry::builder().bearer(&tokens).start().await;
    let (_, target, _) = pair().await;
    let line = format!("# owner: us\n{}/org/app:v1 {}/mirror/app:v1\n", source.host(), target.host());
    let running = Run::new(NO_GRACE).mapping("mapping_x", &line).start();
    until(|| tokens.count() == 1).await;
    stopped(running, 1).await;
    assert_eq!(target.repositories(), Vec::<String>::new());
}

#[tokio::test]
async fn while_a_blob_is_on_its_way() {
    let (_source, target, line) = pair().await;
    let gate = target.hold(Kind::PutBlob);
    let running = Run::new(NO_GRACE).mapping("mapping_x", &line).start();
    gate.arrived(1).await;
    stopped(running, 1).await;
    assert_eq!(target.count(Kind::PutManifest), 0);
}

#[tokio::test]
async fn while_a_credential_program_runs() {
    let (source, target, line) = pair().await;
    let run = Run::new(NO_GRACE).mapping("mapping_x", &line);
    let (folder, begun) = (run.folder(), run.folder().join("begun"));
    // Its own end is far away, though it must not stay on this machine for ever.
    let script = format!("#!/bin/sh\ntouch {}\nexec sleep 60\n", begun.display());
    let run = run.file("bin/docker-credential-slow", script);
    let program = folder.join("bin/docker-credential-slow");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let config = serde_json::json!({"credHelpers": {source.host(): "slow", target.host(): "slow"}});
    let path = format!("{}:/usr/bin:/bin", folder.join("bin").display());
    let run = run.file("login.json", config.to_string()).env("PATH", path);
    source.fault(Fault::on(Kind::HeadManifest).always().expired_token());
    let running = run.env("REGISTRY_AUTH_FILE", "login.json").start();
    until(|| begun.exists()).await;
    stopped(running, 1).await;
    assert_eq!(target.repositories(), Vec::<String>::new());
}

#[tokio::test]
async fn while_somebody_else_has_the_lock_of_a_layout() {
    let (source, _target, _) = pair().await;
    let folder = tempfile::tempdir().unwrap();
    let lock = std::fs::File::create(folder.path().join("oci-layout")).unwrap();
    lock.lock().unwrap();
    let line = format!("# owner: us\n{}/org/app:v1 oci:{}:v1\n", source.host(), folder.path().display());
    let running = Run::new(NO_GRACE).mapping("mapping_x", &line).start();
    let manifest = tiny(1).digest;
    until(|| folder.path().join("blobs/sha256").join(manifest.hex()).exists()).await;
    stopped(running, 1).await;
    assert!(!Path::new(&folder.path().join("index.json")).exists(), "nothing is named behind the lock");
}

#[tokio::test]
async fn a_second_signal_waits_for_no_grace_and_the_report_is_written_all_the_same() {
    let (_source, target, line) = pair().await;
    let gate = target.hold(Kind::PutManifest);
    let words = ["run", "--grace", "10m", "mapping_x"];
    let mut running = Run::new(words).mapping("mapping_x", &line).start();
    gate.arrived(1).await;
    running.terminate();
    running.says("asked to stop").await;
    let ran = stopped(running, 1).await;
    assert!(ran.stderr.contains("asked to stop again"), "{ran}");
    assert_eq!(target.tags("mirror/app"), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_done_what_failed_and_what_is_not_finished_are_told_apart() {
    let (source, target, line) = pair().await;
    let (from, to) = (source.host(), target.host());
    source.put_image("org/app", "v2", &tiny(2));
    let more = format!("{from}/org/app:v2 {to}/mirror/app:v2\n{from}/org/gone:v3 {to}/mirror/gone:v3\n");
    let gate = target.hold(on(Kind::PutManifest).reference("v2"));
    let running = Run::new(NO_GRACE).mapping("mapping_x", &(line + &more)).start();
    gate.arrived(1).await;
    let asked_for = || source.count(on(Kind::HeadManifest).repository("org/gone"));
    until(|| target.tag_digest("mirror/app", "v1").is_some() && asked_for() == 1).await;
    running.terminate();
    let ran = running.ended().await.exits(1);

    let expected = ["copied", "failed", "unfinished"].map(|outcome| (outcome.to_owned(), 1));
    assert_eq!(outcomes(&ran), expected.into(), "{ran}");
    assert_eq!(ran.rows_that("unfinished")[0]["target"], format!("{to}/mirror/app:v2"));
    for said in ["1 copied", "1 failed", "1 unfinished"] {
        assert!(ran.stdout.contains(said), "{said}\n{ran}");
    }
    assert_eq!(ran.artifact("junit_image-mirror.xml").matches("<failure ").count(), 2, "{ran}");
}

#[tokio::test]
async fn a_tag_list_that_is_given_up_holds_up_nothing_that_is_to_be_finished() {
    let (source, target, line) = pair().await;
    let wildcard = format!("{}/org/many:* {}/mirror/many\n", source.host(), target.host());
    // Of all requests to a registry the first goes alone: be it the list, or the line's look.
    let gate = source.hold(Kind::Tags);
    let words = ["run", "--grace", "10m", "mapping_x"];
    let running = Run::new(words).mapping("mapping_x", &(line + &wildcard)).start();
    gate.arrived(1).await;
    running.terminate();
    let ran = running.ended().await.exits(3);

    assert_eq!(ran.rows().len(), 2, "{ran}");
    assert!(ran.rows_that("unfinished").iter().any(|row| row["target"].as_str().unwrap().ends_with("/many")));
    assert!(ran.report()["elapsed_seconds"].as_f64().unwrap() < SOON, "{ran}");
}

#[tokio::test]
async fn without_any_time_every_line_is_still_a_row() {
    let (source, target, line) = pair().await;
    let (from, to) = (source.host(), target.host());
    source.put_image("org/many", "v1", &tiny(2));
    let more = format!("{from}/org/many:* {to}/mirror/many\nnot a line\n");
    for words in [["--deadline", "0s", "--grace", "0s"], ["--deadline", "0s", "--grace", "1h"]] {
        for _ in 0..5 {
            let run =
                Run::new(["run", "mapping_x"]).args(words).mapping("mapping_x", &format!("{line}{more}"));
            let ran = run.run().await.exits(1);
            assert_eq!(ran.rows().len(), 3, "{words:?} {ran}");
            assert_eq!(ran.rows_that("failed").len(), 1, "only the line that is none {words:?} {ran}");
        }
    }
}

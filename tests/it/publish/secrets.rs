//! What a run leaves behind, however it ends: no secret in any form, no temporary file, a journal to go on with.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;
use tempfile::TempDir;

use super::stage::{ACCOUNT, ROBOT, Stage, writes};
use crate::support::catalog::{KEY, PROJECT};
use crate::support::registry::{Kind, on};
use crate::support::{CatalogWorld, FakeRegistry, Image, Lag, Ran, Running};

const AT_ONCE: &str = "--precheck=false";
const READER: &str = "r3ader's \"password\"/";

fn robot() -> String {
    format!("redhat-isv-containers+{PROJECT}-robot")
}

/// All that is written in a folder and below.
fn texts(folder: &Path) -> String {
    let mut text = String::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        text += &if path.is_dir() {
            texts(&path)
        } else {
            String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()
        };
    }
    text
}

/// Each secret as it is, and in the forms in which it goes over a wire or into a file.
fn forms() -> Vec<String> {
    let robot = robot();
    let secrets = [(robot.as_str(), ROBOT), ("account", ACCOUNT), ("reader", READER), ("", KEY)];
    let mut forms = Vec::new();
    for (user, secret) in secrets {
        let login = format!("{user}:{secret}");
        let quoted: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        forms
            .extend([secret.to_owned(), serde_json::to_string(secret).unwrap().trim_matches('"').to_owned()]);
        forms.extend([quoted.replace('+', "%20"), quoted]);
        for coded in [
            STANDARD.encode(secret),
            STANDARD.encode(&login),
            URL_SAFE.encode(secret),
            URL_SAFE.encode(login),
        ] {
            forms.push(coded.trim_end_matches('=').to_owned());
        }
    }
    forms
}

fn assert_no_secret(text: &str, place: &str) {
    for form in forms() {
        assert!(!text.contains(&form), "`{form}` is in {place}: {text}");
    }
}

/// Nothing secret was said, written or given as an argument.
fn assert_nothing_told(stage: &Stage, ran: &Ran) {
    assert_no_secret(&ran.stdout, "stdout");
    assert_no_secret(&ran.stderr, "stderr");
    assert_no_secret(&ran.artifacts().iter().map(|name| ran.artifact(name)).collect::<String>(), "a report");
    assert_no_secret(&texts(&stage.state()), "the state directory");
    assert_no_secret(&stage.preflight.arguments().concat(), "the arguments of the program");
}

/// A stage on which every registry wants the login that is for it.
async fn guarded() -> (Stage, Image) {
    let upload = FakeRegistry::builder().basic(&robot(), ROBOT);
    let public = FakeRegistry::builder().basic("account", ACCOUNT);
    let mut stage = Stage::of(CatalogWorld::of(upload, public).await).await;
    stage.sources = FakeRegistry::builder().basic("reader", READER).start().await;
    let image = stage.source("7.6.1-rel", 1);
    (stage, image)
}

// 19.72
#[tokio::test]
async fn no_secret_is_kept_or_said_though_the_program_that_certifies_prints_all_of_them() {
    let (stage, _) = guarded().await;
    let run = async |words: &[&str], code| {
        let logins = [(stage.sources.host(), "reader", READER)];
        let ran = stage.image(words).args(["-vv"]).logins(&logins).run().await.exits(code);
        assert_nothing_told(&stage, &ran);
        ran
    };
    stage.steer(&json!({ "mode": "fail", "leak": true }));
    let ran = run(&[], 1).await;
    assert!(ran.stderr.contains("There is no /licenses. ***"), "{ran}");
    stage.steer(&json!({ "mode": "no-results", "leak": true }));
    run(&[AT_ONCE], 3).await;
    stage.steer(&json!({ "mode": "fail", "leak": true }));
    run(&[AT_ONCE], 1).await;
    run(&[AT_ONCE], 1).await;
    stage.steer(&json!({ "mode": "pass", "leak": true }));
    stage.world.lag(Lag::Never);
    run(&[AT_ONCE, "--retry-preflight", "--publish-timeout", "200ms", "--request-publish"], 5).await;
    stage.world.lag(Lag::None);
    let ran = run(&[AT_ONCE, "--sync-tags"], 0).await;
    assert_eq!(ran.rows_that("copied").len(), 2, "{ran}");
    assert!(texts(&stage.state()).contains("***"), "the program did print them");
    let given: String = stage
        .preflight
        .runs()
        .iter()
        .map(|run| run["environ"].to_string() + &run["docker_config"].to_string())
        .collect();
    assert!(
        given.contains(KEY) && given.contains(&STANDARD.encode(format!("{}:{ROBOT}", robot()))),
        "it had them"
    );
    assert!(
        !given.contains(ACCOUNT) && !given.contains(&STANDARD.encode(format!("account:{ACCOUNT}"))),
        "it needs no more"
    );
}

// 19.72
#[tokio::test]
async fn no_secret_is_said_by_a_registry_or_an_api_that_refuses_it() {
    let (stage, image) = guarded().await;
    let logins = [(stage.sources.host(), "reader", READER)];
    for registry in [&stage.sources, &stage.world.upload, &stage.world.public] {
        let denied = on([Kind::HeadManifest, Kind::GetManifest, Kind::Tags]);
        registry.fault(crate::support::registry::Fault::on(denied).status(401).always());
        let ran = stage.image(&[AT_ONCE, "-vv"]).logins(&logins).run().await.exits(3);
        assert_nothing_told(&stage, &ran);
        registry.clear_faults();
    }
    assert_eq!(writes(&stage), [], "{}", image.digest);
}

/// A run with a folder of its own for what is temporary.
struct Stopped<'a> {
    stage: &'a Stage,
    temporary: TempDir,
}

impl<'a> Stopped<'a> {
    fn on(stage: &'a Stage) -> Self {
        Self { stage, temporary: tempfile::tempdir().unwrap() }
    }

    fn start(&self) -> Running {
        let words = [AT_ONCE, "--grace", "100ms"];
        self.stage.image(&words).env("TMPDIR", self.temporary.path().display().to_string()).start()
    }

    /// It was asked to stop: it does, and leaves nothing but what the next run needs.
    async fn ends(&self, running: Running) {
        let ran = running.ended().await.exits(3);
        assert_eq!(texts(self.temporary.path()), "", "{ran}");
        assert_eq!(
            fs::read_dir(self.temporary.path()).unwrap().count(),
            0,
            "no folder stays, not even an empty one"
        );
        assert!(ran.rows_that("unfinished").len() >= 2 && ran.rows_that("failed").is_empty(), "{ran}");
        let events = self.stage.events("7.6.1-1");
        assert!(events[0] == "planned" && !events.contains(&"done".to_owned()), "{events:?}");
    }

    /// The next run publishes `image`.
    async fn next_run_publishes(self, image: &Image) {
        self.stage.steer(&json!({ "mode": "pass" }));
        self.stage.world.lag(Lag::None);
        self.stage.publish(&[AT_ONCE]).await.exits(0);
        let mut written = writes(self.stage);
        written.dedup();
        let expected = ["7.6.1-1", "7.6.1", "7.6.1-rhcc"].map(|tag| (tag.to_owned(), image.digest.clone()));
        assert_eq!(written, expected, "each in its order, none that was not to be");
        assert_eq!(self.stage.events("7.6.1-1").last().unwrap(), "done");
    }
}

async fn stage() -> (Stage, Image) {
    let stage = Stage::new().await;
    let image = stage.source("7.6.1-rel", 1);
    (stage, image)
}

// 19.73
#[tokio::test]
async fn a_signal_during_the_upload_leaves_what_the_next_run_goes_on_with() {
    let (stage, image) = stage().await;
    let stopped = Stopped::on(&stage);
    let gate = stage.world.upload.hold(on(Kind::PutBlob));
    let running = stopped.start();
    gate.arrived(1).await;
    running.terminate();
    stopped.ends(running).await;
    drop(gate);
    stopped.next_run_publishes(&image).await;
}

// 19.73
#[tokio::test]
async fn a_signal_during_the_certification_ends_the_program_and_all_that_it_started() {
    let (stage, image) = stage().await;
    let stopped = Stopped::on(&stage);
    let mut pipe = stage.preflight.pipe();
    stage.steer(&json!({ "mode": "hang", "pipe": pipe.path, "leak": true }));
    let running = stopped.start();
    pipe.here().await;
    running.terminate();
    stopped.ends(running).await;
    stopped.next_run_publishes(&image).await;
    pipe.gone().await;
    assert_no_secret(&texts(&stage.state()), "what the program wrote until then");
    assert_eq!(stage.preflight.runs().len(), 2);
}

// 19.73
#[tokio::test]
async fn a_signal_during_the_wait_ends_it_at_once() {
    let (stage, image) = stage().await;
    let stopped = Stopped::on(&stage);
    stage.world.lag(Lag::Never);
    let looks = on([Kind::HeadManifest, Kind::GetManifest]).reference("7.6.1-1");
    let gate = stage.world.public.hold(looks);
    let running = stopped.start();
    gate.let_through(3);
    gate.arrived(3).await;
    running.terminate();
    gate.release();
    stopped.ends(running).await;
    stopped.next_run_publishes(&image).await;
    assert_eq!(stage.preflight.runs().len(), 1, "it is certified");
}

// 19.73
#[tokio::test]
async fn a_signal_between_two_floating_tags_leaves_the_second_to_the_next_run() {
    let (stage, image) = stage().await;
    let stopped = Stopped::on(&stage);
    let gate = stage.world.upload.hold(on(Kind::PutManifest).reference("7.6.1"));
    let mut running = stopped.start();
    gate.arrived(1).await;
    running.terminate();
    running.says("asked to stop").await;
    gate.release();
    stopped.ends(running).await;
    stopped.next_run_publishes(&image).await;
    assert_eq!(stage.preflight.runs().len(), 1);
}

#[tokio::test]
async fn a_signal_while_a_command_only_looks_leaves_no_login_behind() {
    let (stage, _) = stage().await;
    let stopped = Stopped::on(&stage);
    for words in [
        &["status", "--product", "server"][..],
        &["next-rebuild", "--product", "server", "--version", "7.6.1"],
    ] {
        let gate = stage.world.upload.hold(on(Kind::Tags));
        let temporary = stopped.temporary.path().display().to_string();
        let running = stage.command(words).env("TMPDIR", temporary).start();
        gate.arrived(1).await;
        assert_ne!(
            fs::read_dir(stopped.temporary.path()).unwrap().count(),
            0,
            "a login is there while it looks"
        );
        running.terminate();
        let ran = running.ended().await.exits(3);
        assert_eq!(fs::read_dir(stopped.temporary.path()).unwrap().count(), 0, "{ran}");
    }
}

//! Login programs of a kubeconfig: what they are told and what they say may be secret, and is never shown.

use std::fs;
use std::pin::pin;

use futures_util::StreamExt as _;
use image_mirror::cluster::{Access, Cluster, Error, Event, LeaseSettings, lease};
use image_mirror::error::{Class, Classify as _};
use tempfile::TempDir;

use super::{name, told};
use crate::support::{FakeCluster, Ran, Run};

/// In each word of a login program that may be secret.
const SECRET: &str = "s3cr3t";
const ENDED: &str =
    "logging in to the cluster: the login program of the kubeconfig ended with exit status: 7";

/// A kubeconfig with a login program: a script that is run with a secret argument and a secret variable, and that says
/// secrets wherever it can.
fn kubeconfig(api: &FakeCluster, script: &str) -> String {
    let script = format!("echo {SECRET}-stderr >&2; {script}").replace('\'', "''");
    api.kubeconfig_of(&format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, command: /bin/sh, args: \
         ['-c', '{script}', '{SECRET}-argument'], env: [{{name: LOGIN, value: '{SECRET}-value'}}]}}}}"
    ))
}

const FAIL: &str = "echo s3cr3t-stdout; exit 7";

/// Gives a token that is to be renewed before each request.
fn give() -> String {
    let token = FakeCluster::token();
    format!(
        "echo '{{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": \
         {{\"token\": \"{token}\", \"expirationTimestamp\": \"2001-01-01T00:00:00Z\"}}}}'"
    )
}

async fn connect(kubeconfig: String) -> (TempDir, Result<Cluster, Error>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, kubeconfig).unwrap();
    let cluster = Cluster::connect(&Access { kubeconfig: vec![path], ..Access::default() }).await;
    (folder, cluster)
}

/// All that can be seen of an error.
fn shown(error: &Error) -> String {
    let text = format!("{}\n{error:?} {error:#?}", told(error));
    assert!(!text.contains(SECRET), "{text}");
    text
}

#[tokio::test]
async fn a_login_program_that_fails_is_told_by_how_it_ended() {
    let api = FakeCluster::start().await;

    let error = connect(kubeconfig(&api, FAIL)).await.1.unwrap_err();

    let shown = shown(&error);
    assert!(shown.starts_with(ENDED), "{shown}");
    assert!(error.advice().unwrap().contains("run the login program by hand"));
    assert_eq!((error.class(), error.attempts(), error.unreached()), (Class::Denied, 1, None));
    assert!(api.requests().is_empty());
}

#[tokio::test]
async fn a_login_program_that_cannot_be_started_or_talks_nonsense_is_named_without_its_words() {
    let api = FakeCluster::start().await;
    let absent = kubeconfig(&api, FAIL).replace("/bin/sh", "/nowhere/login --token s3cr3t");
    let rows = [
        (absent, "the login program `/nowhere/login` of the kubeconfig could not be started: No such file"),
        (kubeconfig(&api, "echo s3cr3t-stdout: ["), "the login program of the kubeconfig gave no login"),
        (kubeconfig(&api, "echo '{}'"), "the login program of the kubeconfig gave no login"),
    ];
    for (kubeconfig, said) in rows {
        let shown = shown(&connect(kubeconfig).await.1.unwrap_err());
        assert!(shown.contains(said), "{shown}");
    }
}

#[tokio::test]
async fn a_login_that_cannot_be_renewed_is_told_alike_whatever_it_was_for() {
    let api = FakeCluster::start().await;
    api.put("ci", "a", serde_json::json!({}));
    let marks = tempfile::tempdir().unwrap();
    let fail = marks.path().join("fail");
    let script = format!("if [ -e {} ]; then {FAIL}; fi; {}", fail.display(), give());
    let (_folder, cluster) = connect(kubeconfig(&api, &script)).await;
    let cluster = cluster.unwrap();
    assert_eq!(cluster.image_streams(None, name).await.unwrap(), ["ci/a"]);
    let settings = LeaseSettings {
        namespace: "ci".into(),
        name: "mirror".into(),
        identity: "pod".into(),
        duration: std::time::Duration::from_secs(30),
    };
    let (standing, mut campaign) = lease(&cluster, settings);
    tokio::select! {
        never = campaign.run() => match never {},
        () = standing.held() => {}
    }
    fs::write(&fail, "").unwrap();
    api.clear_log();

    let mut events = pin!(cluster.watch(None));
    let Some(Event::Trouble(watch)) = events.next().await else { panic!("there is no login") };
    let errors = [
        cluster.image_streams(None, name).await.unwrap_err(),
        cluster.image_stream("ci", "a", name).await.unwrap_err(),
        campaign.release().await.unwrap_err(),
        watch,
    ];

    for error in errors {
        let shown = shown(&error);
        assert!(shown.starts_with(ENDED), "{shown}");
        assert_eq!((error.class(), error.attempts(), error.unreached()), (Class::Denied, 1, None));
    }
    assert!(api.requests().is_empty(), "without a login nothing is asked: {:?}", api.requests());
}

/// All that a run leaves behind.
fn left(ran: &Ran) -> String {
    let files: Vec<_> = ran.artifacts().iter().map(|name| ran.artifact(name)).collect();
    format!("{ran}\n{}", files.join("\n"))
}

#[tokio::test]
async fn nothing_of_a_login_program_is_in_what_the_program_prints_and_reports() {
    let api = FakeCluster::start().await;
    // It is run three times before the first request.
    let later = format!("echo . >>calls; if [ $(wc -l <calls) -gt 3 ]; then {FAIL}; fi; {}", give());
    for (script, code) in [(FAIL, 2), (&later, 1)] {
        let words = ["imagestreams", "-vv", "--all-namespaces", "--target-repository", "127.0.0.1:1/ci"];
        let run = Run::new(words).args(["--kubeconfig", "kubeconfig"]);
        let ran = run.file("kubeconfig", kubeconfig(&api, script)).run().await.exits(code);
        let left = left(&ran);
        assert!(left.contains("the login program of the kubeconfig ended with exit status: 7"), "{left}");
        assert!(left.contains("run the login program by hand"), "{left}");
        assert!(!left.contains(SECRET) && !left.contains(FakeCluster::token()), "{left}");
    }
    assert!(api.requests().is_empty());
}

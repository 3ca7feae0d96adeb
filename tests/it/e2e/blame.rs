//! What many entries fail for is told once: which login lacks which right where, with all its lines.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::{assert_all, tiny};
use crate::support::{FakeRegistry, Fault, Grant, Kind, Ran, Run, TokenServer, docker_config};

/// `count` entries in two files of two owners, all from and to one repository.
fn lines(
    source: &FakeRegistry,
    target: &FakeRegistry,
    count: usize,
    to: impl Fn(usize) -> String,
) -> [String; 2] {
    let mut files = [String::from("# owner: us\n"), String::from("# owner: them\n")];
    for number in 0..count {
        source.put_image("org/app", &format!("v{number}"), &tiny(1));
        let (from, to) = (source.image("org/app", &format!("v{number}")), to(number));
        writeln!(files[number % 2], "{from} {}/{to}:v{number}", target.host()).unwrap();
    }
    files
}

fn run(words: &[&str], target: &FakeRegistry, files: &[String; 2]) -> Run {
    let run = Run::new(["run", "--attempts", "1"]).args(words).args(["mapping_a", "mapping_b"]);
    run.logins(&[(target.host(), "robot", "hunter2")])
        .mapping("mapping_a", &files[0])
        .mapping("mapping_b", &files[1])
}

/// Lines that begin with `error:`.
fn errors(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("error:")).collect()
}

/// Every entry has its own row and its own JUnit case; they share one cause, which is told once.
#[track_caller]
fn assert_told_once(ran: &Ran, count: usize, sentence: &str) -> Value {
    assert_all(ran, count, "failed");
    let told = errors(&ran.stdout);
    assert_eq!(told.len(), 1, "{ran}");
    assert!(told[0].contains(sentence) && told[0].ends_with(&format!(": {count} entries")), "{ran}");
    assert!(ran.stdout.contains(&format!("mapping_a (owner us): {}", count.div_ceil(2))), "{ran}");
    assert!(ran.stdout.contains(&format!("mapping_b (owner them): {}", count / 2)), "{ran}");
    let live = errors(&ran.stderr);
    assert_eq!(live.len(), 2, "the first, and how many there were: {ran}");
    assert!(live[1].contains(sentence) && live[1].ends_with(&format!(": {count} entries in all")), "{ran}");
    assert_eq!(ran.artifact("junit_image-mirror.xml").matches("<failure").count(), count);
    assert_eq!(ran.artifact("image-mirror-summary.html").matches(sentence).count(), 1, "{ran}");
    assert!(!ran.to_string().contains("hunter2"), "a secret was printed\n{ran}");
    ran.report()
}

#[tokio::test]
async fn a_right_that_400_entries_of_two_files_lack_is_told_once() {
    let tokens = TokenServer::builder().account("robot", "hunter2", [Grant::pull("")]).start().await;
    let source = FakeRegistry::start().await;
    let target = FakeRegistry::builder().bearer(&tokens).start().await;
    let files = lines(&source, &target, 400, |_| "org/b".to_owned());
    let ran = run(&[], &target, &files).run().await.exits(1);

    let sentence = format!("lacks push on `{}/org/b`", target.host());
    let report = assert_told_once(&ran, 400, &sentence);
    assert!(errors(&ran.stdout)[0].contains("the login `robot` (entry `"), "{ran}");
    assert!(ran.stdout.contains("and 380 more (see image-mirror-report.json)"), "{ran}");
    let cause = &report["causes"][0];
    assert_eq!(
        (&cause["kind"], &cause["right"], &cause["count"]),
        (&"right".into(), &"push".into(), &400.into())
    );
    assert_eq!((&cause["repository"], &cause["login"]["user"]), (&"org/b".into(), &"robot".into()));
    assert!(report["rows"].as_array().unwrap().iter().all(|row| row["cause"] == cause["id"]), "{cause}");
    assert_eq!(target.count(Kind::PutManifest), 0);
}

#[tokio::test]
async fn many_repositories_that_a_login_may_not_write_are_one_cause_and_each_is_one_for_programs() {
    let tokens = TokenServer::builder().account("robot", "hunter2", [Grant::pull("")]).start().await;
    let source = FakeRegistry::start().await;
    let target = FakeRegistry::builder().bearer(&tokens).start().await;
    let files = lines(&source, &target, 30, |number| format!("org/app{number}"));
    let ran = run(&[], &target, &files).run().await.exits(1);

    let sentence = format!("lacks push on 30 repositories of `{}/org`", target.host());
    let report = assert_told_once(&ran, 30, &sentence);
    assert_eq!(report["causes"].as_array().unwrap().len(), 30);
}

#[tokio::test]
async fn a_wrong_password_is_told_once_and_is_no_matter_of_rights() {
    let tokens = TokenServer::builder().account("robot", "another", [Grant::push("")]).start().await;
    let source = FakeRegistry::start().await;
    let target = FakeRegistry::builder().bearer(&tokens).start().await;
    let files = lines(&source, &target, 40, |number| format!("org/app{number}"));
    let ran = run(&[], &target, &files).run().await.exits(1);

    let report = assert_told_once(&ran, 40, "is refused by");
    assert_eq!(report["causes"][0]["kind"], "login");
    assert!(!ran.stdout.contains("lacks"), "{ran}");
    assert!(tokens.count() <= 8, "the wrong password was sent {} times", tokens.count());
}

#[tokio::test]
async fn a_wrong_password_that_the_registry_takes_itself_is_told_once() {
    let source = FakeRegistry::start().await;
    let target = FakeRegistry::builder().basic("robot", "another").start().await;
    let files = lines(&source, &target, 40, |number| format!("org/app{number}"));
    let ran = run(&[], &target, &files).run().await.exits(1);
    assert_told_once(&ran, 40, &format!("is refused by `{}` (status 401)", target.host()));
}

#[tokio::test]
async fn a_token_service_that_is_down_and_a_host_that_throttles_are_each_one_cause() {
    let tokens = TokenServer::builder().account("robot", "hunter2", [Grant::push("")]).start().await;
    tokens.fault(Fault::on(Kind::Token).always().status(503));
    let source = FakeRegistry::start().await;
    let target = FakeRegistry::builder().bearer(&tokens).start().await;
    let files = lines(&source, &target, 40, |number| format!("org/app{number}"));
    let ran = run(&[], &target, &files).run().await.exits(1);
    assert_told_once(&ran, 40, "answers with status 503");

    let target = FakeRegistry::start().await;
    target.fault(Fault::on(Kind::HeadManifest).always().status(429).header("retry-after", "3600"));
    let files = lines(&source, &target, 40, |number| format!("org/app{number}"));
    let ran = run(&[], &target, &files).run().await.exits(1);
    assert_told_once(&ran, 40, &format!("`{}` asks to wait", target.host()));
}

#[tokio::test]
async fn what_happens_to_one_entry_only_is_told_as_before() {
    let (source, target) =
        (FakeRegistry::start().await, FakeRegistry::builder().basic("robot", "x").start().await);
    let files = lines(&source, &target, 1, |_| "org/b".to_owned());
    let ran = run(&["--allow-empty"], &target, &files).run().await.exits(1);

    assert_eq!(errors(&ran.stderr).len(), 1, "{ran}");
    assert!(errors(&ran.stdout)[0].contains("(mapping_a:2): "), "{ran}");
}

#[tokio::test]
async fn causes_come_through_a_merge_of_shards() {
    let tokens = TokenServer::builder().account("robot", "hunter2", [Grant::pull("")]).start().await;
    let source = FakeRegistry::start().await;
    let target = FakeRegistry::builder().bearer(&tokens).start().await;
    let files = lines(&source, &target, 20, |number| format!("org/app{}", number % 4));
    let mut merge =
        Run::new(["report", "merge", "image-mirror-report-0-of-2.json", "image-mirror-report-1-of-2.json"]);
    let config = docker_config(&[(target.host(), "robot", "hunter2")]);
    let folder = tempfile::tempdir().unwrap();
    let authfile = folder.path().join("config.json");
    std::fs::write(&authfile, config).unwrap();
    for shard in ["0", "1"] {
        let of = format!("{shard}/2");
        let words = ["--shard", &of, "-a", authfile.to_str().unwrap()];
        let ran = run(&words, &target, &files).run().await;
        let name = format!("image-mirror-report-{shard}-of-2.json");
        let report = ran.artifact(&name);
        merge = merge.file(&name, report);
    }
    let merged = merge.run().await.exits(1);

    assert_all(&merged, 20, "failed");
    assert_eq!(errors(&merged.stdout).len(), 1, "{merged}");
    assert!(errors(&merged.stdout)[0].contains("lacks push on 4 repositories of `"), "{merged}");
    let report = merged.report();
    let causes = report["causes"].as_array().unwrap();
    let repositories: BTreeSet<_> =
        causes.iter().map(|cause| cause["repository"].as_str().unwrap()).collect();
    assert_eq!(repositories, ["org/app0", "org/app1", "org/app2", "org/app3"].into());
    assert!(causes.iter().all(|cause| cause["count"] == 5), "{causes:?}");
}

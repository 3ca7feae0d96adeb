//! The right to pull: there, silently left out, refused, or not to be known.

use super::{assert_only_looked, behind, check, json, lines, of, put, robot, table};
use crate::support::{FakeRegistry, Fault, Grant, Kind, Nobody, TokenServer};

#[tokio::test]
async fn all_rights_are_there_and_many_repositories_are_one_line_a_side() {
    let tokens = robot([Grant::push("")]).await;
    let registry = behind(&tokens).await;
    let names: Vec<String> = (0..400).map(|number| format!("org/app{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    put(&registry, names.iter().copied());
    let mapping = lines(registry.host(), registry.host(), names.iter().copied());
    let ran = check(&[], &[registry.host()], &mapping).run().await.exits(0);

    let [_, source, target] = table(&ran)[..] else { panic!("{ran}") };
    assert!(source.starts_with("source") && source.contains("/org/… (400)"), "{ran}");
    assert!(source.contains("(user `robot`)") && source.contains("127.0.0.1"), "{ran}");
    assert!(target.contains("/mirror/org/… (400)") && target.contains("nothing there"), "{ran}");
    assert!(target.ends_with("not asked"), "{ran}");
    assert_eq!(
        registry.count(Kind::HeadManifest),
        800 + 1,
        "one request a repository, and one for the challenge"
    );
    assert!(tokens.count() <= 800 / 20, "{} tokens", tokens.count());
    assert!(!tokens.was_asked_for("push"), "{:?}", tokens.requests());
    assert_only_looked(&ran, &[&registry]);
}

/// One repository of three that the robot may not read; it is told which, and of whom.
async fn a_missing_right_is_named(tokens: TokenServer) {
    let registry = behind(&tokens).await;
    put(&registry, ["org/a", "other/b", "org/c"]);
    let names = ["org/a", "other/b", "org/c", "other/b"];
    let mapping = lines(registry.host(), registry.host(), names);
    let ran = check(&[], &[registry.host()], &mapping).run().await.exits(1);

    let host = registry.host();
    let sentence = format!("error: the login `robot` (entry `{host}` of ");
    assert_eq!(ran.stdout.matches("error:").count(), 1, "{ran}");
    assert!(ran.stdout.contains(&sentence), "{ran}");
    assert!(ran.stdout.contains(&format!("config.json) lacks pull on `{host}/other/b`\n")), "{ran}");
    assert!(ran.stdout.contains(&format!("needed by mapping_x:3 for {host}/other/b")), "{ran}");
    assert!(ran.stdout.contains("help: give the account pull there"), "{ran}");
    assert_eq!(table(&ran).iter().filter(|line| line.contains(" NO ")).count(), 1, "{ran}");
    assert!(!tokens.was_asked_for("push"));
    assert_only_looked(&ran, &[&registry]);
}

fn grants() -> [Grant; 2] {
    [Grant::pull("org"), Grant::push("mirror")]
}

#[tokio::test]
async fn a_right_that_is_silently_left_out_of_the_token_is_named() {
    a_missing_right_is_named(robot(grants()).await).await;
}

#[tokio::test]
async fn a_right_that_is_refused_with_403_is_named() {
    let tokens = TokenServer::builder().account("robot", super::SECRET, grants()).refuse("other", 403);
    a_missing_right_is_named(tokens.start().await).await;
}

#[tokio::test]
async fn a_right_that_is_refused_as_a_wrong_password_is_refused_is_named_as_a_right() {
    let tokens = TokenServer::builder().account("robot", super::SECRET, grants()).refuse("other", 401);
    a_missing_right_is_named(tokens.start().await).await;
}

#[tokio::test]
async fn nobody_is_logged_in_where_a_login_is_needed() {
    let tokens = robot([Grant::push("")]).await;
    let (registry, open) = (behind(&tokens).await, FakeRegistry::start().await);
    put(&open, ["org/a"]);
    let mapping = lines(open.host(), registry.host(), ["org/a"]);
    let ran = check(&["--output", "json"], &[], &mapping).run().await.exits(1);

    let document = json(&ran);
    let (source, target) = (of(&document, "org/a"), of(&document, "mirror/org/a"));
    assert_eq!((&source["pull"], &source["token_service"]), (&"granted".into(), &().into()));
    assert_eq!((&target["pull"], &target["login"]), (&"lacking".into(), &().into()));
    assert!(target["message"].as_str().unwrap().starts_with("nobody is logged in for"), "{target}");
    assert_eq!(target["lines"], serde_json::json!([{"file": "mapping_x", "line": 2}]));
    assert_eq!((&document["exit_code"], &target["push"]), (&1.into(), &().into()));
    assert_only_looked(&ran, &[&registry, &open]);
}

#[tokio::test]
async fn a_token_service_that_is_down_is_not_a_missing_right() {
    let tokens = robot([Grant::push("")]).await;
    tokens.fault(Fault::on(Kind::Token).always().status(503));
    let (registry, open) = (behind(&tokens).await, FakeRegistry::start().await);
    put(&open, ["org/a", "org/b"]);
    let mapping = lines(open.host(), registry.host(), ["org/a", "org/b"]);
    let ran = check(&["--attempts", "1"], &[registry.host()], &mapping).run().await.exits(3);

    assert_eq!(ran.stdout.matches("error:").count(), 1, "{ran}");
    assert!(ran.stdout.contains("answers with status 503"), "{ran}");
    assert!(
        ran.stdout.contains("4 repositories: 2 as needed, 0 without a right, 2 could not be told"),
        "{ran}"
    );
    assert_only_looked(&ran, &[&registry, &open]);
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_told_once_and_the_others_are_checked() {
    let open = FakeRegistry::start().await;
    put(&open, ["org/a", "org/b"]);
    let nobody = Nobody::new();
    let mapping = lines(open.host(), nobody.host(), ["org/a", "org/b"]);
    let ran = check(&["--attempts", "1"], &[], &mapping).run().await.exits(3);

    assert_eq!(ran.stdout.matches("error:").count(), 1, "{ran}");
    assert!(ran.stdout.contains(nobody.host()) && ran.stdout.contains("2 as needed"), "{ran}");
    assert_only_looked(&ran, &[&open]);
}

#[tokio::test]
async fn a_wildcard_is_checked_by_one_look_at_the_tags() {
    let tokens = robot(grants()).await;
    let registry = behind(&tokens).await;
    put(&registry, ["org/a", "other/b"]);
    let host = registry.host();
    let mapping = format!("# owner: us\n{host}/org/a:* {host}/mirror/a\n{host}/other/b:* {host}/mirror/b\n");
    let ran = check(&["--output", "json"], &[host], &mapping).run().await.exits(1);

    let document = json(&ran);
    assert_eq!(of(&document, "org/a")["pull"], "granted");
    assert_eq!(of(&document, "other/b")["pull"], "lacking");
    assert_eq!(of(&document, "mirror/a")["pull"], "absent");
    assert_eq!(registry.count(Kind::HeadManifest), 0);
    assert_only_looked(&ran, &[&registry]);
}

#[tokio::test]
async fn files_without_an_entry_or_that_are_not_there_are_bad_usage() {
    check(&[], &[], "# nothing\n").run().await.exits(2);
    crate::support::Run::new(["auth", "check", "nowhere"]).run().await.exits(2);
}

//! quay's API with its OAuth token: what it deletes, and who gets to see the token.

use super::{REPOSITORY, all_but, expired, fill, left, prune, set, tags_of};
use crate::support::{FakeRegistry, Fault, Grant, Kind, QuayApi, Ran, Run, TokenServer};

const TOKEN: &str = "oauth-token-of-quay-0123456789";

async fn quay() -> (FakeRegistry, TokenServer) {
    let tokens = TokenServer::builder().account("robot", "robots-password", [Grant::pull("")]).start().await;
    let api = QuayApi::Token(TOKEN.to_owned());
    let registry = FakeRegistry::builder().quay_api(api).bearer(&tokens).start().await;
    fill(&registry, 6);
    (registry, tokens)
}

fn with_token(registry: &FakeRegistry, token: &str) -> Run {
    let run = prune(registry, &["--delete", "--quay-token-file", "token", "-vv"]);
    run.file("token", format!("{token}\n")).logins(&[(registry.host(), "robot", "robots-password")])
}

/// The token is in nothing that was printed or written.
#[track_caller]
fn assert_secret(ran: &Ran) {
    let artifacts = ran.artifacts().into_iter().map(|name| ran.artifact(&name));
    for text in artifacts.chain([ran.stdout.clone(), ran.stderr.clone()]) {
        assert!(!text.contains(TOKEN), "the token was shown: {text}");
    }
}

#[tokio::test]
async fn with_a_token_tags_are_deleted_by_quays_api_and_it_sees_no_login_of_a_robot() {
    let (registry, tokens) = quay().await;
    let ran = with_token(&registry, TOKEN).run().await.exits(0);
    assert_secret(&ran);
    assert_eq!(tags_of(&ran, "deleted"), set(&expired(6)), "{ran}");
    assert_eq!(left(&registry), all_but(6, &expired(6)));
    assert_eq!(registry.count(Kind::DeleteManifest), 0);
    assert!(!tokens.was_asked_for("push") && !tokens.was_asked_for("delete"), "the robot only reads");
    for request in registry.requests() {
        let is_api = request.kind == Kind::QuayDeleteTag;
        let shows = request.header("authorization") == Some(&format!("Bearer {TOKEN}"));
        assert_eq!(shows, is_api, "{} {}", request.method, request.path);
    }
}

#[tokio::test]
async fn a_token_goes_to_no_other_host_wherever_its_own_sends_it() {
    let (registry, _tokens) = quay().await;
    let other = FakeRegistry::builder().quay_api(QuayApi::Open).start().await;
    registry.fault(Fault::on(Kind::QuayDeleteTag).always().redirect());
    let ran = with_token(&registry, TOKEN).args(["--quay", other.host()]).run().await.exits(1);
    assert_secret(&ran);
    assert_eq!(ran.rows_that("failed").len(), 6, "{ran}");
    assert_eq!(registry.count(Kind::Elsewhere), 0);
    assert_eq!(other.requests().len(), 0);
    assert_eq!(left(&registry), all_but(6, &[]));
}

#[tokio::test]
async fn a_token_that_is_refused_is_one_cause_that_names_its_file_and_not_what_it_holds() {
    let (registry, _tokens) = quay().await;
    registry.configure(|config| config.quay_api = QuayApi::Token("another".to_owned()));
    let ran = with_token(&registry, TOKEN).run().await.exits(1);
    assert_secret(&ran);
    assert_eq!(ran.rows_that("failed").len(), 6, "{ran}");
    let cause = &ran.report()["causes"][0];
    assert_eq!((&cause["kind"], &cause["count"]), (&"login".into(), &6.into()), "{cause}");
    assert!(cause["message"].as_str().unwrap().contains("the OAuth token in token"), "{cause}");
    assert!(!ran.stdout.contains("robot"), "the robot has nothing to do with it: {ran}");
}

#[tokio::test]
async fn what_the_api_says_back_of_the_token_is_struck_out() {
    let (registry, _tokens) = quay().await;
    let echo = format!(r#"{{"error_message":"no right for {TOKEN}"}}"#);
    registry.fault(Fault::on(Kind::QuayDeleteTag).always().status(403).body(echo));
    let ran = with_token(&registry, TOKEN).run().await.exits(1);
    assert_secret(&ran);
    assert!(ran.artifact("image-mirror-report.json").contains("no right for"), "{ran}");
    assert!(ran.stdout.contains("lacks delete on"), "{ran}");
}

#[tokio::test]
async fn a_token_file_that_cannot_be_read_attempts_nothing() {
    let (registry, _tokens) = quay().await;
    for run in [prune(&registry, &["--delete", "--quay-token-file", "absent"]), with_token(&registry, "")] {
        let ran = run.run().await.exits(2);
        assert!(ran.stderr.contains("error:"), "{ran}");
    }
    assert_eq!(registry.requests().len(), 0);
    assert_eq!(registry.tags(REPOSITORY).len(), 11);
}

#[tokio::test]
async fn a_host_without_that_api_says_404_of_tags_that_it_has_and_that_is_no_deletion() {
    let (registry, _tokens) = quay().await;
    registry.configure(|config| config.quay_api = QuayApi::Absent);
    let ran = with_token(&registry, TOKEN).run().await.exits(1);
    assert_secret(&ran);
    assert_eq!((ran.rows_that("failed").len(), ran.rows_that("deleted").len()), (6, 0), "{ran}");
    assert_eq!(ran.rows().iter().filter(|row| row["reason"] == "the tag was gone already").count(), 0);
    assert_eq!(ran.report()["causes"][0]["count"], 6, "{ran}");
    assert!(ran.stdout.contains("does not know this way to delete a tag"), "{ran}");
    assert_eq!(left(&registry), all_but(6, &[]));
}

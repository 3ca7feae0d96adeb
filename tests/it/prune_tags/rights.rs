//! Which right a token is asked for: what the registry's own challenge names.

use super::{all_but, assert_untouched, expired, fill, left, prune};
use crate::support::{FakeRegistry, Grant, Kind, Ran, TokenServer};

async fn guarded(grant: Grant, refuse: Option<u16>) -> (FakeRegistry, TokenServer) {
    let mut tokens = TokenServer::builder().account("robot", "secret", [grant]);
    if let Some(status) = refuse {
        tokens = tokens.refuse_ungranted(status);
    }
    let tokens = tokens.start().await;
    let registry = FakeRegistry::builder().bearer(&tokens).start().await;
    fill(&registry, 8);
    (registry, tokens)
}

async fn run(registry: &FakeRegistry, words: &[&str]) -> Ran {
    prune(registry, words).logins(&[(registry.host(), "robot", "secret")]).run().await
}

#[tokio::test]
async fn a_dry_run_asks_for_no_right_to_write() {
    let (registry, tokens) = guarded(Grant::everything(), None).await;
    run(&registry, &[]).await.exits(0);
    assert!(!tokens.was_asked_for("push") && !tokens.was_asked_for("delete"));
    assert_untouched(&registry, 8);
}

#[tokio::test]
async fn where_the_challenge_names_delete_it_is_asked_for() {
    let (registry, tokens) = guarded(Grant::everything(), None).await;
    run(&registry, &["--delete"]).await.exits(0);
    assert_eq!(left(&registry), all_but(8, &expired(8)));
    assert!(tokens.was_asked_for("delete"));
    assert_eq!(tokens.count(), 3, "to read, to push, and what the challenge named: {:#?}", tokens.requests());
    let refused = registry
        .requests_on(Kind::DeleteManifest)
        .iter()
        .filter(|request| request.status == Some(401))
        .count();
    assert_eq!(refused, 1, "the registry says it once");
}

#[tokio::test]
async fn quay_refuses_tokens_for_an_action_that_it_does_not_know_and_is_never_asked_for_it() {
    let (registry, tokens) = guarded(Grant::push(""), Some(400)).await;
    registry.configure(|config| config.push_deletes = true);
    run(&registry, &["--delete"]).await.exits(0);
    assert_eq!(left(&registry), all_but(8, &expired(8)));
    assert!(!tokens.was_asked_for("delete"));
}

#[tokio::test]
async fn a_login_that_may_not_delete_is_one_cause_and_nothing_is_lost() {
    for refuse in [None, Some(401)] {
        let (registry, _tokens) = guarded(Grant::push(""), refuse).await;
        let ran = run(&registry, &["--delete"]).await.exits(1);
        assert_eq!(left(&registry), all_but(8, &[]));
        let failed = ran.rows_that("failed");
        assert!(failed.len() == 8 && failed.iter().all(|row| row["class"] == "denied"), "{ran}");
        let cause = &ran.report()["causes"][0];
        assert_eq!((&cause["right"], &cause["count"]), (&"delete".into(), &8.into()), "{cause}");
        assert!(ran.stdout.contains("lacks delete on"), "{ran}");
    }
}

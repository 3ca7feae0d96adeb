//! `--push`: what the token service grants is read; nothing is begun at a registry.

use super::{SECRET, assert_only_looked, behind, check, json, lines, of, put, robot};
use crate::support::{FakeRegistry, Grant, Kind, TokenServer, writes};

async fn signing(grants: impl Into<Vec<Grant>>) -> TokenServer {
    TokenServer::builder().signing().account("robot", SECRET, grants).start().await
}

#[tokio::test]
async fn the_right_to_push_is_read_from_the_token_and_asked_for_at_targets_only() {
    let tokens = signing([Grant::pull(""), Grant::push("mirror/org")]).await;
    let registry = behind(&tokens).await;
    put(&registry, ["org/a", "org/b", "else/c"]);
    let mapping = lines(registry.host(), registry.host(), ["org/a", "org/b", "else/c"]);
    let ran = check(&["--push"], &[registry.host()], &mapping).run().await.exits(1);

    assert_eq!(ran.stdout.matches("error:").count(), 1, "{ran}");
    assert!(ran.stdout.contains(&format!("lacks push on `{}/mirror/else/c`\n", registry.host())), "{ran}");
    assert!(ran.stdout.contains("needed by mapping_x:4 for"), "{ran}");
    for scope in tokens.requests().iter().flat_map(|request| &request.scopes) {
        assert!(!scope.contains("push") || scope.starts_with("repository:mirror/"), "{scope}");
    }
    assert_eq!(registry.count(writes()), 0);
    assert_only_looked(&ran, &[&registry]);
}

#[tokio::test]
async fn all_rights_to_push_are_there_and_few_tokens_tell_so() {
    let tokens = signing([Grant::push("")]).await;
    let registry = behind(&tokens).await;
    let names: Vec<String> = (0..50).map(|number| format!("org/app{number}")).collect();
    put(&registry, names.iter().map(String::as_str));
    let mapping = lines(registry.host(), registry.host(), names.iter().map(String::as_str));
    let ran = check(&["--push"], &[registry.host()], &mapping).run().await.exits(0);

    assert!(ran.stdout.contains("100 repositories: 100 as needed"), "{ran}");
    assert!(tokens.count() <= 20, "{} tokens", tokens.count());
    assert_only_looked(&ran, &[&registry]);
}

#[tokio::test]
async fn what_is_refused_to_be_read_may_be_pushed_to_where_it_is_not_there_yet() {
    // As quay.io: nobody may pull from what does not exist, and who may push makes it.
    let tokens = signing([Grant::pull("org"), Grant::push("mirror")]).await;
    let registry = FakeRegistry::builder().bearer(&tokens).start().await;
    put(&registry, ["org/a"]);
    registry.fault(crate::support::Fault::on(Kind::HeadManifest).repository("mirror/org/a").status(401));
    let mapping = lines(registry.host(), registry.host(), ["org/a"]);
    let (without, with) = (["--output", "json"], ["--output", "json", "--push"]);

    let ran = check(&without, &[registry.host()], &mapping).run().await.exits(1);
    assert_eq!(of(&json(&ran), "mirror/org/a")["pull"], "lacking");
    assert!(!tokens.was_asked_for("push"), "without --push");

    let ran = check(&with, &[registry.host()], &mapping).run().await.exits(0);
    let (document, granted) = (json(&ran), "granted");
    let target = of(&document, "mirror/org/a");
    assert_eq!((&target["pull"], &target["push"]), (&"absent".into(), &granted.into()), "{ran}");
    assert_eq!(of(&document, "org/a")["push"], serde_json::Value::Null);
    assert_only_looked(&ran, &[&registry]);
}

#[tokio::test]
async fn where_push_cannot_be_told_without_writing_that_is_said_and_nothing_is_written() {
    let tokens = robot([Grant::push("")]).await;
    let opaque = behind(&tokens).await;
    let basic = FakeRegistry::builder().basic("robot", SECRET).start().await;
    let open = FakeRegistry::start().await;
    put(&open, ["org/a"]);
    for target in [&opaque, &basic, &open] {
        let mapping = lines(open.host(), target.host(), ["org/a"]);
        let ran = check(&["--push"], &[target.host()], &mapping).run().await.exits(3);
        assert!(ran.stdout.contains("cannot be told without writing"), "{ran}");
        assert!(!ran.stdout.contains("error:"), "{ran}");
        assert_only_looked(&ran, &[target]);
    }
    assert!(tokens.was_asked_for("push"), "it asks all the same: a refusal would have told");
}

#[tokio::test]
async fn a_target_that_no_policy_allows_is_not_asked_for() {
    let tokens = signing([Grant::push("")]).await;
    let registry = behind(&tokens).await;
    put(&registry, ["org/a", "org/b"]);
    let host = registry.host();
    let allow = format!("{host}/mirror/org/a");
    let words = ["--push", "--output", "json", "--allow-target", &allow];
    let ran = check(&words, &[host], &lines(host, host, ["org/a", "org/b"])).run().await.exits(0);

    assert_eq!(json(&ran)["checks"].as_array().unwrap().len(), 2, "{ran}");
    let asked = tokens.requests().into_iter().flat_map(|request| request.scopes);
    assert!(asked.into_iter().all(|scope| !scope.contains("/b:")), "{:?}", tokens.requests());
    assert_only_looked(&ran, &[&registry]);
}

#[tokio::test]
async fn that_quay_makes_what_is_asked_for_is_said_before() {
    let tokens = signing([Grant::push("")]).await;
    let registry = behind(&tokens).await;
    put(&registry, ["org/a"]);
    let host = registry.host();
    let mapping = lines(host, host, ["org/a"]);
    let warning = "quay makes a repository, private and empty";
    let ran = check(&["--push", "--quay", host], &[host], &mapping).run().await.exits(0);
    assert!(ran.stderr.contains(warning) && ran.stderr.contains("1 repositories there"), "{ran}");
    let ran = check(&["--quay", host], &[host], &mapping).run().await.exits(0);
    assert!(!ran.stderr.contains(warning), "{ran}");
}

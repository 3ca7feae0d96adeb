//! Against real registries: their own logs say that nothing was written.

use super::{SECRET, assert_no_secret, check, lines};
use crate::support::{Grant, Image, Judge, RealRegistry, Run, TokenServer};

#[track_caller]
fn assert_only_reads(registry: &RealRegistry, from: usize) {
    let requests = registry.requests().split_off(from);
    assert!(
        requests.iter().all(|line| line.starts_with("HEAD ") || line.starts_with("GET ")),
        "{requests:#?}"
    );
}

#[tokio::test]
async fn a_registry_with_passwords_takes_the_right_one_and_the_wrong_one_is_named() {
    let registry = RealRegistry::htpasswd("robot", SECRET).await;
    Judge::login(registry.host(), "robot", SECRET).push("org/a", "v1", &Image::example(1)).await;
    let from = registry.requests().len();
    let host = registry.host();
    let mapping = lines(host, host, ["org/a", "org/b"]);

    let ran = check(&[], &[host], &mapping).run().await.exits(0);
    assert!(ran.stdout.contains("4 repositories: 4 as needed"), "{ran}");
    assert_no_secret(&ran);

    let run = Run::new(["auth", "check", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run.logins(&[(host, "robot", "wrong-password")]).run().await.exits(1);
    let sentence = format!("error: the login `robot` (entry `{host}` of ");
    assert!(ran.stdout.contains(&sentence) && ran.stdout.contains("(status 401)"), "{ran}");
    assert!(ran.stdout.contains("needed by mapping_x:2"), "{ran}");
    assert_eq!(ran.stdout.matches("error:").count(), 1, "{ran}");

    let ran = check(&["--push"], &[host], &mapping).run().await.exits(3);
    assert!(ran.stdout.contains("cannot be told without writing"), "{ran}");
    assert_only_reads(&registry, from);
}

#[tokio::test]
async fn a_registry_behind_a_token_server_names_each_missing_right() {
    let grants = [Grant::pull("org"), Grant::push("mirror/org/a")];
    let admin = TokenServer::builder().signing().account("robot", SECRET, grants);
    let tokens = admin.account("admin", "admin", [Grant::everything()]).start().await;
    let registry = RealRegistry::tokens(&tokens).await;
    let judge = Judge::login(registry.host(), "admin", "admin");
    for name in ["org/a", "org/b", "secret/c"] {
        judge.push(name, "v1", &Image::example(1)).await;
    }
    let (from, host) = (registry.requests().len(), registry.host());
    tokens.clear_log();
    let mapping = lines(host, host, ["org/a", "secret/c"]);

    let ran = check(&[], &[host], &mapping).run().await.exits(1);
    assert!(ran.stdout.contains(&format!("lacks pull on `{host}/secret/c`")), "{ran}");
    assert!(!tokens.was_asked_for("push"), "{:?}", tokens.requests());
    assert_no_secret(&ran);

    let mapping = lines(host, host, ["org/a", "org/b"]);
    let ran = check(&["--push"], &[host], &mapping).run().await.exits(1);
    assert!(ran.stdout.contains(&format!("lacks push on `{host}/mirror/org/b`")), "{ran}");
    assert!(ran.stdout.contains(&format!("needed by mapping_x:3 for {host}/mirror/org/b")), "{ran}");
    assert!(!ran.stdout.contains(&format!("lacks push on `{host}/mirror/org/a`")), "{ran}");
    assert!(tokens.was_asked_for("push"));
    assert_no_secret(&ran);
    assert_only_reads(&registry, from);
}

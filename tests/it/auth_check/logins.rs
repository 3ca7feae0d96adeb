//! Logins that are wrong, broken or expired: told once, whatever needs them, and also where nothing does.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::{SECRET, assert_only_looked, behind, check, lines, put, robot};
use crate::support::{FakeRegistry, Grant, Run};

#[tokio::test]
async fn a_wrong_password_is_told_once_for_all_that_need_it_and_not_sent_once_a_repository() {
    let tokens = robot([Grant::push("")]).await;
    let registry = behind(&tokens).await;
    let names: Vec<String> = (0..50).map(|number| format!("org/app{number}")).collect();
    let mapping = lines(registry.host(), registry.host(), names.iter().map(String::as_str));
    let run = Run::new(["auth", "check", "--push", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run.logins(&[(registry.host(), "robot", "wrong-password")]).run().await.exits(1);

    assert_eq!(ran.stdout.matches("error:").count(), 1, "{ran}");
    let sentence = format!("(entry `{}` of ", registry.host());
    assert!(ran.stdout.contains(&sentence) && ran.stdout.contains("is refused by"), "{ran}");
    assert!(ran.stdout.contains("(status 401)") && ran.stdout.contains("and 95 more lines"), "{ran}");
    assert!(!ran.stdout.contains("lacks"), "it is no matter of rights\n{ran}");
    assert!(tokens.count() <= 8, "the wrong password was sent {} times", tokens.count());
    assert!(!tokens.was_asked_for("push") && !ran.to_string().contains("wrong-password"), "{ran}");
    assert_only_looked(&ran, &[&registry]);
}

#[tokio::test]
async fn a_wrong_password_is_told_once_where_the_registry_takes_it_itself() {
    let registry = FakeRegistry::builder().basic("robot", "another").start().await;
    let mapping = lines(registry.host(), registry.host(), ["org/a", "org/b"]);
    let ran = check(&[], &[registry.host()], &mapping).run().await.exits(1);

    assert_eq!(ran.stdout.matches("error:").count(), 1, "{ran}");
    assert!(ran.stdout.contains(&format!("is refused by `{}` (status 401)", registry.host())), "{ran}");
    assert_only_looked(&ran, &[&registry]);
}

#[tokio::test]
async fn a_login_that_is_good_and_lacks_a_right_is_told_apart_from_a_wrong_one() {
    let registry = FakeRegistry::builder().basic_account("robot", SECRET, [Grant::pull("org")]).start().await;
    put(&registry, ["org/a"]);
    let mapping = lines(registry.host(), registry.host(), ["org/a"]);
    let ran = check(&[], &[registry.host()], &mapping).run().await.exits(1);

    assert!(ran.stdout.contains(&format!("lacks pull on `{}/mirror/org/a`", registry.host())), "{ran}");
    assert_only_looked(&ran, &[&registry]);
}

#[tokio::test]
async fn broken_and_expired_logins_are_warned_of_also_where_nothing_needs_them() {
    let registry = FakeRegistry::builder().basic("robot", SECRET).start().await;
    put(&registry, ["org/a"]);
    let expired = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"exp":1700000000}"#));
    let config = json!({"auths": {
        registry.host(): {"auth": STANDARD.encode(format!("robot:{SECRET}"))},
        "broken.example.com": {"auth": "%%%not-base64"},
        "old.example.com": {"auth": STANDARD.encode(format!("serviceaccount:{expired}"))},
    }});
    let mapping = lines(registry.host(), registry.host(), ["org/a"]);
    let run = Run::new(["auth", "check", "-a", "config.json", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run.file("config.json", config.to_string()).run().await.exits(0);

    let warnings: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with("warning:")).collect();
    assert_eq!(warnings.len(), 2, "{ran}");
    assert!(warnings[0].contains("entry `broken.example.com` of config.json is broken"), "{ran}");
    assert!(warnings[1].contains("(user `serviceaccount`) expired at 2023-11-14T22:13:20Z"), "{ran}");
    assert!(!ran.to_string().contains("not-base64") && !ran.to_string().contains(&expired), "{ran}");
    assert_only_looked(&ran, &[&registry]);
}

#[tokio::test]
async fn a_broken_login_that_lines_need_is_an_error_and_told_once() {
    let registry = FakeRegistry::builder().basic("robot", SECRET).start().await;
    let config = json!({"auths": {registry.host(): {"auth": "%%%not-base64"}}});
    let mapping = lines(registry.host(), registry.host(), ["org/a", "org/b"]);
    let run = Run::new(["auth", "check", "-a", "config.json", "mapping_x"]).mapping("mapping_x", &mapping);
    let ran = run.file("config.json", config.to_string()).run().await.exits(1);

    assert_eq!(ran.stdout.matches("error:").count(), 1, "{ran}");
    assert!(ran.stdout.contains("is broken: it has an `auth` that is not base64"), "{ran}");
    assert!(!ran.stdout.contains("warning:") && !ran.to_string().contains("%%%"), "{ran}");
    assert_only_looked(&ran, &[&registry]);
}

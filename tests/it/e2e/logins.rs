//! Logins: two for one host, broken ones, and those that a program gives.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::{assert_all, outcomes, reason, tiny};
use crate::support::{FakeRegistry, Grant, Run, docker_config};

/// One registry where one account may read `org` and another may write `mirror`.
async fn one_host() -> FakeRegistry {
    let registry = FakeRegistry::builder()
        .basic_account("reader", "r", [Grant::pull("org")])
        .basic_account("writer", "w", [Grant::push("mirror")])
        .start()
        .await;
    registry.put_image("org/app", "v1", &tiny(1));
    registry
}

fn line(registry: &FakeRegistry) -> String {
    format!("# owner: us\n{0}/org/app:v1 {0}/mirror/app:v1\n", registry.host())
}

#[tokio::test]
async fn source_and_target_of_one_host_have_a_login_each() {
    let registry = one_host().await;
    let words = ["run", "--source-authfile", "reader.json", "--target-authfile", "writer.json", "mapping_x"];
    let run = Run::new(words)
        .file("reader.json", docker_config(&[(registry.host(), "reader", "r")]))
        .file("writer.json", docker_config(&[(registry.host(), "writer", "w")]));
    let ran = run.mapping("mapping_x", &line(&registry)).run().await.exits(0);

    assert_all(&ran, 1, "copied");
    assert!(registry.holds("mirror/app", "v1", &tiny(1)));
    for request in registry.requests() {
        let of_source = request.repository.as_deref() == Some("org/app");
        let account = if of_source { "reader" } else { "writer" };
        assert!(request.account.is_none_or(|asked| asked == account), "{} {}", request.method, request.path);
    }
}

#[tokio::test]
async fn one_file_has_a_login_for_each_repository_of_a_host() {
    let registry = one_host().await;
    let (reader, writer) = (format!("{}/org", registry.host()), format!("{}/mirror", registry.host()));
    let run = Run::new(["run", "mapping_x"]).logins(&[(&reader, "reader", "r"), (&writer, "writer", "w")]);
    let ran = run.mapping("mapping_x", &line(&registry)).run().await.exits(0);

    assert_all(&ran, 1, "copied");
}

#[tokio::test]
async fn a_broken_login_of_another_registry_harms_nobody() {
    let registry = one_host().await;
    let mut config: serde_json::Value =
        serde_json::from_str(&docker_config(&[(&format!("{}/org", registry.host()), "reader", "r")]))
            .unwrap();
    config["auths"][format!("{}/mirror", registry.host())] = json!({"username": "writer", "password": "w"});
    config["auths"]["registry.example.com"] = json!({"auth": "%%% not base64 hunter2 %%%"});
    config["credHelpers"] = json!({"other.example.com": "does-not-exist"});
    let run = Run::new(["run", "-a", "config.json", "mapping_x"]).file("config.json", config.to_string());
    let ran = run.mapping("mapping_x", &line(&registry)).run().await.exits(0);

    assert_all(&ran, 1, "copied");
    assert_eq!(ran.stderr, "", "nobody asked for the registries with the broken logins");
    assert!(!ran.to_string().contains("hunter2"), "a secret was printed\n{ran}");
}

#[tokio::test]
async fn a_broken_login_is_named_where_it_is_needed() {
    let (registry, other) = (one_host().await, FakeRegistry::start().await);
    other.put_image("org/app", "v1", &tiny(2));
    let mut config: serde_json::Value = serde_json::from_str(&docker_config(&[])).unwrap();
    config["auths"][registry.host()] = json!({"auth": "%%%hunter2"});
    let mapping = format!("{}{}/org/app:v1 {}/free/app:v1\n", line(&registry), other.host(), other.host());
    let run = Run::new(["run", "-a", "config.json", "mapping_x"]).file("config.json", config.to_string());
    let ran = run.mapping("mapping_x", &mapping).run().await.exits(1);

    assert_eq!(outcomes(&ran), [("copied".to_owned(), 1), ("failed".to_owned(), 1)].into(), "{ran}");
    let failed = &ran.rows_that("failed")[0];
    assert!(reason(failed).contains(registry.host()) && reason(failed).contains("config.json"), "{failed}");
    assert!(!ran.to_string().contains("hunter2"), "a secret was printed\n{ran}");
}

/// Writes a program that gives every host this login and counts its calls in `calls`.
fn with_program(run: Run, name: &str, secret: &str) -> Run {
    let script = format!(
        "#!/bin/sh\nread host\necho \"$1 $host\" >> \"$HOME/calls\"\n\
         echo \"{{\\\"ServerURL\\\":\\\"$host\\\",\\\"Username\\\":\\\"{name}\\\",\\\"Secret\\\":\\\"{secret}\\\"}}\"\n"
    );
    let run = run.file("bin/docker-credential-x", script);
    let program = run.folder().join("bin/docker-credential-x");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let home = run.folder();
    run.env("PATH", path).env("HOME", home.to_string_lossy())
}

#[tokio::test]
async fn a_program_gives_the_login_and_is_asked_once_for_many_lines() {
    let registry = FakeRegistry::builder().basic("helped", "by-a-program").start().await;
    let mut mapping = String::from("# owner: us\n");
    for number in 0..20 {
        registry.put_image("org/app", &format!("v{number}"), &tiny(number));
        writeln!(mapping, "{0}/org/app:v{number} {0}/mirror/app:v{number}", registry.host()).unwrap();
    }
    let config = json!({"credHelpers": {registry.host(): "x"}}).to_string();
    let run = Run::new(["run", "-a", "config.json", "mapping_x"]).file("config.json", config);
    let ran = with_program(run, "helped", "by-a-program").mapping("mapping_x", &mapping).run().await.exits(0);

    assert_all(&ran, 20, "copied");
    let calls = std::fs::read_to_string(ran.folder().join("calls")).unwrap();
    // Once for sources and once for targets at most.
    assert!(calls.lines().count() <= 2 && calls.starts_with(&format!("get {}", registry.host())), "{calls}");
    assert!(!ran.to_string().contains("by-a-program"), "a secret was printed\n{ran}");
}

#[tokio::test]
async fn a_program_that_is_not_there_fails_the_lines_that_need_it_and_says_so() {
    let (registry, open) =
        (FakeRegistry::builder().basic("a", "b").start().await, FakeRegistry::start().await);
    open.put_image("org/app", "v1", &tiny(1));
    let config = json!({"credHelpers": {registry.host(): "absent"}}).to_string();
    let mapping = format!(
        "# owner: us\n{0}/org/app:v1 {1}/mirror/app:v1\n{0}/org/app:v1 {0}/mirror/app:v1\n",
        open.host(),
        registry.host()
    );
    let run = Run::new(["run", "-a", "config.json", "mapping_x"]).file("config.json", config);
    let ran = run.mapping("mapping_x", &mapping).run().await.exits(1);

    assert_eq!(outcomes(&ran), [("copied".to_owned(), 1), ("failed".to_owned(), 1)].into(), "{ran}");
    assert!(reason(&ran.rows_that("failed")[0]).contains("docker-credential-absent"), "{ran}");
}

//! What the credential files of docker and podman mean to us.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::error::{Chain, Class};

const SECRET: &str = "s3cr3t:with:colons";

fn write(directory: &TempDir, name: &str, content: &Value) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content.to_string()).unwrap();
    path
}

fn authfile(path: &Path) -> SearchPaths {
    SearchPaths { authfile: Some(path.to_owned()), ..SearchPaths::default() }
}

/// The logins of one file with this content.
fn load(content: &Value) -> Credentials {
    let directory = TempDir::new().unwrap();
    let path = write(&directory, "config.json", content);
    Credentials::load(&authfile(&path), &[]).unwrap()
}

fn auth(user: &str, password: &str) -> Value {
    json!({ "auth": STANDARD.encode(format!("{user}:{password}")) })
}

async fn user(credentials: &Credentials, host: &str, name: &str) -> Option<String> {
    let entry = credentials.choose(&Host::new(host), name)?;
    entry.login().await.unwrap()?.user().map(str::to_owned)
}

async fn failure(credentials: &Credentials, host: &str, name: &str) -> CredentialError {
    credentials.choose(&Host::new(host), name).unwrap().login().await.unwrap_err()
}

#[tokio::test]
async fn the_longest_key_wins_in_whole_components() {
    let credentials = load(&json!({ "auths": {
        "quay.io": auth("all", "p"),
        "quay.io/org": auth("org", "p"),
        "quay.io/org/repo/": auth("repo", "p"),
    }}));
    let cases = [
        ("quay.io", "org/repo", Some("repo")),
        ("quay.io", "org/repo/deeper", Some("repo")),
        ("quay.io", "org/repository", Some("org")),
        ("quay.io", "organisation/repo", Some("all")),
        ("QUAY.io:443", "org", Some("org")),
        ("quay.io:5000", "org/repo", None),
        ("example.quay.io", "org/repo", None),
    ];
    for (host, name, expected) in cases {
        assert_eq!(user(&credentials, host, name).await.as_deref(), expected, "{host}/{name}");
    }
}

#[tokio::test]
async fn keys_may_be_addresses_in_any_case_and_docker_hub_has_three_names() {
    let credentials = load(&json!({ "auths": {
        "https://Registry.Example.com/v2/": auth("example", "p"),
        "https://quay.io/org": auth("org", "p"),
        "https://index.docker.io/v1/": auth("hub", "p"),
        "ghcr.io/v1": auth("v1", "p"),
    }}));
    let cases = [
        ("registry.example.com", "a/b", Some("example")),
        ("quay.io", "org/a", Some("org")),
        ("quay.io", "other/a", None),
        ("docker.io", "library/busybox", Some("hub")),
        ("registry-1.docker.io", "a/b", Some("hub")),
        ("ghcr.io", "a/b", None),
        ("ghcr.io", "v1/b", Some("v1")),
    ];
    for (host, name, expected) in cases {
        assert_eq!(user(&credentials, host, name).await.as_deref(), expected, "{host}/{name}");
    }
}

#[tokio::test]
async fn a_plain_key_wins_over_an_address_that_means_the_same() {
    let credentials = load(&json!({ "auths": {
        "https://quay.io/v1/": auth("address", "p"),
        "quay.io": auth("plain", "p"),
        "http://quay.io": auth("http", "p"),
    }}));
    assert_eq!(user(&credentials, "quay.io", "a").await.unwrap(), "plain");
}

#[tokio::test]
async fn the_longest_key_of_all_files_wins_and_of_equal_ones_that_of_the_earlier_file() {
    let directory = TempDir::new().unwrap();
    let one =
        |key: &str, user: &str| json!({ "auths": { key: auth(user, "p"), "quay.io": auth(user, "p") } });
    write(&directory, "run/containers/auth.json", &one("a.io", "runtime"));
    write(&directory, "home/.config/containers/auth.json", &one("b.io", "config"));
    write(&directory, "home/.docker/config.json", &one("quay.io/org", "docker"));
    let paths = SearchPaths {
        xdg_runtime_dir: Some(directory.path().join("run")),
        home: Some(directory.path().join("home")),
        ..SearchPaths::default()
    };
    let credentials = Credentials::load(&paths, &[]).unwrap();
    assert_eq!(user(&credentials, "quay.io", "other/a").await.unwrap(), "runtime");
    assert_eq!(user(&credentials, "quay.io", "org/a").await.unwrap(), "docker");
    assert_eq!(user(&credentials, "b.io", "a").await.unwrap(), "config");
    assert!(credentials.warnings().is_empty(), "{:?}", credentials.warnings());
}

#[test]
fn a_named_file_must_be_there_and_be_read_alone() {
    let directory = TempDir::new().unwrap();
    write(&directory, "config.json", &json!({ "auths": { "quay.io": auth("u", "p") } }));
    let mut paths = authfile(&directory.path().join("absent.json"));
    paths.docker_config = Some(directory.path().to_owned());
    let error = Credentials::load(&paths, &[]).unwrap_err();
    assert!(error.is_absent() && error.to_string().contains("absent.json"), "{error}");

    paths.authfile = Some(write(&directory, "other.json", &json!({ "auths": {} })));
    let credentials = Credentials::load(&paths, &[]).unwrap();
    assert!(credentials.choose(&Host::new("quay.io"), "a").is_none());
    paths.authfile = Some(PathBuf::from("/dev/null"));
    assert!(Credentials::load(&paths, &[]).is_ok());
}

#[test]
fn files_of_another_form_say_so_and_print_nothing_of_themselves() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("config.json");
    let legacy = json!({ "quay.io": auth("u", SECRET) }).to_string();
    for (content, expected) in [
        (legacy.as_str(), "old `.dockercfg` form"),
        (r#"{"auths": {"quay.io": {"auth": s3cr3t"#, "is not JSON"),
        (r#"["s3cr3t"]"#, "has no logins"),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = Credentials::load(&authfile(&path), &[]).unwrap_err();
        let shown = format!("{} {error:?}", Chain(&error));
        assert!(shown.contains(expected), "{shown}");
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
    let found = SearchPaths { docker_config: Some(directory.path().to_owned()), ..SearchPaths::default() };
    std::fs::write(&path, &legacy).unwrap();
    let credentials = Credentials::load(&found, &[]).unwrap();
    assert!(credentials.warnings()[0].contains("old `.dockercfg` form; put what it holds"));
}

#[tokio::test]
async fn every_way_to_write_a_login_is_read() {
    let wrapped = STANDARD.encode(format!("u:{SECRET}"));
    let wrapped = format!("{}\n{}\n", &wrapped[..10], &wrapped[10..]);
    let padless = STANDARD_NO_PAD.encode(format!("u:{SECRET}\0\0"));
    for entry in [
        json!({ "auth": wrapped }),
        json!({ "auth": padless }),
        json!({ "auth": "", "username": "u", "password": SECRET }),
        json!({ "auth": wrapped, "identitytoken": "", "registrytoken": null }),
    ] {
        let credentials = load(&json!({ "auths": { "quay.io": entry } }));
        let login = credentials.choose(&Host::new("quay.io"), "a").unwrap().login().await.unwrap().unwrap();
        let Login::Password { user, password } = &*login else { panic!("{login:?}") };
        assert_eq!((user.as_str(), password.expose_secret()), ("u", SECRET));
    }
    for entry in [json!({ "identitytoken": "idt" }), auth("<token>", "idt")] {
        let credentials = load(&json!({ "auths": { "quay.io": entry } }));
        let login = credentials.choose(&Host::new("quay.io"), "a").unwrap().login().await.unwrap().unwrap();
        assert!(
            matches!(&*login, Login::Identity { user: None, token, .. } if token.expose_secret() == "idt")
        );
    }
    let credentials = load(&json!({ "auths": { "quay.io": { "registrytoken": "raw" } } }));
    let entry = credentials.choose(&Host::new("quay.io"), "a").unwrap();
    assert_eq!(entry.bearer().unwrap().expose_secret(), "raw");
}

#[tokio::test]
async fn a_broken_entry_names_its_key_and_harms_no_other() {
    let credentials = load(&json!({ "auths": {
        "a.io": { "auth": "%%%s3cr3t" },
        "b.io": { "auth": STANDARD.encode("s3cr3t") },
        "c.io": "s3cr3t",
        "d.io": { "username": "s3cr3t" },
        "e.io": { "auth": 7 },
        "*.example.com": auth("star", "p"),
        "u:s3cr3t@f.io": auth("u", "p"),
        "good.io": auth("good", "p"),
        "empty.io": {},
    }}));
    for (host, expected) in [
        ("a.io", "not base64"),
        ("b.io", "without a `:`"),
        ("c.io", "is not an object"),
        ("d.io", "only one of"),
        ("e.io", "not a text"),
    ] {
        let error = failure(&credentials, host, "x/y").await;
        let shown = format!("{} {error:?} {}", Chain(&error), error.advice());
        assert_eq!(error.class(), Class::Invalid);
        assert!(shown.contains(expected) && shown.contains(&format!("entry `{host}` of ")), "{shown}");
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
    assert_eq!(user(&credentials, "good.io", "x").await.unwrap(), "good");
    assert!(credentials.choose(&Host::new("empty.io"), "x").is_none());
    assert_eq!(credentials.warnings().len(), 2);
    assert!(!credentials.warnings().concat().contains("s3cr3t"));
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let credentials = load(&json!({ "auths": {
        "a.io": auth("robot", "s3cr3t"),
        "b.io": { "identitytoken": "s3cr3t" },
        "c.io": { "registrytoken": "s3cr3t" },
    }}));
    let mut shown = format!("{credentials:?}");
    for host in ["a.io", "b.io", "c.io"] {
        let entry = credentials.choose(&Host::new(host), "x").unwrap();
        write!(shown, "{entry:?} {entry} {:?}", entry.login().await.unwrap()).unwrap();
    }
    assert!(!shown.contains("s3cr3t") && !shown.contains(&STANDARD.encode("robot:s3cr3t")), "{shown}");
    let repository = Repository { host: Host::new("a.io"), name: "x/y".into() };
    let described = credentials.describe(&repository);
    assert!(described.starts_with("entry `a.io` of /") && described.ends_with("config.json (user `robot`)"));
}

#[tokio::test]
async fn programs_whose_name_is_a_path_or_is_absent_fail_their_own_host_only() {
    let credentials = load(&json!({
        "auths": { "a.io": auth("a", "p") },
        "credHelpers": { "b.io": "x/../../tmp/evil", "c.io": "image-mirror-test-absent" },
    }));
    assert_eq!(user(&credentials, "a.io", "x").await.unwrap(), "a");
    let evil = failure(&credentials, "b.io", "x").await;
    assert!(matches!(evil, CredentialError::Broken { fault: Fault::ProgramName, .. }), "{evil:?}");
    let absent = failure(&credentials, "c.io", "x").await;
    assert!(matches!(absent, CredentialError::Program { what: ProgramFault::Absent, .. }), "{absent:?}");
    assert!(absent.to_string().contains("`docker-credential-image-mirror-test-absent` could not be started"));
}

#[tokio::test]
async fn a_store_that_does_not_answer_leaves_hosts_that_the_file_does_not_name_anonymous() {
    let credentials = load(&json!({
        "auths": { "named.io": {} },
        "credsStore": "image-mirror-test-absent",
    }));
    assert_eq!(user(&credentials, "other.io", "x").await, None);
    let named = failure(&credentials, "named.io", "x").await;
    assert!(matches!(named, CredentialError::Program { .. }), "{named:?}");
}

#[tokio::test]
async fn the_cluster_registry_uses_the_token_that_the_file_has_at_the_time() {
    let directory = TempDir::new().unwrap();
    let mut cluster = ClusterRegistry::new(Host::new("registry.cluster:5000"));
    cluster.token = directory.path().join("token");
    cluster.ca = directory.path().join("service-ca.crt");
    std::fs::write(&cluster.token, "first\n").unwrap();
    let path = write(
        &directory,
        "config.json",
        &json!({ "auths": {
            "registry.cluster:5000": auth("file", "p"),
            "registry.cluster:5000/ci": auth("longer", "p"),
        }}),
    );
    let credentials = Credentials::load(&authfile(&path), std::slice::from_ref(&cluster)).unwrap();
    assert_eq!(credentials.extra_ca(), None);
    std::fs::write(&cluster.ca, "").unwrap();
    assert_eq!(credentials.extra_ca(), Some(cluster.ca.clone()));

    let entry = credentials.choose(&Host::new("registry.cluster:5000"), "ns/name").unwrap();
    for token in ["first", "second"] {
        std::fs::write(&cluster.token, format!("{token}\n")).unwrap();
        let login = entry.login().await.unwrap().unwrap();
        let Login::Password { password, .. } = &*login else { panic!("{login:?}") };
        assert_eq!(password.expose_secret(), token);
    }
    assert_eq!(user(&credentials, "registry.cluster:5000", "ci/x").await.unwrap(), "longer");
    std::fs::remove_file(&cluster.token).unwrap();
    assert_eq!(entry.login().await.unwrap_err().class(), Class::Denied);
}

proptest::proptest! {
    #[test]
    fn no_file_is_too_odd_to_be_read(key in "[ -~]{0,30}", auth in "[ -~]{0,40}", token in proptest::bool::ANY) {
        let directory = TempDir::new().unwrap();
        let field = if token { "identitytoken" } else { "auth" };
        let content = json!({ "auths": { &key: { field: auth }, "good.io": self::auth("good", "p") } });
        let path = write(&directory, "config.json", &content);
        let credentials = Credentials::load(&authfile(&path), None).unwrap();
        let good = credentials.choose(&Host::new("good.io"), "org/name").unwrap();
        proptest::prop_assert!(good.to_string().contains("good"));
    }
}

//! Settings that hold, and all that can be wrong with them.

use super::*;
use crate::model::Finding;
use crate::publish::metadata::Metadata;

const FULL: &str = r#"
source_template: registry.example.com/cb-rhcc/{basename}:{tag}
namespace: couchbase
upload_host: localhost:5001
upload_org: isv/tests
public_host: localhost:5002
platforms: [linux/arm64, linux/s390x]
poll_interval: 3s
publish_timeout: 10m
tag_timeout: 2h
preflight: { command: /usr/bin/preflight, version: 1.14.1, timeout: 30m, pyxis_env: stage }
precheck: false
make_unique: true
pyxis: { base: "https://catalog.stage.example.com/api/containers/", use: off }
rehearsal: { upload: "localhost:5000/up", public: "localhost:5000/up" }
staging_pattern: "*-stage*"
products:
  server: { minimum: 7.1.3, include: [7.6.0-MP1], exclude: [7.6.2], source_template: "quay.io/cb/{basename}:{version}-ga" }
  gateway:
"#;

fn read(text: &str) -> Result<Config, Vec<Finding>> {
    Config::of_text(&"publish.yaml".into(), text).map_err(|error| match error {
        ConfigError::Wrong(findings) => findings,
        other @ ConfigError::Unreadable { .. } => panic!("{other}"),
    })
}

/// The messages, each with its line and what it points at.
fn wrong(text: &str) -> Vec<String> {
    let shown = |finding: &Finding| {
        let Some(span) = &finding.span else { return finding.message.clone() };
        let (from, len) = (span.column as usize - 1, span.len as usize);
        let at: String = span.text.chars().skip(from).take(len).collect();
        format!("{}: {at}: {}", span.line, finding.message)
    };
    read(text).unwrap_err().iter().map(shown).collect()
}

fn product(name: &str) -> Product {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = format!(
        "{{\"products\": {{\"{name}\": {{\"image_basename\": \"{name}\", \"project_id\": \"abc\", \"registry_key\": \"k\"}}}}}}"
    );
    std::fs::write(file.path(), text).unwrap();
    Metadata::read(file.path(), &|_| None).unwrap().product(name).unwrap()
}

#[test]
fn with_a_namespace_alone_everything_is_as_customers_have_it() {
    let config = read("namespace: couchbase").unwrap();
    let server = product("server");
    assert_eq!(config.upload(&server).unwrap().to_string(), "quay.io/redhat-isv-containers/abc");
    assert_eq!(config.public(&server).unwrap().to_string(), "registry.connect.redhat.com/couchbase/server");
    let platforms: Vec<_> = config.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    assert_eq!(config.patience, Patience::default());
    assert_eq!((config.preflight.command.as_str(), config.preflight.version.as_deref()), ("preflight", None));
    assert_eq!(
        (config.preflight.timeout, config.preflight.pyxis_env),
        (Duration::from_hours(1), PyxisEnv::Prod)
    );
    assert!(config.precheck && !config.make_unique && config.rehearsal.is_none());
    assert_eq!(config.pyxis.base.as_str(), "https://catalog.redhat.com/api/containers");
    assert_eq!(config.pyxis.usage, PyxisUse::Read);
    assert!(config.staging_pattern.matches("7.6.1-staging") && !config.staging_pattern.matches("7.6.1-rel"));
    let version = ReleaseVersion::parse("7.6.1").unwrap();
    assert!(
        matches!(config.source(&server, &version, None), Err(PlaceError::NoTemplate(name)) if name == "server")
    );
}

#[test]
fn every_setting_is_taken() {
    let config = read(FULL).unwrap();
    let (server, gateway) = (product("server"), product("gateway"));
    assert_eq!(config.upload(&server).unwrap().to_string(), "localhost:5001/isv/tests/abc");
    assert_eq!(config.public(&server).unwrap().to_string(), "localhost:5002/couchbase/server");
    let version = ReleaseVersion::parse("7.6.1").unwrap();
    let source = |product| config.source(product, &version, None).unwrap().to_string();
    assert_eq!(source(&server), "quay.io/cb/server:7.6.1-ga");
    assert_eq!(source(&gateway), "registry.example.com/cb-rhcc/gateway:7.6.1-rel");
    assert_eq!(
        config.platforms.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["linux/arm64", "linux/s390x"]
    );
    assert_eq!(config.patience.interval, Duration::from_secs(3));
    assert_eq!(
        (config.patience.publish, config.patience.tag),
        (Duration::from_mins(10), Duration::from_hours(2))
    );
    let preflight = Preflight {
        command: "/usr/bin/preflight".into(),
        version: Some("1.14.1".into()),
        timeout: Duration::from_mins(30),
        pyxis_env: PyxisEnv::Stage,
    };
    assert_eq!(config.preflight, preflight);
    assert!(!config.precheck && config.make_unique && config.staging_pattern.matches("1-stage2"));
    assert_eq!(config.pyxis.base.as_str(), "https://catalog.stage.example.com/api/containers");
    assert_eq!(config.pyxis.usage, PyxisUse::Off);
    assert_eq!(config.rehearsal.as_ref().unwrap().upload.to_string(), "localhost:5000/up");
    assert_eq!(config.products.keys().collect::<Vec<_>>(), ["gateway", "server"]);
    let versions = &config.products["server"].versions;
    assert_eq!(versions.minimum.as_ref().unwrap().to_string(), "7.1.3");
    assert_eq!((versions.include[0].as_str(), versions.exclude[0].as_str()), ("7.6.0-MP1", "7.6.2"));
    assert_eq!(config.products["gateway"], ProductSettings::default());
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_where_it_stands() {
    let text = "namespace: Couch Base
upload_hosts: quay.io
platforms: [linux/amd64, windows/amd64, linux/amd64]
poll_interval: 10
publish_timeout: 0s
precheck: maybe
preflight: { version: 1.14, pyxis_env: production }
source_template: quay.io/a/{name}:{tag}
products:
  server: { minimum: 7.1, include: [latest], exclude: 7.6.1, versions: [] }
";
    assert_eq!(
        wrong(text),
        [
            "1: Couch Base: `namespace` takes a name that repositories can be below",
            "2: upload_hosts: unknown key `upload_hosts`",
            "3: windows/amd64: `windows/amd64` is no platform that can be certified",
            "3: linux/amd64: `linux/amd64` is there twice",
            "4: 10: `poll_interval` takes text",
            "5: 0s: `publish_timeout` takes a length of time with its unit, such as `90s` or `60m`",
            "6: maybe: `precheck` is `true` or `false`",
            "7: 1.14: `version` takes text",
            "7: production: `pyxis_env` is `prod`, `uat`, `qa` or `stage`",
            "8: quay.io/a/{name}:{tag}: `source_template`: `{name}` is no place",
            "10: 7.1: `minimum` takes text",
            "10: latest: `latest` cannot be a version: it ends as tags do that are made of versions",
            "10: 7.6.1: `exclude` is a list of texts, and not empty",
            "10: versions: unknown key `versions`",
        ]
    );
    let unknown = &read(text).unwrap_err()[1];
    assert!(
        unknown.hint.as_ref().is_some_and(|hint| hint.contains("`upload_host`, `upload_org`")),
        "{unknown:?}"
    );
}

#[test]
fn what_must_be_there_is_missed() {
    let messages = |text: &str| read(text).unwrap_err().into_iter().map(|found| found.message);
    assert!(messages("precheck: true").eq(["`namespace` is missing"]));
    assert!(messages("- a").eq(["expected a mapping", "`namespace` is missing"]));
    assert_eq!(wrong("namespace:"), ["1: namespace: `namespace` says nothing"]);
    let half = "namespace: a\nrehearsal: { upload: localhost:5000/a }";
    assert!(wrong(half)[0].ends_with("a rehearsal takes both `upload` and `public`"));
}

// 19.82
#[test]
fn a_rehearsal_never_goes_where_images_are_published() {
    for (hosts, upload, public) in [
        ("", "quay.io/a/b", "localhost:5000/a"),
        ("", "localhost:5000/a", "registry.connect.redhat.com/a/b"),
        ("upload_host: localhost:5001", "localhost:5001/a", "localhost:5000/a"),
        ("upload_host: localhost:5001", "quay.io/a/b", "localhost:5000/a"),
    ] {
        let text = format!("namespace: a\n{hosts}\nrehearsal: {{ upload: '{upload}', public: '{public}' }}");
        let found = wrong(&text);
        assert!(found.len() == 1 && found[0].contains("a rehearsal cannot go to "), "{found:?}");
    }
}

#[test]
fn another_catalog_is_never_told_of_what_is_uploaded_for_customers() {
    let text = "namespace: a\npreflight: { pyxis_env: uat }";
    assert!(wrong(text)[0].contains("only the catalog of customers"), "{:?}", wrong(text));
    let elsewhere = format!("{text}\nupload_org: tests");
    assert_eq!(read(&elsewhere).unwrap().pyxis.usage, PyxisUse::Off, "nobody knows where it is");
    let asked = wrong(&format!("{elsewhere}\npyxis: {{ use: read }}"));
    assert!(asked.len() == 1 && asked[0].contains("must be told"), "{asked:?}");
}

#[test]
fn a_token_is_sent_to_nobody_who_lets_others_read_it() {
    let base = |base: &str| read(&format!("namespace: a\npyxis: {{ base: '{base}', use: write }}"));
    for bad in
        ["http://catalog.example.com/api", "https://u:p@catalog.example.com", "catalog", "https://a/?x=1"]
    {
        let found = base(bad).unwrap_err();
        assert!(found.len() == 1 && found[0].message.contains("`base` takes an address"), "{found:?}");
    }
    let local = base("http://localhost:8080/api").unwrap();
    assert_eq!(
        (local.pyxis.base.as_str(), local.pyxis.usage),
        ("http://localhost:8080/api", PyxisUse::Write)
    );
}

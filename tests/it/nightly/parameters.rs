//! The parameters of `nightly`: flags, variables and the payload file, up to where a run would begin.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use image_mirror::cli::args::Args;
use image_mirror::cli::settings::{
    Action, BackendSettings, Environment, Nightly, SaidBy, Settings, UsageError, Verbosity,
};
use image_mirror::nightly::parameters::Parameters;

use crate::support::{Ran, Run};

const FULL: &str = include_str!("../../data/nightly/payload.yaml");
const MINIMAL: &str = include_str!("../../data/nightly/minimal.yaml");

fn settings(line: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let words = shell_words::split(line).unwrap();
    let args = Args::read(words.into_iter().map(OsString::from)).unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let settings = Settings::new(args, &Environment::read(variables));
    settings.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn asked(line: &str, variables: &[(&str, &str)]) -> Nightly {
    let settings = settings(line, variables).unwrap_or_else(|errors| panic!("{line}: {errors:?}"));
    let Action::Nightly(nightly) = settings.action else { panic!("not nightly: {line}") };
    *nightly
}

fn mistakes(line: &str, variables: &[(&str, &str)]) -> Vec<String> {
    settings(line, variables).map(|settings| format!("{settings:?}")).unwrap_err()
}

/// The program with a payload file where it is looked for.
fn nightly(payload: &str) -> Run {
    Run::new(["nightly"]).file("payload.yaml", payload)
}

/// What it says of parameters that fit: it goes on to its logins, which are not there, so that nobody is asked anything.
async fn settled(run: Run) -> Ran {
    let ran = refused(run.args(["--authfile", "no/such.json"])).await;
    let errors: Vec<_> = ran.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert!(errors.len() == 1 && errors[0].contains("no/such.json"), "{ran}");
    ran
}

async fn refused(run: Run) -> Ran {
    let ran = run.run().await;
    assert_eq!(ran.code, Some(2), "{ran}");
    assert_eq!(ran.stdout, "", "{ran}");
    ran
}

/// What a parameter is, as MOCK prints it.
fn told<'a>(settings: &'a Nightly, name: &str) -> &'a str {
    &settings.table.iter().find(|parameter| parameter.name == name).unwrap().value
}

#[test]
fn every_parameter_has_a_flag_and_a_variable_of_its_own_name_and_the_flag_wins() {
    let variables = [
        ("ASSEMBLY", "rc.1"),
        ("BUILD_VERSION", "4.19"),
        ("DOOZER_DATA_PATH", "data"),
        ("DRY_RUN", "true"),
        ("SUPPRESS_EMAIL", "false"),
        ("PUBLISH", "1"),
        ("IMAGES", "a, b\n c"),
        ("EXCLUDE_ARCHES", "s390x arm64"),
        ("EMERGENCY_IGNORE_ISSUES", "true"),
        ("ORGANIZATION", "team"),
        ("REPOSITORY", "dev"),
        ("SKIP_MULTI_ARCH_PAYLOAD", "false"),
        ("EMBARGO_PERMIT_ACK", "true"),
        ("BUILD_URL", "https://ci.example/12"),
        ("SOURCE_DATE_EPOCH", "86400"),
    ];
    let found = asked("image-mirror nightly", &variables);
    let parameters = &found.parameters;
    assert_eq!(parameters.assembly.as_deref(), Some("rc.1"));
    assert_eq!(parameters.build_version.unwrap().to_string(), "4.19");
    assert_eq!(parameters.data_path.as_deref(), Some("data"));
    // 18.78
    assert_eq!(parameters.images.iter().map(|name| &**name).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(parameters.exclude_arches.len(), 2);
    assert!(parameters.publish && parameters.emergency && parameters.embargo_ack);
    assert_eq!(
        (parameters.organization.as_deref(), parameters.repository.as_deref()),
        (Some("team"), Some("dev"))
    );
    assert_eq!(parameters.skip_multi, Some(false));
    assert!(found.dry_run && told(&found, "SUPPRESS_EMAIL") == "false");
    assert_eq!(found.build_url, "https://ci.example/12");
    let day = found.source_date_epoch.unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(day, Duration::from_hours(24));

    let line = "image-mirror nightly --assembly stream --build-version=4.20 --data-path other --dry-run=false \
                --suppress-email --publish=false --images x --exclude-arches='' --emergency-ignore-issues=false \
                --organization org --repository repo --skip-multi-arch-payload auto --embargo-permit-ack=0 \
                --build-url https://ci.example/13 --source-date-epoch 0";
    let found = asked(line, &variables);
    let parameters = &found.parameters;
    assert_eq!(parameters.assembly.as_deref(), Some("stream"));
    assert_eq!(parameters.build_version.unwrap().to_string(), "4.20");
    assert_eq!(parameters.data_path.as_deref(), Some("other"));
    assert_eq!(parameters.images.len(), 1);
    assert!(parameters.exclude_arches.is_empty(), "an empty list is one too");
    assert!(!parameters.publish && !parameters.emergency && !parameters.embargo_ack);
    assert_eq!(
        (parameters.organization.as_deref(), parameters.repository.as_deref()),
        (Some("org"), Some("repo"))
    );
    assert_eq!(parameters.skip_multi, None);
    assert!(!found.dry_run && told(&found, "SUPPRESS_EMAIL") == "true");
    assert_eq!(found.build_url, "https://ci.example/13");
    assert_eq!(found.source_date_epoch, Some(std::time::UNIX_EPOCH));
    assert!(found.table.iter().all(|row| matches!(
        (row.name, row.from),
        ("DOOZER_DATA_GITREF" | "MOCK" | "RETRIGGER_CURRENT_NIGHTLY" | "DEBUG", SaidBy::Default)
            | (_, SaidBy::Flag)
    )));
}

#[test]
fn without_anything_said_it_is_the_file_backend_and_nothing_is_let_through() {
    let found = asked("image-mirror nightly", &[]);
    assert_eq!(found.parameters, Parameters::default());
    assert!(matches!(&found.backend, BackendSettings::Files(path) if path.to_str() == Some("imagestreams")));
    assert!(found.strict_pod && !found.mock && !found.dry_run && !found.debug);
    assert_eq!((found.wait_import, found.retrigger_wait), (None, Duration::from_mins(2)));
    assert_eq!((found.state_file, found.source_date_epoch, found.build_url), (None, None, String::new()));
}

#[test]
fn names_that_are_everybodys_are_read_by_nightly_alone() {
    let variables = [
        ("IMAGES", "all of them"),
        ("DEBUG", "*"),
        ("PUBLISH", "maybe"),
        ("ASSEMBLY", "a/b"),
        ("BUILD_VERSION", "12"),
        ("SOURCE_DATE_EPOCH", "today"),
    ];
    for command in ["run m", "lint m", "configmap m", "imagestreams -A --target-repository q.io/a", "version"]
    {
        let found = settings(&format!("image-mirror {command}"), &variables).unwrap();
        assert_eq!(found.console.verbosity, Verbosity::Normal, "{command}");
        assert!(found.notes.is_empty(), "{command}: {:?}", found.notes);
    }
    let said = mistakes("image-mirror nightly", &variables);
    let names: Vec<_> = said.iter().map(|line| line.split('`').nth(1).unwrap()).collect();
    assert_eq!(
        names,
        ["DEBUG", "PUBLISH", "ASSEMBLY", "BUILD_VERSION", "SOURCE_DATE_EPOCH"].map(|name| name)
    );
    assert!(said[3].contains("`X.Y`"), "{said:?}");
}

#[test]
fn a_variable_that_is_no_text_harms_nightly_alone() {
    let broken = || [("IMAGES".into(), OsString::from_vec(vec![0xff]))];
    let of = |command: &str| {
        let args = Args::read(["image-mirror", command].map(OsString::from)).unwrap();
        Settings::new(args, &Environment::read(broken()))
    };
    assert!(of("run").is_ok());
    assert_eq!(of("nightly").unwrap_err(), [UsageError::Unreadable { name: "IMAGES".into() }]);
}

#[test]
fn the_name_of_the_job_and_that_of_the_flag_may_not_say_different_things() {
    let twice = |first, second| [("IMAGES", first), ("IMAGE_MIRROR_IMAGES", second), ("REPOSITORY", "dev")];
    let found = asked("image-mirror nightly", &twice("a", "a")).parameters;
    assert_eq!((found.images.len(), found.repository.as_deref()), (1, Some("dev")), "neither is lost");
    let said = mistakes("image-mirror nightly", &twice("a", "b"));
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("`IMAGE_MIRROR_IMAGES` and `IMAGES` stand for one flag"), "{said:?}");
}

#[test]
fn debug_says_at_least_what_v_does() {
    let verbosity = |line: &str, value: &str| settings(line, &[("DEBUG", value)]).unwrap().console.verbosity;
    assert_eq!(verbosity("image-mirror nightly", "true"), Verbosity::Debug);
    assert_eq!(verbosity("image-mirror nightly -q", "true"), Verbosity::Debug);
    assert_eq!(verbosity("image-mirror nightly -vv", "true"), Verbosity::Trace);
    assert_eq!(verbosity("image-mirror nightly", "false"), Verbosity::Normal);
}

#[test]
fn a_cluster_is_asked_for_and_only_then_reached_and_waited_for() {
    let found =
        asked("image-mirror nightly --cluster --kubeconfig k --context c --wait-import 5m --publish", &[]);
    let BackendSettings::Cluster(access) = found.backend else { panic!("{:?}", found.backend) };
    assert_eq!((access.kubeconfig, access.context.as_deref()), (vec!["k".into()], Some("c")));
    assert_eq!(found.wait_import, Some(Duration::from_mins(5)));
    let publish = |line: &str| asked(line, &[]).wait_import;
    assert_eq!(publish("image-mirror nightly --cluster --publish"), Some(Duration::from_mins(10)));
    assert_eq!(publish("image-mirror nightly --cluster"), None);
    assert_eq!(publish("image-mirror nightly --publish"), None, "files are imported by nobody");
    for (line, said) in [
        ("--kubeconfig k", "add `--cluster` if ImageStreams are in one"),
        ("--context c --cluster=false", "add `--cluster` if ImageStreams are in one"),
        ("--cluster --imagestream-dir d", "leave one out"),
        ("--wait-import 5m", "`--wait-import` needs a cluster"),
        ("--retrigger-current-nightly --build-version 4.19", "`--retrigger-current-nightly` needs a cluster"),
        ("--referrers", "`--referrers` is not supported"),
    ] {
        let found = mistakes(&format!("image-mirror nightly {line}"), &[]);
        assert!(found.len() == 1 && found[0].contains(said), "{line}: {found:?}");
    }
}

#[tokio::test]
async fn mock_prints_what_is_in_effect_and_from_where_and_does_nothing() {
    // 18.80
    let run = nightly(FULL).args(["--images", "a b", "--build-version=4.19"]).env("MOCK", "true");
    let run = run.env("BUILD_VERSION", "4.18").env("ORGANIZATION", "team");
    let ran = run.env("BUILD_URL", "https://u:S3CRET@ci.example/1").run().await;
    assert_eq!(ran.code, Some(2), "{ran}");
    insta::assert_snapshot!(ran.stdout);
    assert!(ran.stderr.contains("MOCK: nothing was attempted"), "{ran}");
    let absent = Run::new(["nightly", "--mock"]).run().await;
    assert_eq!(absent.code, Some(2), "{absent}");
    assert!(!absent.stderr.contains("payload.yaml"), "no file is looked for: {absent}");
}

#[tokio::test]
async fn the_payload_file_is_found_by_version_and_assembly() {
    // A name that no file has makes each say which it is.
    let found = async |run: Run, file: &str| {
        let ran = refused(run.args(["--images", "none"])).await;
        assert!(ran.stderr.contains(&format!("`{file}` has no image definition of that name")), "{ran}");
    };
    found(nightly(FULL), "payload.yaml").await;
    let release =
        Run::new(["nightly"]).file("data/4.20/4.20.3.yaml", MINIMAL).file("data/payload.yaml", FULL);
    let release =
        release.env("DOOZER_DATA_PATH", "data").env("BUILD_VERSION", "4.20").env("ASSEMBLY", "4.20.3");
    found(release, "data/4.20/4.20.3.yaml").await;
    let by_file = Run::new(["nightly", "--data-path", "other.yaml"]).file("other.yaml", MINIMAL);
    found(by_file.env("DOOZER_DATA_PATH", "data"), "other.yaml").await;
}

#[tokio::test]
async fn without_a_payload_file_nothing_is_attempted() {
    let ran = refused(Run::new(["nightly"])).await;
    assert!(
        ran.stderr.contains("error: the payload file `payload.yaml` cannot be read: No such file"),
        "{ran}"
    );
    let url = "https://github.com/openshift-eng/ocp-build-data";
    let ran = refused(nightly(FULL).env("DOOZER_DATA_PATH", url)).await;
    assert!(ran.stderr.contains(&format!("error: DOOZER_DATA_PATH is the address `{url}`")), "{ran}");
    assert!(ran.stderr.contains("name a payload file"), "it says what to do: {ran}");
    let empty =
        nightly(FULL).file("data/README", "").env("DOOZER_DATA_PATH", "data").env("BUILD_VERSION", "4.19");
    let ran = refused(empty).await;
    assert!(ran.stderr.contains("it would be `4.19/stream.yaml` or `payload.yaml`"), "{ran}");
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_payload_file_is_drawn_at_once() {
    let text = MINIMAL.replace("\"4.20\"", "4.20").replace("[amd64]", "[amd64, mips]");
    let ran = refused(nightly(&text)).await;
    insta::assert_snapshot!(ran.stderr);
    let json = refused(nightly(&text).args(["--log-format", "json"])).await;
    let lines: Vec<serde_json::Value> =
        json.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let places: Vec<_> = lines.iter().map(|line| (line["line"].as_u64(), line["column"].as_u64())).collect();
    assert_eq!(places, [(Some(2), Some(10)), (Some(4), Some(17)), (None, None)], "{json}");
}

#[tokio::test]
async fn everything_that_is_wrong_with_parameters_is_told_at_once_with_what_to_do() {
    // 18.74, 18.76, 18.77, 18.79
    let run = nightly(MINIMAL).env("ASSEMBLY", "booyah").env("BUILD_VERSION", "4.19");
    let run = run.env("IMAGES", "etcd").env("EXCLUDE_ARCHES", "s390x,foo");
    let run = run.env("EMERGENCY_IGNORE_ISSUES", "true").env("SKIP_MULTI_ARCH_PAYLOAD", "false");
    insta::assert_snapshot!(refused(run).await.stderr);
    // 18.75
    let ran = refused(nightly(&format!("{MINIMAL}imagestream: {{name: 4.20-art-latest}}\n"))).await;
    assert!(ran.stderr.contains("must not become `art-latest`"), "{ran}");
    settled(nightly(&format!("{MINIMAL}imagestream: {{name: 4.20-not-latest}}\n"))).await;
}

#[tokio::test]
async fn what_is_odd_is_told_and_stops_nothing() {
    let odd = FULL.replace("component: ose-etcd", "component: ose-ectd");
    let odd = odd.replace("multi_arch: {enabled: false", "multi_arch: {enabled: true");
    let run = nightly(&odd).env("EXCLUDE_ARCHES", "arm64").env("DOOZER_DATA_GITREF", "main");
    let ran = settled(run).await;
    for said in [
        "no part of this payload is called `ose-ectd`",
        "no payload for all architectures is made: IMAGES or EXCLUDE_ARCHES leave something out of it",
        "DOOZER_DATA_GITREF says nothing here",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {ran}");
    }
}

#[tokio::test]
async fn a_retrigger_needs_no_payload_file_and_refuses_what_is_no_nightly() {
    // 18.110
    let retrigger =
        || Run::new(["nightly", "--cluster", "--retrigger-current-nightly"]).env("BUILD_VERSION", "4.19");
    let ran = refused(retrigger().env("ASSEMBLY", "4.19.3")).await;
    assert!(ran.stderr.contains("RETRIGGER_CURRENT_NIGHTLY is for the assembly `stream`"), "{ran}");
    let ran = refused(retrigger().env("EXCLUDE_ARCHES", "x86_64,aarch64")).await;
    assert!(ran.stderr.contains("EXCLUDE_ARCHES leaves no nightly"), "{ran}");
    let ran = retrigger().env("PUBLISH", "true").run().await;
    assert!(ran.stderr.contains("so these say nothing here: PUBLISH"), "{ran}");
    assert!(!ran.stderr.contains("payload.yaml"), "no file is looked for: {ran}");
}

#[test]
fn each_parameter_has_a_flag_of_its_own_name() {
    let parameters = [
        ("ASSEMBLY", "rc.1"),
        ("BUILD_VERSION", "4.19"),
        ("DOOZER_DATA_PATH", "data"),
        ("DOOZER_DATA_GITREF", "main"),
        ("DRY_RUN", "true"),
        ("MOCK", "true"),
        ("SUPPRESS_EMAIL", "true"),
        ("RETRIGGER_CURRENT_NIGHTLY", "true"),
        ("PUBLISH", "true"),
        ("DEBUG", "true"),
        ("IMAGES", "a"),
        ("EXCLUDE_ARCHES", "s390x"),
        ("EMERGENCY_IGNORE_ISSUES", "true"),
        ("ORGANIZATION", "team"),
        ("REPOSITORY", "dev"),
        ("SKIP_MULTI_ARCH_PAYLOAD", "auto"),
        ("EMBARGO_PERMIT_ACK", "true"),
        ("BUILD_URL", "https://ci.example/1"),
        ("SOURCE_DATE_EPOCH", "0"),
    ];
    for (name, value) in parameters {
        let flag = format!("--{}={value}", name.to_lowercase().replace('_', "-"));
        let line = ["image-mirror", "nightly", &flag].map(OsString::from);
        assert!(Args::read(line).is_ok(), "{flag} is no flag");
    }
    assert!(Args::read(["image-mirror", "nightly", "--doozer-data"].map(OsString::from)).is_err());
}

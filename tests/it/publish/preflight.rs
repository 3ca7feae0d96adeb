//! What a certification comes to, by the results that the program writes.

use image_mirror::error::{Classify as _, advised};
use image_mirror::publish::Fault;
use image_mirror::publish::preflight::{Checked, Scope};
use serde_json::{Value, json};

use super::stand_in::{IMAGE, StandIn, both, mode};
use crate::support::{Spy, found};

async fn checked(mode: &Value) -> Result<Checked, Fault> {
    let stand_in = StandIn::new(mode);
    stand_in.preflight().check(&stand_in.check()).await
}

/// What was found did not pass: the report.
fn refused(checked: Result<Checked, Fault>) -> String {
    let fault = checked.unwrap().verdict().unwrap_err();
    assert!(matches!(fault, Fault::NotPassed { burned: None, .. }), "{fault}");
    fault.to_string()
}

/// Nobody knows whether it passed: what is said then.
fn untold(checked: Result<Checked, Fault>) -> String {
    let fault = checked.expect_err("no verdict is no pass");
    let Fault::Untold(failure) = &fault else { panic!("{fault}") };
    format!("{}; {}", image_mirror::error::Chain(failure), fault.advice().unwrap())
}

#[tokio::test]
async fn an_image_that_passes_on_all_platforms_is_known_by_the_ids_of_the_catalog() {
    let checked = checked(&mode("pass")).await.unwrap();
    checked.verdict().unwrap();
    let ids: Vec<_> =
        checked.certified().into_values().map(|found| (found.passed, found.image_id.unwrap())).collect();
    assert_eq!(ids, [(true, "id-amd64".to_owned()), (true, "id-arm64".to_owned())]);
    assert_eq!(checked.warnings, Vec::<String>::new());
}

#[tokio::test]
async fn checks_that_fail_are_told_for_each_platform_whatever_the_exit_code() {
    // 19.36, 19.37
    for name in ["fail", "exit-2"] {
        let report = refused(checked(&json!({ "mode": name, "platforms": ["arm64"] })).await);
        let line = "arm64: HasLicense: There is no /licenses.; Mend the image.; https://example.com/kb";
        assert!(report.contains(line), "{report}");
        assert!(report.contains("preflight-1") && !report.contains("amd64:"), "{report}");
    }
}

#[tokio::test]
async fn a_check_that_could_not_be_done_is_not_passed() {
    let report = refused(checked(&mode("error")).await);
    assert!(
        report.contains("amd64: could not be checked: RunAsNonRoot: The image could not be read."),
        "{report}"
    );
    assert!(!report.contains("HasLicense"), "{report}");
}

#[tokio::test]
async fn an_exit_code_that_says_otherwise_is_a_warning() {
    // 19.38
    let stand_in = StandIn::new(&mode("exit-2-but-passed"));
    for check in [stand_in.check(), stand_in.precheck()] {
        let checked = stand_in.preflight().check(&check).await.unwrap();
        checked.verdict().unwrap();
        let [warning] = &checked.warnings[..] else { panic!("{:?}", checked.warnings) };
        assert!(warning.contains("exit status: 2"), "{warning}");
    }
}

#[tokio::test]
async fn no_results_are_no_verdict_and_the_next_attempt_runs_it_again() {
    // 19.39
    let stand_in = StandIn::new(&mode("no-results"));
    let preflight = stand_in.preflight();
    let said = untold(preflight.check(&stand_in.check()).await);
    assert!(said.contains("the results for amd64 are missing"), "{said}");
    assert!(said.contains("it said last: ") && said.contains("UNAUTHORIZED"), "{said}");
    assert!(said.contains(&*stand_in.state().join("preflight-1").to_string_lossy()), "{said}");
    stand_in.steer(&mode("pass"));
    let mut again = stand_in.check();
    again.attempt = 2;
    let checked = preflight.check(&again).await.unwrap();
    checked.verdict().unwrap();
    assert_eq!((checked.folder, stand_in.runs().len()), (stand_in.state().join("preflight-2"), 2));
    assert!(stand_in.state().join("preflight-1/logs/all/stderr.log").exists(), "what failed is kept");
}

#[tokio::test]
async fn results_of_an_earlier_attempt_are_no_results() {
    // 19.40
    let stand_in = StandIn::new(&mode("pass"));
    let preflight = stand_in.preflight();
    let earlier = preflight.check(&stand_in.check()).await.unwrap().folder;
    let old = earlier.join("artifacts/amd64/results.json");
    stand_in.steer(&json!({ "mode": "stale", "results": old }));
    let said = untold(preflight.check(&stand_in.check()).await);
    assert!(said.contains("older than this run"), "{said}");
    assert!(earlier.join("artifacts/amd64/results.json").exists());
}

#[tokio::test]
async fn results_that_lack_a_platform_are_no_verdict() {
    // 19.41
    let said = untold(checked(&json!({ "mode": "partial", "platforms": ["amd64"] })).await);
    assert!(said.contains("the results for arm64 are missing"), "{said}");
    assert!(!said.contains("for amd64"), "{said}");
}

#[tokio::test]
async fn results_that_cannot_be_believed_are_no_verdict() {
    let cases = [
        ("other-image", "another image, quay.io/another/image:1"),
        ("lies", "name checks that it did not pass"),
        ("broken", "cannot be read"),
    ];
    for (name, why) in cases {
        let said = untold(checked(&mode(name)).await);
        assert!(said.contains(why), "{said}");
    }
}

#[tokio::test]
async fn a_version_that_the_catalog_does_not_take_is_to_be_upgraded_though_the_image_passed() {
    // 19.42
    let fault = checked(&mode("refused")).await.unwrap_err();
    assert!(matches!(fault, Fault::Unsuitable { .. }), "{fault}");
    let said = advised(&fault);
    assert!(
        said.contains("version '1.14.0' is not supported") && said.contains("upgrade preflight"),
        "{said}"
    );
    assert!(said.contains("9.9.9"), "which are supported is told: {said}");
}

#[tokio::test]
async fn results_that_may_not_have_been_submitted_are_no_verdict() {
    let said = untold(checked(&json!({ "mode": "submit-fails", "platforms": ["amd64"] })).await);
    assert!(said.contains("results for arm64 are missing"), "{said}");
    let said = untold(checked(&json!({ "mode": "submit-fails", "platforms": ["arm64"] })).await);
    assert!(said.contains("did not say that it submitted arm64") && said.contains("502"), "{said}");
    assert!(!said.contains("amd64"), "{said}");
}

#[tokio::test]
async fn some_platforms_of_an_image_are_checked_one_by_one() {
    let stand_in = StandIn::new(&mode("pass"));
    let mut check = stand_in.check();
    check.scope = Scope::Each(vec!["arm64".to_owned()]);
    let checked = stand_in.preflight().check(&check).await.unwrap();
    assert_eq!(checked.results.keys().collect::<Vec<_>>(), ["arm64"]);
    assert_eq!(checked.results["arm64"].image_id.as_deref(), Some("id-arm64"));
    assert_eq!(stand_in.arguments(), [format!("check container --platform arm64 --submit {IMAGE}")]);
    check.scope = Scope::Each(both());
    stand_in.preflight().check(&check).await.unwrap();
    assert_eq!(stand_in.arguments().len(), 3);
}

#[tokio::test]
async fn nothing_is_submitted_of_an_image_that_is_only_looked_at() {
    // 19.46, what is the program's part of it
    let catalog = Spy::start().await;
    catalog.answers(|_| found("{}"));
    let stand_in = StandIn::new(&json!({ "mode": "fail", "catalog": catalog.url("/") }));
    let report = refused(stand_in.preflight().check(&stand_in.precheck()).await);
    assert!(report.contains("HasLicense"), "{report}");
    assert!(catalog.seen().is_empty() && !stand_in.arguments()[0].contains("submit"));
    stand_in.preflight().check(&stand_in.check()).await.unwrap();
    assert_eq!(catalog.seen().len(), 2, "one that submits does");
}

#[tokio::test]
async fn an_architecture_that_could_lead_elsewhere_is_refused_and_nothing_is_started() {
    let stand_in = StandIn::new(&mode("pass"));
    for architectures in [vec!["../amd64".to_owned()], vec!["--submit".to_owned()], Vec::new()] {
        let mut check = stand_in.check();
        check.scope = Scope::Each(architectures);
        let fault = stand_in.preflight().check(&check).await.unwrap_err();
        assert!(matches!(fault, Fault::Unsuitable { .. }), "{fault}");
    }
    assert!(stand_in.runs().is_empty() && !stand_in.state().exists());
}

#[tokio::test]
async fn the_version_is_what_the_program_says_and_must_be_the_one_that_is_pinned() {
    let stand_in = StandIn::new(&json!({ "version": "1.14.0" }));
    let mut preflight = stand_in.preflight();
    assert_eq!(preflight.version().await.unwrap(), "1.14.0");
    preflight.version = Some("1.14.0".to_owned());
    preflight.version().await.unwrap();
    preflight.version = Some("1.15.2".to_owned());
    let fault = preflight.version().await.unwrap_err();
    assert!(matches!(fault, Fault::Unsuitable { .. }), "{fault}");
    assert!(fault.to_string().contains("1.14.0") && fault.to_string().contains("1.15.2"), "{fault}");
    assert!(stand_in.runs().is_empty(), "nothing was checked");
}

#[tokio::test]
async fn a_program_that_is_absent_or_is_none_is_unsuitable_and_it_is_said_how_to_get_one() {
    let stand_in = StandIn::new(&mode("pass"));
    let mut preflight = stand_in.preflight();
    for command in ["/no/such/preflight", "/etc/hostname", "no-such-preflight"] {
        preflight.command = command.into();
        let said = advised(&preflight.version().await.unwrap_err());
        assert!(said.contains(command) && said.contains("preflight install"), "{said}");
        let fault = preflight.check(&stand_in.check()).await.unwrap_err();
        assert!(matches!(fault, Fault::Unsuitable { .. }), "{fault}");
    }
    preflight.command = "echo".into();
    let fault = preflight.version().await.unwrap_err();
    assert!(fault.to_string().contains("as no preflight does"), "{fault}");
}

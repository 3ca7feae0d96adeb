//! What the built program says of itself, and how it ends when it is not understood.

use assert_cmd::Command;

fn image_mirror() -> Command {
    let mut command = Command::cargo_bin("image-mirror").unwrap();
    command.env_clear().env("COLUMNS", "100");
    command
}

fn help(words: &[&str]) -> String {
    let done = image_mirror().args(words).assert().code(0);
    let output = done.get_output();
    assert!(output.stderr.is_empty(), "help belongs on stdout only");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn help_of_the_program_is_as_agreed() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn help_of_run_is_as_agreed() {
    insta::assert_snapshot!(help(&["run", "--help"]));
}

#[test]
fn help_of_plan_is_as_agreed() {
    insta::assert_snapshot!(help(&["plan", "--help"]));
}

#[test]
fn help_of_lint_is_as_agreed() {
    insta::assert_snapshot!(help(&["lint", "--help"]));
}

#[test]
fn help_of_explain_is_as_agreed() {
    insta::assert_snapshot!(help(&["explain", "--help"]));
}

#[test]
fn help_of_configmap_is_as_agreed() {
    insta::assert_snapshot!(help(&["configmap", "--help"]));
}

#[test]
fn help_of_auth_check_is_as_agreed() {
    insta::assert_snapshot!(help(&["auth", "check", "--help"]));
}

#[test]
fn what_is_not_understood_exits_with_2_and_prints_no_data() {
    for words in [&["run", "--no-such-flag"][..], &["mirror"], &["run", "--jobs", "0", "m"], &[]] {
        image_mirror().args(words).assert().code(2).stdout("");
    }
    image_mirror().args(["run", "--insecure", "m"]).assert().code(2).stdout("");
    image_mirror().args(["run", "m"]).env("DRY_RUN", "maybe").assert().code(2).stdout("");
}

#[test]
fn help_of_report_merge_is_as_agreed() {
    insta::assert_snapshot!(help(&["report", "merge", "--help"]));
}

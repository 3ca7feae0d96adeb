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
fn help_of_prune_tags_is_as_agreed() {
    insta::assert_snapshot!(help(&["prune-tags", "--help"]));
}

#[test]
fn help_of_imagestreams_is_as_agreed() {
    insta::assert_snapshot!(help(&["imagestreams", "--help"]));
}

#[test]
fn help_of_serve_is_as_agreed() {
    insta::assert_snapshot!(help(&["serve", "--help"]));
}

#[test]
fn help_of_nightly_is_as_agreed() {
    insta::assert_snapshot!(help(&["nightly", "--help"]));
}

#[test]
fn help_of_the_commands_of_stream_is_as_agreed() {
    insta::assert_snapshot!("help_of_stream", help(&["stream", "--help"]));
    for command in
        ["mirror", "rewrite", "validate", "resolve", "prerelease publish", "promote", "pins", "prune"]
    {
        let words: Vec<&str> = ["stream"].into_iter().chain(command.split(' ')).chain(["--help"]).collect();
        let name = format!("help_of_stream_{}", command.replace(' ', "_"));
        insta::assert_snapshot!(name, help(&words));
    }
}

#[test]
fn help_of_the_commands_of_publish_is_as_agreed() {
    insta::assert_snapshot!("help_of_publish", help(&["publish", "--help"]));
    for command in [
        "image",
        "next-rebuild",
        "plan",
        "run",
        "status",
        "rollback",
        "resume",
        "preflight",
        "preflight install",
        "preflight supported",
    ] {
        let words: Vec<&str> = ["publish"].into_iter().chain(command.split(' ')).chain(["--help"]).collect();
        let name = format!("help_of_publish_{}", command.replace([' ', '-'], "_"));
        insta::assert_snapshot!(name, help(&words));
    }
}

#[test]
fn help_of_report_merge_is_as_agreed() {
    insta::assert_snapshot!(help(&["report", "merge", "--help"]));
}

#[test]
fn help_of_version_is_as_agreed() {
    insta::assert_snapshot!(help(&["version", "--help"]));
}

#[test]
fn the_version_is_one_in_all_its_forms_and_needs_no_file_and_no_home() {
    let said = |words: &[&str]| {
        let done = image_mirror().args(words).assert().code(0).stderr("");
        String::from_utf8(done.get_output().stdout.clone()).unwrap()
    };
    let json: serde_json::Value = serde_json::from_str(&said(&["version", "--json"])).unwrap();
    let keys: Vec<_> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["arch", "commit", "os", "version"], "and neither a time nor a path");
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(said(&["--version"]), format!("image-mirror {}\n", env!("CARGO_PKG_VERSION")));
    let text = said(&["version"]);
    for value in json.as_object().unwrap().values() {
        assert!(text.contains(value.as_str().unwrap()), "{text} does not say {value}");
    }
}

#[test]
fn help_of_completions_is_as_agreed() {
    insta::assert_snapshot!(help(&["completions", "--help"]));
}

#[test]
fn help_of_man_is_as_agreed() {
    insta::assert_snapshot!(help(&["man", "--help"]));
}

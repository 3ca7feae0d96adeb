//! The commands that only look: `lint`, `explain`, `configmap`.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

fn desk(files: &[(&str, &str)]) -> tempfile::TempDir {
    let desk = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = desk.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    desk
}

fn mirror(desk: &tempfile::TempDir, words: &[&str]) -> Command {
    let mut command = Command::cargo_bin("image-mirror").unwrap();
    command.env_clear().env("HOME", desk.path()).current_dir(desk.path()).args(words);
    command
}

fn stdout(command: &mut Command, code: i32) -> String {
    String::from_utf8(command.assert().code(code).get_output().stdout.clone()).unwrap()
}

fn image(tag: &str) -> String {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings/demo/images");
    format!("oci:{}:{tag}", images.display())
}

const GOOD: &str = "# owner: us\nquay.io/a/b:v1 quay.io/c/d:v1\nquay.io/a/b:4.* quay.io/c/e\n";

#[test]
fn lint_says_nothing_of_good_files_and_lists_what_they_ask_for() {
    let desk = desk(&[("x/mapping_x", GOOD)]);
    assert_eq!(
        stdout(&mut mirror(&desk, &["lint", "--strict", "x"]), 0),
        "2 entries, 0 errors, 0 warnings\n"
    );
    let json = stdout(&mut mirror(&desk, &["lint", "--output", "json", "x"]), 0);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["findings"], Value::Array(Vec::new()));
    let entry = &json["entries"][0];
    assert_eq!(entry["origin"], serde_json::json!({"file": "x/mapping_x", "line": 2}));
    assert_eq!((&entry["source"], &entry["target"]), (&"quay.io/a/b:v1".into(), &"quay.io/c/d:v1".into()));
    assert_eq!(json["entries"][1]["source"], "quay.io/a/b:4.*");
}

#[test]
fn lint_exits_with_1_on_errors_and_with_0_on_warnings_unless_strict() {
    let warned = desk(&[("mapping_x", "quay.io/a/b:v1 quay.io/c/d:v1\n")]);
    assert!(stdout(&mut mirror(&warned, &["lint", "mapping_x"]), 0).contains("1 warning"));
    assert!(stdout(&mut mirror(&warned, &["lint", "--strict", "mapping_x"]), 1).contains("1 warning"));
    let broken = desk(&[("mapping_x", "# owner: us\nquay.io/A/b:v1 quay.io/c/d:v1\n")]);
    let said = stdout(&mut mirror(&broken, &["lint", "mapping_x"]), 1);
    assert!(said.contains("mapping_x:2:"), "{said}");
    let outside = ["lint", "--allow-target", "quay.io/elsewhere", "mapping_x"];
    assert!(stdout(&mut mirror(&warned, &outside), 1).contains("quay.io/c/d"));
    mirror(&broken, &["lint", "nowhere"]).assert().code(2).stdout("");
}

#[test]
fn lint_resolve_finds_a_source_that_does_not_exist() {
    let lines = format!("# owner: us\n{} oci:to:v1\n{} oci:to:v2\n", image("hello"), image("gone"));
    let desk = desk(&[("mapping_x", &lines)]);
    let json = ["lint", "--resolve", "--output", "json", "mapping_x"];
    let json: Value = serde_json::from_str(&stdout(&mut mirror(&desk, &json), 1)).unwrap();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{json}");
    assert_eq!((&findings[0]["line"], &findings[0]["column"]), (&3.into(), &1.into()));
    assert!(!desk.path().join("to").exists());
}

#[test]
fn explain_says_who_asks_what_is_there_and_what_a_run_would_do() {
    let lines = format!("# owner: us\n{} oci:to:v1\n", image("hello"));
    let desk = desk(&[("mapping_x", &lines), ("mapping_y", GOOD)]);
    let explain = ["explain", "oci:to:v1", "mapping_*"];
    let said = stdout(&mut mirror(&desk, &explain), 0);
    assert!(said.contains("mapping_x:2 (owner us) asks for"), "{said}");
    assert!(said.contains("a run would copy it: absent at the target"), "{said}");
    assert!(!desk.path().join("to").exists(), "explain wrote something");
    mirror(&desk, &["run", "mapping_x"]).assert().code(0);
    assert!(stdout(&mut mirror(&desk, &explain), 0).contains("a run would keep it"));
}

#[test]
fn explain_shows_every_line_of_a_conflict() {
    let desk = desk(&[
        ("mapping_x", "# owner: us\nquay.io/a/b:v1 quay.io/c/d:v1\n"),
        ("mapping_y", "quay.io/a/other:v1 quay.io/c/d:v1\n"),
    ]);
    let said = stdout(&mut mirror(&desk, &["explain", "quay.io/c/d:v1", "mapping_*"]), 1);
    assert!(said.contains("mapping_x:2 (owner us)") && said.contains("mapping_y:1 (no owner)"), "{said}");
    assert!(said.contains("quay.io/a/b:v1") && said.contains("quay.io/a/other:v1"), "{said}");
}

#[test]
fn explain_of_what_nobody_asks_for_exits_with_1_and_of_no_target_with_2() {
    let desk = desk(&[("mapping_x", GOOD)]);
    let said = stdout(&mut mirror(&desk, &["explain", "quay.io/c/d:v2", "mapping_x"]), 1);
    assert!(said.contains("no line"), "{said}");
    for wrong in ["quay.io/c/d", "Quay.io/C", "quay.io"] {
        mirror(&desk, &["explain", wrong, "mapping_x"]).assert().code(2).stdout("");
    }
}

#[test]
fn configmap_holds_the_files_byte_for_byte() {
    let desk = desk(&[("x/mapping_x", GOOD), ("y/mapping_y", "# crlf\r\nquay.io/a/b:v1 quay.io/c/f:v1\r\n")]);
    let yaml = stdout(&mut mirror(&desk, &["configmap", "--name", "n", "--namespace", "m", "."]), 0);
    let map: Value = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(map["metadata"], serde_json::json!({"name": "n", "namespace": "m"}));
    assert_eq!(map["data"]["mapping_x"], GOOD);
    assert_eq!(map["data"]["mapping_y"], "# crlf\r\nquay.io/a/b:v1 quay.io/c/f:v1\r\n");
    fs::create_dir(desk.path().join("z")).unwrap();
    fs::write(desk.path().join("z/mapping_x"), GOOD).unwrap();
    mirror(&desk, &["configmap", "."]).assert().code(2).stdout("");
}

//! What lint says, and how findings look.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use image_mirror::mapping::{Input, LintOptions, MappingSet, ReadOptions, lint, read, render};

use crate::mapping_support::{read_text, text};

fn codes(set: &MappingSet, options: &LintOptions) -> Vec<String> {
    let findings = lint(set, options).unwrap();
    findings.iter().map(|finding| format!("{} {}:{}", finding.code, finding.file, finding.line())).collect()
}

#[test]
fn a_line_against_the_direction_of_its_file_is_a_warning() {
    let mut lines = String::new();
    for n in 0..6 {
        let _ = writeln!(lines, "registry.ci.openshift.org/o/a:{n} quay.io/o/a{n}:latest");
    }
    lines += "quay.io/o/b:1 registry.ci.openshift.org/o/b:latest\n";
    assert_eq!(codes(&read_text(&lines), &LintOptions::default()), ["reversed m:7"]);
    let both_ways = "q.io/a/b:1 r.io/a/b:1\nr.io/c/d:1 q.io/c/d:1\n";
    assert!(codes(&read_text(both_ways), &LintOptions::default()).is_empty());
}

#[test]
fn chains_are_warned_of_and_rings_are_errors() {
    let chain =
        "q.io/a/a:1 q.io/a/b:1\nq.io/a/b:1 q.io/a/c:1\nq.io/x/y:1 q.io/z/z:v1\nq.io/z/z:v* q.io/z/y\n";
    assert_eq!(codes(&read_text(chain), &LintOptions::default()), ["chain m:1", "chain m:3"]);
    let ring = "q.io/a/a:1 q.io/a/b:1\nq.io/a/b:1 q.io/a/c:1\nq.io/a/c:1 q.io/a/a:1\nq.io/a/c:1 q.io/a/d:1\n";
    assert_eq!(codes(&read_text(ring), &LintOptions::default()), ["cycle m:1", "cycle m:2", "cycle m:3"]);
}

#[test]
fn odd_versions_and_short_hub_names_are_warned_of() {
    let lines = "quay.io/o/ci:scos-4.22_x quay.io/o/x:4.21\nquay.io/o/4.22:y quay.io/o/y:4.22.0\nquay.io/o/ci:4.22 quay.io/o/z:5.0\ndocker.io/centos:8 quay.io/o/c:8\n";
    assert_eq!(
        codes(&read_text(lines), &LintOptions::default()),
        ["version-mismatch m:1", "hub-library m:4"]
    );
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn codes_below(root: &Path, options: &LintOptions) -> Vec<String> {
    let set = read(&[Input::from(root.display().to_string())], &ReadOptions::default()).unwrap();
    codes(&set, options).into_iter().map(|code| code.replace(&format!("{}/", root.display()), "")).collect()
}

#[test]
fn files_are_checked_for_keys_names_owners_and_clashes() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(root, ".git/HEAD", "");
    let line = |n| format!("# owner: o\nquay.io/a/b:{n} quay.io/c/d:{n}\n");
    write(root, "good-set/mapping_good_set_x", &line(1));
    write(root, "a/mapping_a", &line(2));
    write(root, "b/mapping_a", &line(3));
    write(root, "c/mapping_c .9", &line(4));
    write(root, "d/mapping_d", "quay.io/a/b:5 quay.io/c/d:5\n");
    let found = codes_below(root, &LintOptions::default());
    assert_eq!(
        found,
        [
            "naming b/mapping_a:0",
            "configmap-key c/mapping_c .9:0",
            "no-owner d/mapping_d:0",
            "base-name-clash b/mapping_a:0"
        ]
    );
}

#[test]
fn jobs_and_files_are_checked_against_each_other() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(root, "m/knative/mapping_knative_a", "# owner: o\nquay.io/a/b:1 quay.io/c/d:1\n");
    write(root, "m/osa/mapping_osa_quay", "# owner: o\nquay.io/a/b:2 quay.io/c/d:2\n");
    write(root, "m/left/mapping_left", "# owner: o\nquay.io/a/b:3 quay.io/c/d:3\n");
    let jobs = r"
periodics:
- name: one
  spec:
    containers:
    - command: [image-mirror]
      args: [run, '--jobs', '4', '/etc/imagemirror/mapping_knative*']
- name: two
  spec:
    containers:
    - command: [/bin/bash, -c]
      args:
      - |
        set -e
        image-mirror run -f=/etc/imagemirror/mapping_osa* --skip-missing
        image-mirror run '/etc/imagemirror/mapping_gone*'
- name: three
  spec:
    containers:
    - command: [echo, run, mapping_left]
    - args: [run, '/etc/imagemirror/mapping_FIXME*']
";
    write(root, "jobs/periodics.yaml", jobs);
    write(root, "jobs/broken.yaml", "a: [\n");
    let options = LintOptions { jobs_dir: Some(root.join("jobs")) };
    let found = codes_below(&root.join("m"), &options);
    let jobs = root.join("jobs").display().to_string();
    assert_eq!(
        found,
        [
            format!("job-unreadable {jobs}/broken.yaml:0"),
            format!("selector-without-file {jobs}/periodics.yaml:0"),
            "file-without-job left/mapping_left:0".to_owned()
        ]
    );
    let absent = LintOptions { jobs_dir: Some(root.join("nowhere")) };
    let set = read_text("quay.io/a/b:1 quay.io/c/d:1");
    assert!(lint(&set, &absent).is_err());
}

#[test]
fn findings_print_with_their_place_and_a_hint() {
    let mapping = "\u{feff}# owner: team\n\
        quay.io/a/b:v1 quay.io/C/d:v1 # wrong case\n\
        \tquay.io/a/b:v1\tquay.io/c/d:v1\n\
        user:s3cret@quay.io/a/b:v1 quay.io/e/f:v1\n\
        quay.io/a/b quay.io/c/e\n\
        quay.io/x/y:v1 quay.io/c/d:v1\n";
    let other = text("empty", "# nothing\n");
    let set = read(&[text("mappings/m/mapping_m", mapping), other], &ReadOptions::default()).unwrap();
    let shown = render(set.findings());
    assert!(!shown.contains("s3cret"));
    insta::assert_snapshot!(shown);
}

//! Finding and reading mapping files, owners, lines since a revision, and what a ConfigMap becomes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use image_mirror::mapping::configmap::{ConfigMapError, Content, LIMIT, render};
use image_mirror::mapping::{Input, MappingSet, ReadOptions, SinceError, Wish, read, since};

use crate::mapping_support::row_line;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn line(name: &str) -> String {
    format!("quay.io/a/{name}:v1 quay.io/c/{name}:v1\n")
}

fn read_words(words: &[String]) -> MappingSet {
    let inputs: Vec<Input> = words.iter().map(Input::from).collect();
    read(&inputs, &ReadOptions::default()).unwrap()
}

fn names(set: &MappingSet, root: &Path) -> Vec<String> {
    let root = format!("{}/", root.display());
    set.files().iter().map(|file| file.name.replace(&root, "")).collect()
}

fn owners(set: &MappingSet) -> Vec<Option<&str>> {
    set.files().iter().map(|file| file.owner.as_deref()).collect()
}

#[test]
fn a_mounted_configmap_reads_as_its_files_once_each() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(root, "..2026_01/mapping_a", &line("a"));
    write(root, "..2026_01/mapping_b", &line("b"));
    write(root, "..2026_01/other", "not a mapping\n");
    symlink("..2026_01", root.join("..data")).unwrap();
    for name in ["mapping_a", "mapping_b", "other"] {
        symlink(format!("..data/{name}"), root.join(name)).unwrap();
    }
    let directory = root.display().to_string();
    let set = read_words(std::slice::from_ref(&directory));
    assert_eq!(names(&set, root), ["mapping_a", "mapping_b"]);
    assert_eq!((set.entries().len(), set.rows().len(), set.findings().len()), (2, 0, 0));

    let twice = read_words(&[format!("{directory}/mapping_b"), format!("{directory}/mapping_*"), directory]);
    assert_eq!(names(&twice, root), ["mapping_b", "mapping_a"], "in the order of the words, each once");
}

#[test]
fn directories_are_searched_for_mapping_files_in_a_stable_order() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    for path in [
        "b/mapping_b",
        "a/deep/mapping_a",
        "mapping_0",
        "a/README.md",
        ".git/refs/mapping_x",
        "..old/mapping_y",
    ] {
        write(root, path, &line("x"));
    }
    symlink(root, root.join("a/up")).unwrap();
    let set = read_words(&[root.display().to_string()]);
    assert_eq!(names(&set, root), ["a/deep/mapping_a", "b/mapping_b", "mapping_0"]);
}

#[test]
fn a_file_in_a_directory_that_cannot_be_read_is_a_row_and_an_empty_directory_a_warning() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(root, "set/mapping_a", &line("a"));
    symlink("nowhere", root.join("set/mapping_gone")).unwrap();
    fs::create_dir(root.join("empty")).unwrap();
    let set = read_words(&[root.join("set").display().to_string(), root.join("empty").display().to_string()]);
    assert_eq!(set.entries().len(), 1, "the other file is read");
    let gone = root.join("set/mapping_gone").display().to_string();
    assert_eq!(row_line(&set.rows()[0]), format!("{gone} {gone} > : failed read missing"));
    let codes: Vec<_> = set.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["unreadable", "empty-directory"]);
}

#[test]
fn an_owner_is_the_first_comment_that_names_one_else_the_nearest_owners_file() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(root, "OWNERS", "approvers:\n- root\n");
    write(root, "a/OWNERS", "approvers:\n- alice\n- bob\nreviewers:\n- carol\n");
    write(root, "a/mapping_a", &line("a"));
    write(root, "b/deep/mapping_b", &line("b"));
    write(
        root,
        "c/OWNERS",
        "filters:\n  \".*\":\n    approvers: [dan]\n  \"x\":\n    approvers: [dan, eve]\n",
    );
    write(root, "c/mapping_c", &line("c"));
    write(root, "d/OWNERS", "approvers: [unclosed\n");
    write(root, "d/mapping_d", &line("d"));
    write(root, "e/mapping_e", &format!("# a note\n\n# owner: team-e\n{}", line("e")));
    write(root, "f/mapping_f", &format!("{}# owner: too-late\n", line("f")));
    let set = read_words(&[root.display().to_string()]);
    let root_owner = Some("root");
    assert_eq!(
        owners(&set),
        [Some("alice,bob"), root_owner, Some("dan,eve"), root_owner, Some("team-e"), root_owner]
    );
    let codes: Vec<_> = set.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["owners-unreadable"]);
    let Wish::Exact(first) = &set.entries()[0].wish else { panic!("a wildcard") };
    assert_eq!(first.owner.as_deref(), Some("alice,bob"), "an entry knows who answers for it");
}

fn git(root: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn since_a_revision_only_lines_added_or_altered_count() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write(root, "s/mapping_a", &[line("moved"), line("old"), line("altered")].concat());
    git(root, &["init", "-q"]);
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "first"]);
    let altered = line("altered").replace("c/altered:v1", "c/altered:v2");
    let text = [line("old"), line("moved"), altered, line("added"), "bad\n".to_owned(), line("old")].concat();
    write(root, "s/mapping_a", &text);
    write(root, "s/mapping_new", &line("new"));
    let words = [root.join("s").display().to_string()];
    let inputs = words.clone().map(Input::from);
    let (set, _) = since(read_words(&words), &inputs, "HEAD").unwrap();
    let targets: Vec<String> = set
        .entries()
        .iter()
        .map(|entry| match &entry.wish {
            Wish::Exact(desired) => desired.target.to_string(),
            Wish::Wildcard(_) => panic!("a wildcard"),
        })
        .collect();
    assert_eq!(targets, ["quay.io/c/altered:v2", "quay.io/c/added:v1", "quay.io/c/new:v1"]);
    let codes: Vec<_> = set.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["no-target", "duplicate"], "a second copy of an old line is new");
    assert_eq!(set.rows().len(), 1, "a new bad line is a row");

    for revision in ["no-such-branch", "--output=/dev/null", ""] {
        let error = since(read_words(&words), &inputs, revision).unwrap_err();
        assert!(matches!(error, SinceError::Revision { .. }), "{revision}: {error}");
    }
}

fn configmaps(yaml: &str) -> Vec<serde_json::Value> {
    serde_yaml::from_multiple(yaml).unwrap()
}

#[test]
fn a_configmap_holds_each_file_byte_for_byte() {
    let texts: [&[u8]; 14] = [
        b"a b\n",
        b"a b",
        b"a b\n\n\n",
        b"",
        b"\n",
        b"\n\na\n",
        b"  lead\n a\n",
        b"a\r\nb\r\n",
        b"a\tb\n\tc\n",
        b"a\n   \nb\n",
        "ä \u{feff}\u{85}\u{2028}\n".as_bytes(),
        b"# c: \"x\"\n- y\n",
        b"\0\x1b\n",
        b"%a\n---\nb\n...\n",
    ];
    let names: Vec<String> = (0..texts.len()).map(|at| format!("dir/mapping_{at}")).collect();
    let files: Vec<Content<'_>> =
        names.iter().zip(texts).map(|(path, bytes)| Content { path, bytes }).collect();
    let yaml = render(&files, "image-mirror-mappings", Some("ci")).unwrap();
    let map = &configmaps(&yaml)[0];
    assert_eq!((&map["kind"], &map["metadata"]["namespace"]), (&"ConfigMap".into(), &"ci".into()));
    for (at, bytes) in texts.iter().enumerate() {
        let held = map["data"][format!("mapping_{at}")].as_str().unwrap();
        assert_eq!(held.as_bytes(), *bytes, "file {at} of\n{yaml}");
    }
    assert!(yaml.contains("mapping_0: |2\n    a b\n"), "people can read it: {yaml}");
    let binary = render(&[Content { path: "mapping_x", bytes: b"a\xff" }], "m", None).unwrap();
    assert_eq!(configmaps(&binary)[0]["binaryData"]["mapping_x"], "Yf8=");
}

#[test]
fn a_set_too_large_for_one_configmap_becomes_several() {
    let half = vec![b'a'; LIMIT / 2];
    let files = ["mapping_a", "mapping_b", "mapping_c"].map(|path| Content { path, bytes: &half });
    let maps = configmaps(&render(&files, "m", None).unwrap());
    let names: Vec<&str> = maps.iter().map(|map| map["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["m", "m-2", "m-3"], "the keys count too");
    let whole = vec![b'a'; LIMIT + 1];
    let error = render(&[Content { path: "mapping_a", bytes: &whole }], "m", None).unwrap_err();
    assert!(matches!(error, ConfigMapError::Size { .. }));
}

#[test]
fn keys_that_clash_or_that_no_configmap_takes_are_refused() {
    let content = |path| Content { path, bytes: b"a" };
    let clash = render(&[content("a/mapping_x"), content("b/mapping_x")], "m", None).unwrap_err();
    assert_eq!(clash, ConfigMapError::Clash("a/mapping_x".into(), "b/mapping_x".into()));
    let key = render(&[content("a/mapping_x .9")], "m", None).unwrap_err();
    assert_eq!(key, ConfigMapError::Key("a/mapping_x .9".into()));
    assert_eq!(render(&[], "m", None).unwrap_err(), ConfigMapError::Empty);
}

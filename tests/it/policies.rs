//! Policies: what the files say, where they are found, what is said of a bad one; and the program under them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use image_mirror::mapping::render;
use image_mirror::model::{Desired, Endpoint, Guard, ImageRef, Origin, Reference, Version};
use image_mirror::policy::{self, Policies};
use serde_json::Value;

use crate::support::{FakeRegistry, Image, Kind, Ran, Run};

const POLICY: &str = "\
version: 1
allow:
  - quay.io/team
rules:
  - name: releases
    targets: ['quay.io/team/*:v*']
    move: never
  - targets: ['*']
    move: if-unmoved
";

fn put(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The policies of the mapping files `names` below `directory`, by those names.
fn find(directory: &Path, names: &[&str]) -> Policies {
    let names: Vec<(std::sync::Arc<str>, std::path::PathBuf)> =
        names.iter().map(|name| ((*name).into(), directory.join(name))).collect();
    policy::find(&[], names.iter().map(|(name, path)| (name, Some(path.as_path())))).unwrap()
}

/// What is asked of a line of `file` with this target, a line each.
fn asked(policies: &Policies, file: &str, target: &str) -> Vec<String> {
    let image = Reference::parse(target).unwrap();
    let image = ImageRef::new(image.repository, Version::Tag(image.tag.unwrap()));
    let origin = Origin::Line { file: file.into(), line: 1 };
    let (source, target) = (Endpoint::Registry(image.clone()), Endpoint::Registry(image));
    let guards = policies.guards(&Desired { origin, owner: None, source, target, guards: Vec::new() });
    let name = |guard: &Guard| match guard {
        Guard::ByRule(rule, guard) => format!("{:?} {}", guard.condition(), place(&rule.place)),
        other => format!("{other:?}"),
    };
    guards.iter().map(name).collect()
}

/// Without the directories.
fn place(text: &str) -> &str {
    text.rsplit('/').next().unwrap()
}

#[test]
fn every_rule_that_covers_a_target_applies_and_names_its_line() {
    let tree = tempfile::tempdir().unwrap();
    put(tree.path(), "mirror-policy.yaml", POLICY);
    put(tree.path(), "mapping_x", "");
    let policies = find(tree.path(), &["mapping_x"]);
    let of = |target| asked(&policies, "mapping_x", target);
    assert_eq!(of("quay.io/team/app:v1"), ["Absent mirror-policy.yaml:5", "Unmoved mirror-policy.yaml:8"]);
    assert_eq!(of("quay.io/team/app:latest"), ["Unmoved mirror-policy.yaml:8"]);
    assert_eq!(
        of("quay.io/teams/app:latest"),
        ["Forbidden mirror-policy.yaml:2", "Unmoved mirror-policy.yaml:8"]
    );
}

#[test]
fn a_file_governs_its_directory_and_those_below_up_to_the_root_of_the_repository() {
    let tree = tempfile::tempdir().unwrap();
    let allow = |place: &str| format!("version: 1\nallow: [{place}]\n");
    put(tree.path(), "mirror-policy.yaml", &allow("above.io"));
    put(tree.path(), "repository/.git/HEAD", "");
    put(tree.path(), "repository/mirror-policy.yaml", &allow("quay.io"));
    put(tree.path(), "repository/a/mirror-policy.yaml", &allow("quay.io/a"));
    for name in ["a/mapping_a", "a/deeper/mapping_d", "b/mapping_b"] {
        put(tree.path(), &format!("repository/{name}"), "");
    }
    let policies =
        find(&tree.path().join("repository"), &["a/mapping_a", "a/deeper/mapping_d", "b/mapping_b"]);
    for file in ["a/mapping_a", "a/deeper/mapping_d"] {
        assert_eq!(asked(&policies, file, "quay.io/a/app:v1").len(), 0, "{file}: both allow it");
        assert_eq!(asked(&policies, file, "quay.io/b/app:v1").len(), 1, "{file}: the nearer one does not");
        assert_eq!(asked(&policies, file, "r.io/b/app:v1").len(), 2, "{file}: neither does");
    }
    assert_eq!(asked(&policies, "b/mapping_b", "quay.io/b/app:v1").len(), 0);
    assert_eq!(policies.found().len(), 2, "each is read once, and none outside of the repository");
}

#[test]
fn everything_that_is_wrong_in_a_file_is_said_with_its_place() {
    let said = |text: &str| {
        let tree = tempfile::tempdir().unwrap();
        put(tree.path(), "policy.yaml", text);
        let findings = policy::find(&[tree.path().join("policy.yaml")], []).unwrap_err();
        render(&findings).replace(&format!("{}/", tree.path().display()), "")
    };
    insta::assert_snapshot!(said(BAD));
    insta::assert_snapshot!(
        "a_file_that_is_no_policy",
        ["", "- a\n", "version: 2\n", "version: 1\nversion: 1\n", "version: 1\nallow: [a\n", "allow: 1.10\n"]
            .map(said)
            .join("\n")
    );
}

const BAD: &str = "\
version: '1'
alow: [quay.io/team]
allow:
  - team/app
  - quay.io/Team
  - 17
rules:
  - name: releases
    target: ['quay.io/team/*:v*']
    move: sometimes
  - name: 7
    targets: []
    move: never
  - targets: ['*']
  - move
  - targets:
    move:
  - targets: ['oci:out:*']
    backup: old_{tag}
    min-source-age: 24
    unknown-source-age: maybe
  - targets: [quay.io]
    backup: '{timestamp}_{name}'
    unknown-source-age: allow
";

/// A run of the program with a policy beside its mapping file.
async fn run(words: &[&str], policy: &str, lines: &str) -> Ran {
    Run::new(words)
        .file("mirror-policy.yaml", policy)
        .mapping("mapping_x", &format!("# owner: us\n{lines}"))
        .run()
        .await
}

async fn registries() -> [FakeRegistry; 2] {
    [FakeRegistry::start().await, FakeRegistry::start().await]
}

#[tokio::test]
async fn a_refused_row_names_the_rule_in_every_form_of_the_report() {
    let [source, target] = registries().await;
    let (old, new) = (Image::example(1), Image::example(2));
    source.put_image("a/app", "v1", &new);
    source.put_image("a/app", "latest", &new);
    target.put_image("team/app", "v1", &old);
    let (from, to) = (source.host(), target.host());
    let policy =
        format!("version: 1\nrules:\n  - name: releases\n    targets: ['{to}/team/*:v*']\n    move: never\n");
    let lines = format!("{from}/a/app:v1 {to}/team/app:v1\n{from}/a/app:latest {to}/team/app:latest\n");
    let ran = run(&["run", "mapping_x"], &policy, &lines).await.exits(1);

    let by = "refused by rule `releases` (mirror-policy.yaml:3): the target exists";
    assert!(ran.stdout.contains(by), "{ran}");
    assert!(
        ran.stdout.contains("the target is sha256:") && ran.stdout.contains("remove it by hand"),
        "{ran}"
    );
    let [row]: [Value; 1] = ran.rows_that("refused").try_into().unwrap();
    assert_eq!(row["rule"], serde_json::json!({"name": "releases", "place": "mirror-policy.yaml:3"}));
    assert_eq!(row["reason"], "by rule `releases` (mirror-policy.yaml:3): the target exists");
    assert_eq!([&row["previous"], &row["digest"]], [old.digest.as_str(), new.digest.as_str()]);
    assert!(row["help"].as_str().unwrap().contains("mirror-policy.yaml:3"), "{row}");
    assert!(ran.artifact("junit_image-mirror.xml").contains("mirror-policy.yaml:3"), "{ran}");
    assert!(ran.artifact("image-mirror-summary.html").contains("mirror-policy.yaml:3"), "{ran}");
    assert_eq!(ran.rows_that("copied").len(), 1, "the other line is mirrored: {ran}");
    let report = ran.artifact("image-mirror-report.json");
    let again = image_mirror::report::json(&image_mirror::report::read(report.as_bytes()).unwrap()).unwrap();
    assert_eq!(again, report, "the report of a shard can be taken in again");
    assert_eq!(target.tag_digest("team/app", "v1"), Some(old.digest));
}

#[tokio::test]
async fn a_target_in_no_allowed_place_is_refused_unseen_whether_written_out_or_meant_by_a_wildcard() {
    let [source, target] = registries().await;
    for tag in ["v1", "v2", "latest"] {
        source.put_image("a/app", tag, &Image::example(1));
    }
    let (from, to) = (source.host(), target.host());
    let policy = format!("version: 1\nallow: ['{to}/team/*:v*']\n");
    let lines = format!("{from}/a/app:* {to}/team/app\n{from}/a/app:v1 {to}/teams/app:v1\n");
    let ran = run(&["run", "mapping_x"], &policy, &lines).await.exits(1);

    assert_eq!((ran.rows_that("copied").len(), ran.rows_that("refused").len()), (2, 2), "{ran}");
    assert_eq!(target.tags("team/app"), ["v1", "v2"]);
    assert_eq!(target.count(crate::support::any().repository("teams/app")), 0);
    assert_eq!(target.count(crate::support::any().reference("latest")), 0);

    let linted = run(&["lint", "mapping_x"], &policy, &lines).await.exits(1);
    assert!(
        linted.stdout.contains("mapping_x:3:") && linted.stdout.contains("is not among the places"),
        "{linted}"
    );
    assert!(linted.stdout.contains("1 error"), "the tags of the wildcard are not known: {linted}");
}

#[tokio::test]
async fn what_a_tag_was_is_kept_and_what_is_too_young_waits() {
    let [source, target] = registries().await;
    let now = humantime::format_rfc3339_seconds(std::time::SystemTime::now());
    let young = Image::oci().config(format!("{{\"created\":\"{now}\"}}")).layer_of(64, 1).build();
    let (old, new) = (Image::example(1), Image::example(2));
    source.put_image("a/app", "v1", &new);
    source.put_image("a/app", "latest", &young);
    target.put_image("team/app", "v1", &old);
    let (from, to) = (source.host(), target.host());
    let policy = "version: 1\nrules:\n  - targets: ['*:v*']\n    backup: '{timestamp}_prune_{tag}'\n  - name: cool-down\n    \
                  targets: ['*:latest']\n    min-source-age: 24h\n";
    let policy = policy.replace("'*:", &format!("'{to}/*:"));
    let lines = format!("{from}/a/app:v1 {to}/team/app:v1\n{from}/a/app:latest {to}/team/app:latest\n");
    let planned = run(&["plan", "mapping_x"], &policy, &lines).await.exits(0);
    assert!(planned.stdout.contains("; the old one is kept as 2"), "{planned}");
    let ran = run(&["run", "mapping_x"], &policy, &lines).await.exits(0);

    let [copied]: [Value; 1] = ran.rows_that("copied").try_into().unwrap();
    let backup = copied["backups"][0].as_str().unwrap();
    assert!(backup.ends_with("_prune_v1") && target.holds("team/app", backup, &old), "{ran}");
    assert!(
        ran.stdout.contains(&format!("differs from the source; the old one is kept as {backup}")),
        "{ran}"
    );
    let [skipped]: [Value; 1] = ran.rows_that("skipped").try_into().unwrap();
    assert_eq!(skipped["reason"], "the source is younger than 1day");
    assert_eq!(skipped["rule"]["name"], "cool-down");
    assert!(
        ran.stdout.contains("younger than 1day, as rule `cool-down` (mirror-policy.yaml:5) asks"),
        "{ran}"
    );
    assert_eq!(target.tag_digest("team/app", "latest"), None);
    let report = ran.artifact("image-mirror-report.json");
    let again = image_mirror::report::json(&image_mirror::report::read(report.as_bytes()).unwrap()).unwrap();
    assert_eq!(again, report);
}

#[tokio::test]
async fn plan_and_explain_say_what_the_rules_will_say() {
    let [source, target] = registries().await;
    source.put_image("a/app", "v1", &Image::example(2));
    target.put_image("team/app", "v1", &Image::example(1));
    let (from, to) = (source.host(), target.host());
    let policy = "version: 1\nallow: [quay.io, localhost, '127.0.0.1*']\nrules:\n  - targets: ['*']\n    move: never\n";
    let lines = format!("{from}/a/app:v1 {to}/team/app:v1\n");
    let planned = run(&["plan", "mapping_x"], policy, &lines).await.exits(1);
    assert_eq!(planned.rows_that("refused").len(), 1, "{planned}");

    let target_name = format!("{to}/team/app:v1");
    let explained = run(&["explain", &target_name, "mapping_x"], policy, &lines).await.exits(1);
    assert!(
        explained
            .stdout
            .contains("the rule at mirror-policy.yaml:4: it may be created, and is never changed"),
        "{explained}"
    );
    assert!(
        explained.stdout.contains("a run would refuse it: by the rule at mirror-policy.yaml:4"),
        "{explained}"
    );

    let words = ["explain", "--allow-target", "quay.io", &target_name, "mapping_x"];
    let explained = run(&words, policy, &lines).await.exits(1);
    assert!(explained.stdout.contains("`--allow-target`: nothing may be written there"), "{explained}");
    assert!(!explained.stdout.contains("source  nothing"), "nobody looked: {explained}");
    assert_eq!(target.count(crate::support::writes()), 0);
}

#[tokio::test]
async fn a_policy_that_cannot_be_used_stops_everything_before_a_request() {
    let [source, target] = registries().await;
    source.put_image("a/app", "v1", &Image::example(1));
    let lines = format!("{}/a/app:v1 {}/team/app:v1\n", source.host(), target.host());
    let explained = format!("{}/team/app:v1", target.host());
    for words in [vec!["run"], vec!["plan"], vec!["lint", "--resolve"], vec!["explain", &explained]] {
        let words: Vec<&str> = words.into_iter().chain(["mapping_x"]).collect();
        let ran = run(&words, "version: 1\nrules: never\n", &lines).await.exits(2);
        assert!(
            ran.stderr.contains("mirror-policy.yaml:2:8") && ran.stderr.contains("`rules` is a list"),
            "{ran}"
        );
    }
    let mapped = run(&["configmap", "mapping_x"], "version: 9\n", &lines).await.exits(2);
    assert_eq!(mapped.stdout, "");
    let named = Run::new(["run", "--policy", "gone.yaml", "mapping_x"]).mapping("mapping_x", &lines);
    let ran = named.run().await.exits(2);
    assert!(ran.stderr.contains("gone.yaml") && ran.stderr.contains("No such file"), "{ran}");
    let unread = Run::new(["run", "mapping_x"]).mapping("mapping_x", &lines);
    std::os::unix::fs::symlink("nowhere", unread.folder().join("mirror-policy.yaml")).unwrap();
    unread.run().await.exits(2);
    let misnamed =
        Run::new(["run", "mapping_x"]).mapping("mapping_x", &lines).file("mirror-policy.yml", POLICY);
    assert!(misnamed.run().await.exits(2).stderr.contains("call it `mirror-policy.yaml`"));
    assert_eq!(source.requests().len() + target.requests().len(), 0);
}

#[tokio::test]
async fn flags_and_variables_are_policies_too_and_a_file_can_be_named() {
    let [source, target] = registries().await;
    source.put_image("a/app", "v1", &Image::example(2));
    target.put_image("team/app", "v1", &Image::example(1));
    let lines = format!("{}/a/app:v1 {}/team/app:v1\n", source.host(), target.host());
    let run = |words: &[&str]| Run::new(words).mapping("mapping_x", &lines);
    let ran = run(&["run", "--never-move", "mapping_x"]).run().await.exits(1);
    assert_eq!(ran.rows()[0]["reason"], "by `--never-move`: the target exists");
    let ran =
        run(&["run", "mapping_x"]).env("IMAGE_MIRROR_ALLOW_TARGET", "quay.io,q.io/a").run().await.exits(1);
    assert_eq!(ran.rows()[0]["rule"]["place"], "--allow-target");
    let file = "version: 1\nrules: [{targets: ['*'], move: never}]\n";
    let ran = run(&["run", "mapping_x"]).env("IMAGE_MIRROR_POLICY", "p").file("p", file).run().await.exits(1);
    assert_eq!(ran.rows()[0]["rule"]["place"], "p:2");
    run(&["run", "--allow-target", "team/app", "mapping_x"]).run().await.exits(2);
    let ran = run(&["run", "--if-unmoved", "mapping_x"]).run().await.exits(0);
    assert_eq!(ran.rows_that("copied").len(), 1);
    assert_eq!(target.count(Kind::HeadManifest), 4, "one look in each run that refused, two before the copy");
}

#[tokio::test]
async fn a_run_with_nothing_to_do_costs_under_policies_what_it_costs_without() {
    let [source, target] = registries().await;
    let mut lines = String::new();
    for number in 0..5 {
        let (tag, image) = (format!("v{number}"), Image::example(number));
        source.put_image("a/app", &tag, &image);
        target.put_image("team/app", &tag, &image);
        writeln!(lines, "{}/a/app:{tag} {}/team/app:{tag}", source.host(), target.host()).unwrap();
    }
    let policy = POLICY.replace("quay.io", target.host());
    let ran = run(&["run", "--never-move", "--if-unmoved", "mapping_x"], &policy, &lines).await.exits(0);
    assert_eq!(ran.rows_that("kept").len(), 5, "{ran}");
    assert_eq!((source.requests().len(), target.requests().len()), (5, 5));
    assert_eq!(target.count(crate::support::writes()), 0);
}

#[test]
fn the_example_of_the_page_is_a_policy() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policies.md")).unwrap();
    let example = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let tree = tempfile::tempdir().unwrap();
    put(tree.path(), "mirror-policy.yaml", example);
    put(tree.path(), "mapping_x", "");
    let policies = find(tree.path(), &["mapping_x"]);
    let of = |target| asked(&policies, "mapping_x", target);
    assert_eq!(
        of("quay.io/openshift/app:v1"),
        ["Absent mirror-policy.yaml:6", "Unmoved mirror-policy.yaml:9"]
    );
    assert_eq!(
        of("quay.io/other/app:v1"),
        ["Forbidden mirror-policy.yaml:2", "Unmoved mirror-policy.yaml:9"]
    );
}

#[tokio::test]
async fn auth_check_asks_for_no_right_where_nothing_may_be_written() {
    let [source, target] = registries().await;
    source.put_image("a/app", "v1", &Image::example(1));
    target.put_image("team/app", "v1", &Image::example(1));
    let (from, to) = (source.host(), target.host());
    let lines = format!("{from}/a/app:v1 {to}/team/app:v1\n{from}/a/other:v1 {to}/elsewhere/app:v1\n");
    let policy = format!("version: 1\nallow: ['{to}/team']\n");
    let ran = run(&["auth", "check", "--output", "json", "mapping_x"], &policy, &lines).await.exits(0);
    assert!(ran.stdout.contains("team/app") && !ran.stdout.contains("elsewhere"), "{ran}");
    let either = [&source, &target].map(FakeRegistry::requests);
    assert!(either.iter().flatten().all(|request| request.repository.as_deref() != Some("a/other")), "{ran}");
    assert_eq!(target.count(crate::support::any().repository("elsewhere/app")), 0);
}

#[tokio::test]
async fn the_configmap_carries_the_policy_and_the_mounted_one_is_obeyed() {
    let [source, target] = registries().await;
    source.put_image("a/app", "v1", &Image::example(2));
    let lines = format!("{}/a/app:v1 {}/team/app:v1\n", source.host(), target.host());
    let policy = "version: 1\nallow: [quay.io]\n";
    let yaml = run(&["configmap", "mapping_x"], policy, &lines).await.exits(0).stdout;
    let map: Value = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(map["data"]["mirror-policy.yaml"], policy);

    let many = "# comment\n".repeat(60_000);
    let large = Run::new(["configmap", "."]).file("mirror-policy.yaml", policy);
    let large = large.mapping("mapping_x", &many).mapping("mapping_y", &many).run().await.exits(0);
    assert!(large.stderr.contains("the first of several ConfigMaps"), "{}", large.stderr);

    // As the kubelet mounts it.
    let mounted = Run::new(["run", "mounted"]);
    let root = mounted.folder().join("mounted");
    for (key, value) in map["data"].as_object().unwrap() {
        put(&root, &format!("..2026/{key}"), value.as_str().unwrap());
        std::os::unix::fs::symlink(format!("..data/{key}"), root.join(key)).unwrap();
    }
    std::os::unix::fs::symlink("..2026", root.join("..data")).unwrap();
    let ran = mounted.run().await.exits(1);
    assert_eq!(ran.rows().len(), 1, "a policy is no mapping file: {ran}");
    assert_eq!(ran.rows()[0]["rule"]["place"], "mounted/mirror-policy.yaml:2");
    assert_eq!(target.requests().len(), 0);
}

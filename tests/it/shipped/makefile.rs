//! `Makefile`, `.ci/run` and `Containerfile`: the promises that other files make about them.

use std::path::Path;

use super::{files_below, root, text};

/// The targets of the Makefile that say what they are for.
pub(super) fn targets() -> Vec<String> {
    let named =
        |line: &str| line.split_once(": ").filter(|_| line.contains("## ")).map(|(name, _)| name.to_owned());
    text("Makefile").lines().filter_map(named).collect()
}

#[test]
fn every_target_that_people_are_told_of_exists_and_says_what_it_does() {
    let targets = targets();
    for target in [
        "run",
        "test",
        "test-large",
        "chaos",
        "check",
        "audit",
        "advisories",
        "sbom",
        "fuzz",
        "bench",
        "bench-limits",
        "bench-scale",
        "image",
        "image-test",
        "image-publish",
        "image-again",
        "image-check",
        "lint-mappings",
        "configmap",
        "docs",
    ] {
        assert!(targets.iter().any(|name| name == target), "{target} is not in {targets:?}");
    }
    let phony =
        text("Makefile").lines().find_map(|line| line.strip_prefix(".PHONY: ").map(str::to_owned)).unwrap();
    assert_eq!(
        phony.split(' ').collect::<Vec<_>>(),
        targets,
        "every target with a description, and no other"
    );
}

#[test]
fn the_test_command_of_the_readme_is_the_one_that_ci_runs() {
    assert!(
        text("README.md").contains("\n    make check test\n")
            || text("README.md").contains("\nmake check test\n")
    );
    assert!(text(".ci/run").lines().any(|line| line.starts_with("make check test")));
}

#[cfg(unix)]
#[test]
fn the_scripts_of_ci_can_be_started() {
    use std::os::unix::fs::PermissionsExt as _;
    let scripts = files_below(".ci", |path| Path::new(path).extension().is_none());
    assert!(scripts.len() > 5, "{scripts:?}");
    for script in scripts {
        let mode = root().join(&script).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script}");
        assert!(text(&script).starts_with("#!/usr/bin/env bash\n"), "{script}");
    }
}

#[test]
fn the_image_is_built_with_the_compiler_that_the_manifest_asks_for() {
    let manifest = text("Cargo.toml");
    let version =
        manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    let containerfile = text("Containerfile");
    let builder = containerfile.lines().find_map(|line| line.strip_prefix("ARG BUILDER=")).unwrap();
    assert!(builder.contains(&format!("rust:{version}-")), "{builder}");
    assert!(containerfile.contains("\nUSER 65532:65532\n") && containerfile.contains("\nFROM scratch\n"));
}

#[test]
fn the_base_of_the_image_is_pinned_by_its_digest_in_one_place() {
    let containerfile = text("Containerfile");
    let builder = containerfile.lines().find_map(|line| line.strip_prefix("ARG BUILDER=")).unwrap();
    let digest = builder.split_once("@sha256:").expect(builder).1;
    assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{digest}");
    for file in ["Containerfile.publish", ".ci/image", "Makefile", "docs/operating.md"] {
        assert!(!text(file).contains(digest), "{file} names it too");
    }
    assert!(
        text("Containerfile.publish").lines().any(|line| line == "ARG BUILDER"),
        "it has a base of its own"
    );
}

#[test]
fn the_image_is_labelled_with_what_the_manifest_says() {
    let (containerfile, manifest) = (text("Containerfile"), text("Cargo.toml"));
    let of_manifest = |key: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{key} = "))).unwrap();
        line.trim_matches('"').to_owned()
    };
    assert!(containerfile.contains(&format!("\nARG VERSION={}\n", of_manifest("version"))));
    assert!(containerfile.contains("org.opencontainers.image.version=\"$VERSION\""));
    assert!(
        containerfile.contains(&format!("org.opencontainers.image.licenses=\"{}\"", of_manifest("license")))
    );
    let description = containerfile
        .lines()
        .find_map(|line| line.trim().strip_prefix("org.opencontainers.image.description=\""))
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    assert!(of_manifest("description").starts_with(description), "{description}");
}

#[test]
fn ci_builds_the_image() {
    let makefile = text("Makefile");
    let test = makefile.split("\ntest: ").nth(1).unwrap().split("\n\n").next().unwrap();
    assert!(test.contains(".ci/image check"), "{test}");
    assert!(
        text("Cargo.toml").contains("\n[profile.image-check]\n"),
        "the profile that `.ci/image check` names"
    );
    assert!(text(".ci/image").contains("profile=image-check"));
}

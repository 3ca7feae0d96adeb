//! What the program says it is made of (`make sbom`, and a file of the image), against what Cargo says it links.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::{root, text};

/// The list as `make sbom` and the build of the image write it.
fn sbom() -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("new/sbom.cdx.json");
    let done =
        Command::new(root().join(".ci/sbom")).arg(&file).env("CARGO_NET_OFFLINE", "true").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    std::fs::read_to_string(file).unwrap()
}

/// `name version` of each crate that is linked in or makes code that is, the program itself included, as deep as that.
fn linked(depth: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--depth",
            depth,
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates = tree.lines().filter_map(|line| {
        let (name, rest) = line.split_once(" v")?;
        Some(format!("{name} {}", rest.split(' ').next()?))
    });
    crates.collect()
}

/// The checksum of a crate in the lock file.
fn checksum(lock: &str, name: &str, version: &str) -> Option<String> {
    let entry = lock.split("[[package]]").find(|entry| {
        entry.contains(&format!("\nname = \"{name}\"\n"))
            && entry.contains(&format!("\nversion = \"{version}\"\n"))
    })?;
    let line = entry.lines().find_map(|line| line.strip_prefix("checksum = "))?;
    Some(line.trim_matches('"').to_owned())
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {value}"))
}

/// Checks a crate's entry as `CycloneDX` 1.5 asks for it, and gives back its `name version`.
fn listed(component: &Value, kind: &str) -> String {
    let (name, version) = (string(component, "name"), string(component, "version"));
    assert_eq!(string(component, "type"), kind);
    let purl = format!("pkg:cargo/{name}@{version}");
    assert_eq!((string(component, "purl"), string(component, "bom-ref")), (&*purl, &*purl));
    assert!(!string(&component["licenses"][0], "expression").contains('/'), "{component}");
    format!("{name} {version}")
}

#[test]
fn the_list_of_what_is_in_the_program_is_what_cargo_links_with_its_checksums() {
    let json: Value = serde_json::from_str(&sbom()).unwrap();
    assert_eq!((string(&json, "bomFormat"), string(&json, "specVersion")), ("CycloneDX", "1.5"));
    assert_eq!(json["version"], 1);
    let lock = text("Cargo.lock");
    let mut all = BTreeSet::from([listed(&json["metadata"]["component"], "application")]);
    for component in json["components"].as_array().unwrap() {
        assert!(all.insert(listed(component, "library")), "twice: {component}");
        let hash = &component["hashes"][0];
        let expected = checksum(&lock, string(component, "name"), string(component, "version")).unwrap();
        assert_eq!((string(hash, "alg"), string(hash, "content")), ("SHA-256", &*expected));
    }
    assert!(all.len() > 100, "{all:?}");
    assert_eq!(all, linked("999"));
}

#[test]
fn the_list_says_which_crate_needs_which() {
    let json: Value = serde_json::from_str(&sbom()).unwrap();
    let program = json["metadata"]["component"]["bom-ref"].clone();
    let needed = |entry: &Value| -> BTreeSet<String> {
        let refs = entry["dependsOn"].as_array().unwrap().iter();
        refs.map(|purl| purl.as_str().unwrap().replace("pkg:cargo/", "").replace('@', " ")).collect()
    };
    let entries = json["dependencies"].as_array().unwrap();
    let own = entries.iter().find(|entry| entry["ref"] == program).unwrap();
    let mut direct = linked("1");
    direct.retain(|name| !name.starts_with("image-mirror "));
    assert_eq!(needed(own), direct);
    let all: BTreeSet<_> = entries.iter().flat_map(needed).collect();
    assert_eq!(
        all.len(),
        json["components"].as_array().unwrap().len(),
        "each is there because another needs it"
    );
}

#[test]
fn the_list_says_nothing_of_when_and_where_it_was_made() {
    let first = sbom();
    assert_eq!(first, sbom(), "the same sources give the same bytes");
    assert!(!first.contains(root().to_str().unwrap()) && !first.contains("timestamp"));
}

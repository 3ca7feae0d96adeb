//! What the program says it is made of, against what Cargo says it links: `make sbom`, and `make image-test` for the image.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::{root, text};

const SBOM: &str = "target/sbom.cdx.json";

/// `name version` of each crate that is linked in or makes code that is, the program itself included.
fn linked() -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
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

#[test]
#[ignore = "needs the file that `make sbom` writes"]
fn the_list_of_what_is_in_the_program_is_what_cargo_links() {
    let json: Value = serde_json::from_str(&text(SBOM)).unwrap();
    assert_eq!((string(&json, "bomFormat"), string(&json, "specVersion")), ("CycloneDX", "1.5"));
    assert_eq!(json["version"], 1);
    let program = &json["metadata"]["component"];
    let mut listed = BTreeSet::from([format!("{} {}", string(program, "name"), string(program, "version"))]);
    let lock = text("Cargo.lock");
    for component in json["components"].as_array().unwrap() {
        let (name, version) = (string(component, "name"), string(component, "version"));
        assert_eq!(string(component, "type"), "library");
        assert_eq!(string(component, "purl"), format!("pkg:cargo/{name}@{version}"));
        assert!(component["licenses"].is_array(), "{name} has no licence");
        let hash = &component["hashes"][0];
        assert_eq!(
            (string(hash, "alg"), Some(string(hash, "content").to_owned())),
            ("SHA-256", checksum(&lock, name, version))
        );
        listed.insert(format!("{name} {version}"));
    }
    assert_eq!(listed, linked());
}

#[test]
#[ignore = "needs the file that `make sbom` writes"]
fn the_list_of_what_is_in_the_program_says_nothing_of_when_and_by_whom_it_was_made() {
    let json: Value = serde_json::from_str(&text(SBOM)).unwrap();
    assert_eq!(json.get("serialNumber"), None);
    let time = json["metadata"]["timestamp"].as_str();
    assert!(time.is_none_or(|time| time.starts_with("1970-01-01T00:00:00")), "{time:?}");
}

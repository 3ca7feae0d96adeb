//! What must never come in, whoever pulls it: read from the lock file and from Cargo's own answer.

use std::fs;
use std::path::Path;

/// Crates by name, with the reason.
const BANNED: [(&str, &str); 9] = [
    ("openssl", "TLS is rustls; a static binary links no C library for it"),
    ("openssl-sys", "TLS is rustls; a static binary links no C library for it"),
    ("native-tls", "TLS is rustls"),
    ("serde_yml", "unsound and abandoned"),
    ("serde_yaml", "abandoned; the name is taken by serde-saphyr"),
    ("yaml-rust", "abandoned"),
    ("async-compression", "a body that is decompressed on the way has another digest"),
    ("brotli", "a body that is decompressed on the way has another digest"),
    ("failure", "abandoned"),
];
/// Features of reqwest and of crates that choose its features.
const BANNED_FEATURES: [&str; 8] =
    ["gzip", "brotli", "zstd", "deflate", "native-tls", "default-tls", "openssl", "native-tls-vendored"];

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn banned_in_lock(lock: &str) -> Vec<String> {
    let names =
        lock.lines().filter_map(|line| line.strip_prefix("name = ")).map(|name| name.trim_matches('"'));
    names
        .filter_map(|name| BANNED.iter().find(|(banned, _)| *banned == name))
        .map(|(name, reason)| format!("{name}: {reason}"))
        .collect()
}

/// Lines of the manifest that name a banned feature of a crate.
fn banned_in_manifest(manifest: &str) -> Vec<&str> {
    let lines = manifest.lines().map(|line| line.split(" #").next().unwrap_or_default());
    lines
        .filter(|line| BANNED_FEATURES.iter().any(|feature| line.contains(&format!("\"{feature}\""))))
        .collect()
}

#[test]
fn no_banned_crate_is_in_the_lock_file() {
    let lock = read("Cargo.lock");
    assert!(lock.contains("name = \"reqwest\""), "this is not our lock file");
    assert_eq!(banned_in_lock(&lock), Vec::<String>::new());
}

#[test]
fn no_banned_feature_is_in_the_manifest() {
    assert_eq!(banned_in_manifest(&read("Cargo.toml")), Vec::<&str>::new());
}

#[test]
fn reqwest_is_built_without_decompression_whoever_asks_for_it() {
    // Features are unified over all crates, so the manifest alone does not tell.
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "-e", "features", "-i", "reqwest", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8(tree.stdout).unwrap();
    assert!(said.contains("reqwest feature"), "{said}{}", String::from_utf8_lossy(&tree.stderr));
    for feature in BANNED_FEATURES {
        assert!(!said.contains(&format!("reqwest feature \"{feature}\"")), "someone turns on `{feature}`");
    }
}

#[test]
fn a_planted_crate_or_feature_is_found() {
    let lock = "[[package]]\nname = \"openssl-sys\"\nversion = \"0.9.0\"\n";
    assert_eq!(banned_in_lock(lock).len(), 1);
    let manifest = "reqwest = { version = \"0.13\", features = [\"rustls\", \"gzip\"] }";
    assert_eq!(banned_in_manifest(manifest).len(), 1);
    assert!(banned_in_manifest("reqwest = \"0.13\" # never \"gzip\"").is_empty());
}

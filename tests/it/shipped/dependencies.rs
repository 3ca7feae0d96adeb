//! What must never come into the tree; the short form of `make audit`, which CI leaves out since it builds for minutes.

use super::text;

/// The names of all crates of the lock file.
fn locked() -> Vec<String> {
    let lock = text("Cargo.lock");
    lock.lines().filter_map(|line| line.strip_prefix("name = ")).map(|name| name.trim_matches('"').to_owned()).collect()
}

#[test]
fn no_second_tls_stack_and_nothing_that_decompresses_bodies_is_in_the_tree() {
    let locked = locked();
    assert!(locked.iter().any(|name| name == "rustls"), "the lock file was read: {} crates", locked.len());
    for banned in ["openssl", "openssl-sys", "native-tls", "ocidir", "async-compression", "serde_yaml"] {
        assert!(!locked.iter().any(|name| name == banned), "{banned}");
    }
}

#[test]
fn everything_comes_from_crates_io() {
    let lock = text("Cargo.lock");
    let sources: Vec<_> = lock.lines().filter(|line| line.starts_with("source = ")).collect();
    assert!(sources.len() > 100);
    for source in sources {
        assert_eq!(source, r#"source = "registry+https://github.com/rust-lang/crates.io-index""#);
    }
}

#[test]
fn what_the_audit_bans_is_banned_there_too() {
    let rules = text("deny.toml");
    for banned in ["openssl", "openssl-sys", "native-tls", "ocidir"] {
        assert!(rules.contains(&format!("crate = \"{banned}\"")), "{banned}");
    }
    for feature in ["gzip", "brotli", "zstd", "deflate"] {
        assert!(rules.contains(&format!("\"{feature}\"")), "{feature}");
    }
}

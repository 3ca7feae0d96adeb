//! The picture of the dependencies, held to by reading the sources.
//!
//! `main → cli → families → {history → engine, report, policy} → {registry, layout, cluster, state → objects} → yaml → model → {error, reading, redact}`.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the crate and the modules of the crate that it may name.
const MAY_NAME: [(&str, &[&str]); 22] = [
    ("error", &[]),
    ("redact", &[]),
    ("reading", &[]),
    ("model", &["error", "redact"]),
    ("yaml", &["model", "error", "redact"]),
    ("layout", &["registry", "model", "error", "redact"]),
    ("registry", &["model", "error", "redact"]),
    ("cluster", &["model", "error", "redact"]),
    ("objects", &["model", "error", "redact"]),
    ("state", &["objects", "model", "error", "redact"]),
    ("engine", &["registry", "layout", "model", "error", "redact"]),
    ("history", &["engine", "registry", "layout", "cluster", "model", "error", "redact"]),
    ("report", &["model", "error", "redact"]),
    ("policy", &["yaml", "model", "error", "reading", "redact"]),
    ("mapping", &["engine", "registry", "layout", "model", "error", "reading", "redact"]),
    (
        "imagestreams",
        &[
            "engine", "registry", "layout", "cluster", "policy", "report", "yaml", "model", "error",
            "reading", "redact",
        ],
    ),
    (
        "nightly",
        &[
            "engine", "registry", "layout", "cluster", "policy", "report", "yaml", "model", "error",
            "reading", "redact",
        ],
    ),
    (
        "stream",
        &[
            "engine", "registry", "layout", "state", "objects", "report", "yaml", "model", "error",
            "reading", "redact",
        ],
    ),
    (
        "publish",
        &[
            "engine", "registry", "layout", "state", "objects", "report", "yaml", "model", "error",
            "reading", "redact",
        ],
    ),
    (
        "cli",
        &[
            "mapping",
            "imagestreams",
            "nightly",
            "stream",
            "publish",
            "policy",
            "history",
            "engine",
            "report",
            "registry",
            "layout",
            "cluster",
            "state",
            "objects",
            "model",
            "error",
            "reading",
            "redact",
        ],
    ),
    ("fuzzing", &["policy", "mapping", "imagestreams", "nightly", "stream", "engine", "registry", "model"]),
    ("lib", &[]),
];
/// What only these modules may name.
const RESERVED: [(&str, &[&str]); 20] = [
    ("reqwest", &["registry"]),
    ("h2", &["registry"]),
    ("rustls", &["registry"]),
    ("oci_client", &["registry"]),
    ("docker_credential", &["registry"]),
    ("http_auth", &["registry"]),
    ("kube", &["cluster"]),
    ("k8s_openapi", &["cluster"]),
    ("object_store", &["objects"]),
    ("gix", &["stream/pins", "mapping/since"]),
    ("axum", &["imagestreams/serve"]),
    ("tar", &["nightly"]),
    ("flate2", &["nightly", "stream", "history"]),
    ("lzma_rust2", &["stream"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("envy", &["cli"]),
    ("std::env::", &["cli/settings"]),
    ("indicatif", &["cli"]),
];
const LONGEST_FILE: usize = 500;

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &mut found);
    assert!(found.len() > 10, "the sources were not found under {}", root.display());
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap().display().to_string();
    found.iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The lines that are code, with their numbers: no comments, no unit tests.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    numbered
        .take_while(|(_, line)| *line != "#[cfg(test)]")
        .map(|(at, line)| (at, line.split("//").next().unwrap_or_default()))
}

fn module(path: &str) -> &str {
    path.split(['/', '.']).next().unwrap_or_default()
}

/// The modules of the crate that a line names: `crate::model::Row`, `use crate::{error::Chain, model}`.
fn named(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let flat = group.split('}').next().unwrap_or_default();
            names.extend(flat.split(',').map(|word| first_word(word.trim())));
        } else {
            names.push(first_word(rest));
        }
    }
    names
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn breaches(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let own = module(path);
    if own != "main" && MAY_NAME.iter().all(|(module, _)| *module != own) {
        found.push(format!("{path}: the module `{own}` is not in the picture"));
    }
    let allowed = MAY_NAME.iter().find(|(module, _)| *module == own).map_or(&[][..], |(_, allowed)| allowed);
    for (at, line) in code(text) {
        let names = named(line).into_iter();
        for name in names.filter(|name| name != own && MAY_NAME.iter().any(|(module, _)| module == name)) {
            if !allowed.contains(&name.as_str()) {
                found.push(format!("{path}:{at}: `{own}` may not name `{name}`"));
            }
        }
        for (word, owners) in RESERVED.iter().filter(|(word, _)| names_crate(line, word)) {
            let owns = |owner: &&str| path.starts_with(&format!("{owner}/")) || path == format!("{owner}.rs");
            let hands_on = own == "main" && line.contains("std::env::args_os");
            if !owners.iter().any(owns) && !hands_on {
                found.push(format!("{path}:{at}: only `{}` may name `{word}`", owners.join("`, `")));
            }
        }
    }
    let length = text.lines().count();
    if length > LONGEST_FILE {
        found.push(format!("{path}: {length} lines, at most {LONGEST_FILE}"));
    }
    found
}

/// Whether the path `word` begins in `line`, as a whole word.
fn names_crate(line: &str, word: &str) -> bool {
    let path = if word.ends_with("::") { word.to_owned() } else { format!("{word}::") };
    let part_of_a_word =
        |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
    line.match_indices(&path).any(|(at, _)| !part_of_a_word(&line[..at]))
        || line.contains(&format!("use {word};"))
}

#[test]
fn every_source_file_keeps_to_the_picture() {
    let found: Vec<_> = sources().iter().flat_map(|(path, text)| breaches(path, text)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_planted_breach_is_found() {
    let planted = [
        ("model/row.rs", "use crate::engine::Stop;"),
        ("report/mod.rs", "fn f(client: crate::registry::Client) {}"),
        ("engine/mod.rs", "use crate::{\nuse crate::{cli::Exit, model::Row};"),
        ("engine/plan.rs", "use reqwest::Client;"),
        ("report/text.rs", "let width = std::env::var(\"COLUMNS\");"),
        ("cli/run.rs", "for (name, value) in std::env::vars_os() {}"),
        ("nowhere/mod.rs", "//! A module that nobody drew."),
    ];
    for (path, text) in planted {
        assert_eq!(breaches(path, text).len(), 1, "{path}: {text}");
    }
    assert_eq!(breaches("model/long.rs", &"\n".repeat(LONGEST_FILE + 1)).len(), 1);
}

#[test]
fn what_is_no_breach_is_let_through() {
    let fine = [
        ("engine/mod.rs", "use crate::{error::Chain, model::Row}; // crate::cli is above us"),
        ("registry/clients.rs", "use reqwest::Client;"),
        ("cli/settings/environment.rs", "std::env::vars_os()"),
        ("main.rs", "image_mirror::cli::main(std::env::args_os())"),
        ("model/row.rs", "#[cfg(test)]\nmod tests { use crate::engine::Stop; }"),
    ];
    for (path, text) in fine {
        assert_eq!(breaches(path, text), Vec::<String>::new());
    }
}

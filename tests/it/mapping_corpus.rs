//! Real mapping files and recorded answers of `oc`, read from `../shared/data`; nothing of them is copied here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use image_mirror::mapping::{ReadOptions, read};
use image_mirror::model::{ImageRef, Reference, Version};
use serde_json::Value;

use crate::mapping_support::{Tags, outcomes, read_text, text};

/// The data, beside the repository or a level up (a worktree); none where it is not mounted, which on CI is a failure.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = package.ancestors().skip(1).take(2).map(|above| above.join("shared/data").join(name));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        #[expect(clippy::disallowed_methods, reason = "the program reads no environment here, its test does")]
        let ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
        assert!(!ci, "no {name}: the recorded data is not there");
        #[expect(clippy::print_stderr, reason = "a test that was not run says so")]
        {
            eprintln!("NOT RUN: ../shared/data/{name} is not there");
        }
    }
    found
}

fn records(path: &PathBuf) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A reference as `oc` prints it, normalised as ours are; the digest wins over the tag.
fn normal(written: &str) -> String {
    let reference = Reference::parse(written).unwrap_or_else(|error| panic!("{written}: {error:?}"));
    let version = match (reference.digest, reference.tag) {
        (Some(digest), _) => Version::Digest(digest),
        (None, Some(tag)) => Version::Tag(tag),
        (None, None) => return reference.repository.to_string(),
    };
    ImageRef::new(reference.repository, version).to_string()
}

/// Records that come out differently here, why, and as what.
const DIFFERENT: &[(&str, &str, &[&str])] = &[
    (
        "dup hub alias",
        "docker.io, index.docker.io and no host are one registry",
        &[
            "error conflict 1:16",
            "warning host-less-target 2:16",
            "error conflict 2:16",
            "error conflict 3:16",
        ],
    ),
    ("upper hex", "registries store digests in lower case", &["error digest 1:13"]),
    (
        "bom comment",
        "a byte order mark is left out",
        &["quay.io/a/b:v1 > quay.io/c/d:v1", "warning byte-order-mark 1:1"],
    ),
    ("file dst triple", "neither files nor buckets; layouts are `oci:`", &["error scheme 1:16"]),
    ("s3 untagged", "neither files nor buckets; layouts are `oci:`", &["error scheme 1:16"]),
    ("file src", "neither files nor buckets; layouts are `oci:`", &["error scheme 1:1"]),
    (
        "ambiguous port",
        "a host and a port without a repository is hardly meant",
        &["error host-less-source 1:1"],
    ),
    ("error line number", "the good line is mirrored", &["quay.io/a/b:v1 > quay.io/c/d:v1", "error tag 4:5"]),
    ("registry only dst", "a host alone names nothing", &["error no-repository 1:16"]),
    ("short dst", "a target needs a host", &["error host-less-target 1:16"]),
    ("file w/ host", "neither files nor buckets; layouts are `oci:`", &["error scheme 1:16"]),
    ("src untagged", "every tag of a repository is asked for as `:*`", &["error untagged-source 1:1"]),
    ("port no tag", "every tag of a repository is asked for as `:*`", &["error untagged-source 1:1"]),
    ("file wild src", "neither files nor buckets; layouts are `oci:`", &["error scheme 1:1"]),
    ("registry only src", "a host alone names nothing", &["error no-repository 1:1"]),
    ("upper first comp", "repositories of Docker Hub are in lower case", &["error repository-case 1:1"]),
    ("mixed eq + bare", "no word is dropped", &["error mixed 1:31"]),
    ("tab sep", "tabs separate words", &["quay.io/a/b:v1 > quay.io/c/d:v1", "warning tab 1:15"]),
    (
        "dup default port",
        "443 is the default port, so this is a repetition",
        &["quay.io/a/b:v1 > quay.io/c/d:v1", "warning duplicate 2:16"],
    ),
    ("dup case host", "hosts are the same in upper case", &["error conflict 1:16", "error conflict 2:16"]),
    ("space-tab sep", "tabs separate words", &["quay.io/a/b:v1 > quay.io/c/d:v1", "warning tab 1:16"]),
    (
        "wild dst tag one",
        "what a line means does not hang on what a registry holds",
        &["error wildcard-tagged-target 1:20"],
    ),
    (
        "two digests same untagged dst",
        "two digests are two targets",
        &[
            "quay.io/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef > quay.io/c/d@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "quay.io/a/b@sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff > quay.io/c/d@sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "warning digest-only 1:85",
            "warning digest-only 2:85",
        ],
    ),
    ("s3 2seg", "neither files nor buckets; layouts are `oci:`", &["error scheme 1:16"]),
    ("file dst", "neither files nor buckets; layouts are `oci:`", &["error scheme 1:16"]),
    (
        "DST docker scheme",
        "the scheme is left out",
        &["quay.io/a/b:v1 > quay.io/c/d:v1", "warning docker-scheme 1:16"],
    ),
    (
        "dup same line",
        "a repetition is a warning",
        &["quay.io/a/b:v1 > quay.io/c/d:v1", "warning duplicate 1:31"],
    ),
    (
        "bom",
        "a byte order mark is left out",
        &["quay.io/a/b:v1 > quay.io/c/d:v1", "warning byte-order-mark 1:1"],
    ),
    (
        "src untagged dst tag one",
        "every tag of a repository is asked for as `:*`",
        &["error untagged-source 1:1"],
    ),
];

#[tokio::test]
async fn recorded_parse_cases_come_out_as_oc_has_them_or_as_listed() {
    let Some(path) = data("parse-cases.jsonl") else { return };
    let different: BTreeMap<_, _> = DIFFERENT.iter().map(|(name, _, lines)| (*name, *lines)).collect();
    let mut seen = BTreeSet::new();
    let mut wrong = String::new();
    for record in records(&path) {
        let name = record["name"].as_str().unwrap();
        let input = match record["input_hex"].as_str() {
            Some(hex) => hex::decode(hex).unwrap(),
            None => record["input"].as_str().unwrap().as_bytes().to_vec(),
        };
        let stub: Vec<&str> =
            record["stub_tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
        let found = outcomes(read_text(input), Tags::default().with("*", &stub)).await;
        let same = if record["error"].is_null() && record["post_error"].is_null() {
            let mut edges: Vec<String> =
                record["edges"].as_array().unwrap().iter().filter_map(edge).collect();
            edges.sort();
            found.entries == edges && !found.findings.iter().any(image_mirror::mapping::Finding::is_error)
        } else {
            let failed = found.rows.len() + found.findings.len() > 0;
            found.entries.is_empty() && failed
        };
        if let Some(lines) = different.get(name) {
            seen.insert(name.to_owned());
            assert!(!same, "{name} is the same as oc's now");
            assert_eq!(found.lines(), *lines, "{name}");
        } else if !same {
            let _ = writeln!(wrong, "    ({name:?}, \"\", &{:?}),", found.lines());
        }
    }
    assert!(wrong.is_empty(), "these differ from oc and are not listed:\n{wrong}");
    assert_eq!(seen.len(), different.len(), "every listed record was there");
}

/// Files and buckets are no references here; such edges are different anyway.
fn edge(edge: &Value) -> Option<String> {
    let end = |end: &Value| {
        let text = end["Str"].as_str()?;
        Reference::parse(text).is_ok().then(|| normal(text))
    };
    let source = end(&edge["src"])?;
    let target = end(&edge["dst"])?;
    // What is pushed by digest only has the source's digest at the target.
    let digest = source.split_once('@').map(|(_, digest)| digest);
    let whole = target.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    Some(match digest {
        Some(digest) if !whole => format!("{source} > {target}@{digest}"),
        _ => format!("{source} > {target}"),
    })
}

/// `source > target` for each pair of a well-formed line, and its number.
fn naive(text: &str) -> Vec<(usize, String, String)> {
    let mut edges = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let entry = line.split('#').next().unwrap().trim();
        if entry.contains('=') {
            for (source, target) in entry.split_whitespace().filter_map(|pair| pair.split_once('=')) {
                edges.push((index + 1, source.to_owned(), target.to_owned()));
            }
            continue;
        }
        let mut words = entry.split_whitespace();
        let Some(source) = words.next() else { continue };
        edges.extend(words.map(|target| (index + 1, source.to_owned(), target.to_owned())));
    }
    edges
}

fn is_untagged(word: &str) -> bool {
    !word.rsplit('/').next().unwrap().contains([':', '@'])
}

#[tokio::test]
async fn real_files_give_the_edges_that_oc_gives_or_a_row_for_each_line_that_is_wrong() {
    let Some(path) = data("mappings/EXPECTED.jsonl") else { return };
    let mut files = 0;
    for record in records(&path) {
        let name = record["file"].as_str().unwrap();
        let bytes = std::fs::read(path.with_file_name(name)).unwrap();
        let written = String::from_utf8(bytes.clone()).unwrap();
        let tags = Tags::default().with("*", &["latest", "v1.0"]);
        let set = read(&[text(name, &bytes)], &ReadOptions::default()).unwrap();
        let found = outcomes(set, tags).await;
        let untagged: BTreeSet<usize> = naive(&written)
            .iter()
            .filter(|(_, source, _)| is_untagged(source))
            .map(|(line, ..)| *line)
            .collect();
        match record["error"].as_str() {
            None => accepted(name, &record, &found, &naive(&written), &untagged),
            Some(error) => rejected(name, error, &found, &naive(&written)),
        }
        files += 1;
    }
    assert_eq!(files, 45);
}

fn accepted(
    name: &str,
    record: &Value,
    found: &crate::mapping_support::Outcomes,
    naive: &[(usize, String, String)],
    untagged: &BTreeSet<usize>,
) {
    let all_tags: BTreeSet<String> = naive
        .iter()
        .filter(|(line, ..)| untagged.contains(line))
        .flat_map(|(_, source, target)| {
            ["latest", "v1.0"]
                .map(|tag| format!("{} > {}", normal(&format!("{source}:{tag}")), normal(target)))
        })
        .collect();
    let mut expected = BTreeSet::new();
    for edge in record["edges"].as_array().unwrap() {
        let (source, target) = (normal(edge[0].as_str().unwrap()), normal(edge[1].as_str().unwrap()));
        let repository =
            target.rsplit_once(':').map_or(target.clone(), |(repository, _)| repository.to_owned());
        if !all_tags.contains(&format!("{source} > {repository}")) {
            expected.insert(format!("{source} > {target}"));
        }
    }
    let entries: BTreeSet<String> = found.entries.iter().cloned().collect();
    assert_eq!(entries, expected, "{name}");
    let rows: BTreeSet<u32> = found.rows.iter().map(line_of).collect();
    let untagged: BTreeSet<u32> = untagged.iter().map(|line| u32::try_from(*line).unwrap()).collect();
    assert_eq!(rows, untagged, "{name}: rows are those of the untagged sources");
}

fn line_of(row: &image_mirror::model::Row) -> u32 {
    row.origin.line().unwrap().1
}

/// What is planned and what is a row make up all that the file says, and the line that `oc` stopped at is explained.
fn rejected(
    name: &str,
    error: &str,
    found: &crate::mapping_support::Outcomes,
    naive: &[(usize, String, String)],
) {
    let line: u32 = error.split("line ").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
    let explained = found.findings.iter().any(|finding| finding.line() == line);
    assert!(explained, "{name}: line {line} needs a finding: {:?}", found.lines().last());
    let bad: BTreeSet<u32> = found.rows.iter().map(line_of).collect();
    let mut expected = BTreeSet::new();
    for (line, source, target) in naive {
        let inherited = source.rsplit_once(':').map(|(_, tag)| tag).filter(|_| is_untagged(target));
        let target = inherited.map_or(target.clone(), |tag| format!("{target}:{tag}"));
        let ok =
            !is_untagged(source) && Reference::parse(source).is_ok() && Reference::parse(&target).is_ok();
        if !ok {
            assert!(bad.contains(&u32::try_from(*line).unwrap()), "{name}: line {line} is no row");
        } else if source.contains('*') {
            for tag in ["latest", "v1.0"] {
                expected.insert(format!("{} > {}", source.replace('*', tag), target.replace('*', tag)));
            }
        } else {
            expected.insert(format!("{} > {}", normal(source), normal(&target)));
        }
    }
    let conflicts = found
        .rows
        .iter()
        .filter(|row| found.findings.iter().any(|f| f.code == "conflict" && f.line() == line_of(row)));
    let covered: BTreeSet<String> = found
        .entries
        .iter()
        .cloned()
        .chain(conflicts.map(|row| format!("{} > {}", row.source, row.target)))
        .collect();
    let missing: Vec<_> = expected.difference(&covered).collect();
    assert!(missing.is_empty(), "{name}: neither planned nor a row: {missing:?}");
    assert!(!found.entries.is_empty() || found.rows.len() >= expected.len(), "{name}");
}

//! Real stream files, read from `../shared/data/streams`; nothing of them is copied here. What they are about is also
//! tested with small files, beside the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use image_mirror::model::Finding;
use image_mirror::stream::document::{Change, Document, File};

use crate::mapping_corpus::data;

/// All of the files by their folder and name; none where they are not mounted, which is then said.
fn corpus() -> Vec<(String, PathBuf)> {
    let Some(first) = data("streams/rhcos/installer-release-4.16-rhcos.json") else { return Vec::new() };
    let root = first.ancestors().nth(2).unwrap().to_owned();
    let mut files = Vec::new();
    for folder in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        for path in fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            let name = [&folder, &path].map(|part| part.file_name().unwrap().to_str().unwrap()).join("/");
            files.push((name, path));
        }
    }
    files.sort();
    assert!(files.len() >= 14, "{files:?}");
    files
}

fn read(name: &str) -> Option<Result<Document, Vec<Finding>>> {
    let path = data(&format!("streams/{name}"))?;
    Some(Document::read(name, &fs::read(path).unwrap(), None))
}

fn refused(name: &str) -> Option<String> {
    let findings = read(name)?.expect_err("it is refused");
    Some(findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n"))
}

fn files(document: &Document) -> impl Iterator<Item = &File> {
    document.stream().artifacts.iter().filter_map(|artifact| artifact.file.as_ref().ok())
}

/// Changes of all addresses to what `url` makes of them as they are written.
fn moved(document: &Document, url: impl Fn(&str) -> String) -> Vec<Change> {
    let mut changes = Vec::new();
    for artifact in 0..document.stream().artifacts.len() {
        let Some(location) = document.location(artifact) else { continue };
        changes.push(Change::Location { artifact, url: url(location) });
        let signature = document.signature(artifact).map(&url);
        changes.push(Change::Signature { artifact, url: signature });
    }
    changes
}

#[test]
fn every_real_file_is_a_stream_or_refused_for_what_it_is() {
    let other = [
        ("fcos/stream-metadata-go-fixture-release.json", "release file"),
        ("meta/", "about one build"),
        ("other/cgwalters-coreos-bootimages-configmap.json", "no `data.stream`"),
        ("other/installer-release-4.22-marketplace", "marketplace"),
        ("other/installer-release-4.8-legacy-rhcos.json", "pre-stream format"),
    ];
    for (name, path) in corpus() {
        let expected = other.iter().find(|(other, _)| name.starts_with(other)).map(|(_, why)| *why);
        match (Document::read(&name, &fs::read(path).unwrap(), None), expected) {
            (Ok(document), None) => {
                assert!(!document.stream().artifacts.is_empty(), "{name}");
                assert_eq!(document.warnings(), [], "{name}");
            }
            (Err(findings), Some(why)) => {
                assert!(findings.len() == 1 && findings[0].message.contains(why), "{name}: {findings:?}");
            }
            (result, expected) => panic!("{name}: {result:?}, and not {expected:?}"),
        }
    }
}

// 14.10
#[test]
fn real_files_are_the_same_after_an_edit_to_their_own_addresses_and_there_and_back() {
    for (name, path) in corpus() {
        let bytes = fs::read(path).unwrap();
        let Ok(document) = Document::read(&name, &bytes, None) else { continue };
        assert!(document.edited(&moved(&document, str::to_owned)).unwrap() == bytes, "{name}");
        let own = document.stream().artifacts.iter().enumerate().filter_map(|(artifact, listed)| {
            let url = listed.file.as_ref().ok()?.location.to_string();
            Some(Change::Location { artifact, url })
        });
        let own: Vec<_> = own.collect();
        assert!(document.edited(&own).unwrap() == bytes, "{name}");

        let prefix = "https://mirror.example/it's?was=";
        let away = document.edited(&moved(&document, |url| format!("{prefix}{url}"))).unwrap();
        assert_eq!(
            changed_lines(&bytes, &away),
            moved_lines(&document),
            "{name}: no line but those of addresses"
        );
        let there = Document::read(&name, &away, None).unwrap();
        let back = moved(&there, |url| url.strip_prefix(prefix).unwrap().to_owned());
        assert!(there.edited(&back).unwrap() == bytes, "{name}");
    }
}

/// How many lines differ.
fn changed_lines(old: &[u8], new: &[u8]) -> usize {
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
    let (old, new) = (lines(old), lines(new));
    assert_eq!(old.len(), new.len());
    old.iter().zip(&new).filter(|(old, new)| old != new).count()
}

fn moved_lines(document: &Document) -> usize {
    let artifacts = 0..document.stream().artifacts.len();
    let said = artifacts.flat_map(|at| [document.location(at), document.signature(at)]);
    said.flatten().count()
}

// 14.1
#[test]
fn a_stream_of_rhcos_4_16_has_46_artifacts_of_4_architectures() {
    let Some(document) = read("rhcos/installer-release-4.16-rhcos.json") else { return };
    let document = document.unwrap();
    let stream = document.stream();
    assert_eq!((&*stream.name, stream.architectures.len(), stream.artifacts.len()), ("rhcos-4.16", 4, 46));
    assert_eq!(files(&document).count(), 46);
}

// 14.2
#[test]
fn the_first_stream_of_rhcos_has_29_artifacts_of_3_releases_all_signed() {
    let Some(document) = read("rhcos/cgwalters-rhcos-4.8-first.json") else { return };
    let document = document.unwrap();
    let stream = document.stream();
    let releases: BTreeSet<_> =
        stream.artifacts.iter().map(|artifact| (&artifact.place.arch, &artifact.release)).collect();
    assert_eq!((stream.artifacts.len(), stream.architectures.len(), releases.len()), (29, 3, 3));
    assert_eq!(files(&document).filter(|file| file.signature.is_some()).count(), 29);
    assert!(stream.last_modified.is_some());
}

// 14.3
#[test]
fn a_stream_of_fedora_has_60_signed_artifacts_and_two_container_images() {
    let Some(document) = read("fcos/fcos-stable-2026-07.json") else { return };
    let document = document.unwrap();
    assert_eq!(files(&document).filter(|file| file.signature.is_some()).count(), 60);
    assert_eq!(document.stream().artifacts.len(), 60);
    let containers = &document.stream().containers;
    let digests: BTreeSet<_> =
        containers.iter().map(|container| container.digest_ref.as_deref().unwrap()).collect();
    let arches: BTreeSet<_> = containers.iter().map(|container| &*container.arch).collect();
    assert!(arches.contains("x86_64") && arches.contains("s390x"), "{arches:?}");
    assert_eq!(digests.len(), containers.len(), "each is another");
}

// 14.4
#[test]
fn a_config_map_without_a_file_says_where_it_says_so() {
    let Some(document) = read("other/coreos-bootimages-cm-nodejoiner.yaml") else { return };
    let document = document.unwrap();
    let [artifact] = &document.stream().artifacts[..] else { panic!("{document:?}") };
    assert_eq!(artifact.place.to_string(), "x86_64/metal/iso/disk");
    let findings = artifact.file.as_ref().unwrap_err();
    assert_eq!((findings.len(), findings[0].line()), (1, 18));
    assert!(findings[0].message.contains("`<not-used>`"));
}

// 14.5, 14.6, 14.7
#[test]
fn other_files_of_coreos_are_refused_each_with_its_own_words() {
    let cases = [
        ("other/cgwalters-coreos-bootimages-configmap.json", "the ConfigMap has no `data.stream`"),
        ("fcos/stream-metadata-go-fixture-release.json", "this is a release file, not a stream"),
        (
            "other/installer-release-4.8-legacy-rhcos.json",
            "this is the pre-stream format (`rhcos.json`), not a stream",
        ),
        (
            "other/installer-release-4.22-marketplace-coreos-rhel-9.json",
            "this is a file of marketplace images, not a stream",
        ),
    ];
    for (name, expected) in cases {
        let Some(told) = refused(name) else { return };
        assert_eq!(told, expected, "{name}");
    }
}

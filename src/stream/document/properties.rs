//! What holds for every stream file, whatever is in it. For the fuzz target and its twin.

use super::{Artifact, Change, Document, EditError, File};
use crate::model::properties::points_into_its_line;
use crate::model::{Finding, Key};

/// A file is read or refused with its places, edits change what they are meant to, and what is undone was never done.
pub(crate) fn stream(input: &[u8]) {
    for key in [None, Some("a")] {
        match Document::read("stream.json", input, key) {
            Ok(document) => keeps_the_rules(&document, input),
            Err(findings) => {
                assert!(findings.iter().any(Finding::is_error), "no stream, and nothing wrong");
                for finding in &findings {
                    in_file(finding, input);
                }
            }
        }
    }
}

fn in_file(finding: &Finding, input: &[u8]) {
    points_into_its_line(finding);
    let lines = String::from_utf8_lossy(input).lines().count().max(1);
    assert!(finding.line() as usize <= lines, "line {} of {lines}: {finding}", finding.line());
}

fn keeps_the_rules(document: &Document, input: &[u8]) {
    assert!(!document.warnings().iter().any(Finding::is_error), "{:?}", document.warnings());
    let artifacts = &document.stream().artifacts;
    let wrong = artifacts.iter().filter_map(|artifact| artifact.file.as_ref().err());
    for finding in wrong.flatten().chain(document.warnings()) {
        in_file(finding, input);
    }
    for file in artifacts.iter().filter_map(|artifact| artifact.file.as_ref().ok()) {
        assert!(Key::parse(&file.name).is_ok_and(|key| key.name() == &*file.name), "{}", file.name);
        assert!(file.location.username().is_empty() && file.location.password().is_none());
        assert!(file.uncompressed.is_none() || file.uncompressed_fault.is_none());
    }
    assert!(document.edited(&[]).is_ok_and(|bytes| bytes == input), "an edit of nothing changed something");
    assert!(document.edited(&own_values(document)).is_ok_and(|bytes| bytes == input), "it said so already");
    there_and_back(document, input);
    without_one(document);
}

fn own_values(document: &Document) -> Vec<Change> {
    let mut changes = addresses(document, |file| file.location.to_string());
    for (artifact, listed) in document.stream().artifacts.iter().enumerate() {
        if let Ok(File { signature, .. }) = &listed.file {
            changes.push(Change::Signature { artifact, url: signature.as_ref().map(ToString::to_string) });
        }
    }
    for (container, listed) in document.stream().containers.iter().enumerate() {
        if let (Some(image), Some(digest_ref)) = (&listed.image, &listed.digest_ref) {
            let (image, digest_ref) = (image.to_string(), digest_ref.to_string());
            changes.push(Change::Container { container, image, digest_ref });
        }
    }
    changes
}

/// A change of each location to what `url` says of its file.
fn addresses(document: &Document, url: impl Fn(&File) -> String) -> Vec<Change> {
    let change = |(artifact, listed): (usize, &Artifact)| {
        Some(Change::Location { artifact, url: url(listed.file.as_ref().ok()?) })
    };
    document.stream().artifacts.iter().enumerate().filter_map(change).collect()
}

fn there_and_back(document: &Document, input: &[u8]) {
    let there = addresses(document, |file| format!("https://mirror.example/it's/{}", file.sha256.hex()));
    let Some(bytes) = edited(document, &there, input) else { return };
    let Ok(away) = Document::read("away.json", &bytes, document.key.as_deref()) else {
        panic!("it is no stream any more");
    };
    let back: Vec<_> = there
        .iter()
        .filter_map(|change| {
            let Change::Location { artifact, .. } = change else { return None };
            Some(Change::Location { artifact: *artifact, url: document.location(*artifact)?.to_owned() })
        })
        .collect();
    let Some(bytes) = edited(&away, &back, input) else { return };
    if back.iter().all(|change| is_plain(document, change)) {
        assert!(
            bytes == input,
            "{}\nis not\n{}",
            String::from_utf8_lossy(&bytes),
            String::from_utf8_lossy(input)
        );
    }
    let same = Document::read("stream.json", &bytes, document.key.as_deref()).expect("it was a stream");
    assert_eq!(same.opened.root, document.opened.root);
}

/// Whether a location is written as it would be written anew: without escapes that are not needed.
fn is_plain(document: &Document, change: &Change) -> bool {
    let Change::Location { artifact, url } = change else { return false };
    let places = &document.opened.places;
    let anew = places.written(&serde_json::Value::from(url.as_str()).to_string());
    let at = document.member(*artifact, "location").map(|node| places.range(&node.at));
    at.is_some_and(|at| document.bytes[document.opened.offset()..][at] == *anew.as_bytes())
}

fn without_one(document: &Document) {
    let artifacts = &document.stream().artifacts;
    let places: Vec<_> = artifacts.iter().map(|artifact| &artifact.place).collect();
    for artifact in 0..places.len() {
        let Some(bytes) = edited(document, &[Change::Removed { artifact }], &document.bytes) else { return };
        let left = Document::read("left.json", &bytes, document.key.as_deref()).expect("it was a stream");
        let left: Vec<_> = left.stream().artifacts.iter().map(|artifact| &artifact.place).collect();
        assert_eq!(left, [&places[..artifact], &places[artifact + 1..]].concat());
    }
}

/// What the edit gives. Only a text that has other names in its file may be one that cannot be edited.
fn edited(document: &Document, changes: &[Change], input: &[u8]) -> Option<Vec<u8>> {
    match document.edited(changes) {
        Ok(bytes) => Some(bytes),
        Err(EditError::Unproven { .. }) if document.opened.map.is_some() && input.contains(&b'&') => None,
        Err(error) => panic!("{error}: {changes:?} of {}", String::from_utf8_lossy(input)),
    }
}

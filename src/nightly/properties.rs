//! What holds for every payload file, whatever is in it. For the fuzz target and its twin.

use std::collections::HashSet;
use std::sync::Arc;

use super::payload::{AssemblyType, Payload, RhcosContainer};
use crate::model::properties::points_into_its_line;
use crate::model::{Finding, ImageRef, Version};

/// A payload is read as a whole or not at all, what is said of it has its place in it, and what is read keeps the rules.
pub(crate) fn payload(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let lines = text.lines().count().max(1);
    let in_file = |finding: &Finding| {
        points_into_its_line(finding);
        assert!(finding.line() as usize <= lines, "line {} of {lines}: {finding}", finding.line());
    };
    let payload = match Payload::read(&Arc::from("payload.yaml"), text) {
        Ok(payload) => payload,
        Err(findings) => {
            assert!(findings.iter().any(Finding::is_error), "no payload, and nothing wrong");
            return findings.iter().for_each(in_file);
        }
    };
    payload.findings.iter().for_each(in_file);
    assert!(!payload.findings.iter().any(Finding::is_error), "{:?}", payload.findings);
    keeps_the_rules(&payload);
}

fn keeps_the_rules(payload: &Payload) {
    assert!(!payload.images.is_empty() && !payload.arches.is_empty());
    let names: HashSet<_> = payload.images.iter().map(|image| &image.name).collect();
    assert_eq!(names.len(), payload.images.len(), "a name is there twice");
    let arches: HashSet<_> = payload.arches.iter().collect();
    assert_eq!(arches.len(), payload.arches.len(), "an architecture is there twice");
    assert_ne!(payload.destination.repository, payload.destination.private_repository);
    let containers = &payload.rhcos.containers;
    let primary = containers.iter().filter(|container| container.is_primary).count();
    assert!(primary == 1 || containers.is_empty(), "{primary} primary containers");
    if payload.assembly.kind != AssemblyType::Stream {
        containers.iter().flat_map(images).for_each(is_pinned);
    }
    payload.assembly.reference_releases.values().for_each(is_pinned);
}

fn images(container: &RhcosContainer) -> impl Iterator<Item = &ImageRef> {
    container.images.values()
}

fn is_pinned(image: &ImageRef) {
    assert!(matches!(image.version, Version::Digest(_)), "{image}");
}

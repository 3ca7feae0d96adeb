//! What lines say of one another: direction, chains, cycles, versions.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::finding::{Finding, Place, Severity};
use super::super::grammar::Destination;
use super::super::set::{MappingSet, Wish};
use crate::model::{Desired, Endpoint, Host, Repository, Version};

/// A file needs this many entries of one direction before one of the other direction looks wrong.
const CLEAR: usize = 5;

/// One entry as these checks need it.
struct Seen<'a> {
    wish: &'a Wish,
    place: &'a Place,
}

pub(super) fn look(set: &MappingSet, findings: &mut Vec<Finding>) {
    let both = set.entries.iter().chain(&set.contested);
    let seen: Vec<Seen<'_>> = both.map(|entry| Seen { wish: &entry.wish, place: &entry.place }).collect();
    directions(&seen, findings);
    chains(&seen, findings);
    for one in &seen {
        if let Wish::Exact(desired) = one.wish {
            findings.extend(versions(desired).map(|message| {
                one.place
                    .finding(Severity::Warning, "version-mismatch", message)
                    .hint("check that the line was not copied from another release")
            }));
            findings.extend(hub_name(desired, one.place));
        }
    }
}

fn destination(wish: &Wish) -> Destination {
    match wish {
        Wish::Exact(desired) => Destination::of(&desired.target),
        Wish::Wildcard(wildcard) => wildcard.target.clone(),
    }
}

fn hosts(wish: &Wish) -> Option<(Host, Host)> {
    let source = match wish {
        Wish::Exact(Desired { source: Endpoint::Registry(image), .. }) => image.host().clone(),
        Wish::Exact(_) => return None,
        Wish::Wildcard(wildcard) => wildcard.source.host.clone(),
    };
    match destination(wish) {
        Destination::Registry(target) if target.host != source => Some((source, target.host)),
        _ => None,
    }
}

/// An entry that goes from B to A in a file that goes from A to B.
fn directions(seen: &[Seen<'_>], findings: &mut Vec<Finding>) {
    let mut counts: HashMap<(&str, Host, Host), usize> = HashMap::new();
    let ways: Vec<Option<(Host, Host)>> = seen.iter().map(|one| hosts(one.wish)).collect();
    for (one, way) in seen.iter().zip(&ways) {
        if let Some((from, to)) = way {
            *counts.entry((&*one.place.file.name, from.clone(), to.clone())).or_default() += 1;
        }
    }
    for (one, way) in seen.iter().zip(&ways) {
        let Some((from, to)) = way else { continue };
        let file = &*one.place.file.name;
        let count = |a: &Host, b: &Host| counts.get(&(file, a.clone(), b.clone())).copied().unwrap_or(0);
        let (this, other) = (count(from, to), count(to, from));
        if other >= CLEAR && other >= this * CLEAR {
            let message =
                format!("this goes from {from} to {to}, and {other} entries of this file the other way");
            findings.push(
                one.place
                    .finding(Severity::Warning, "reversed", message)
                    .hint("check that source and target were not exchanged"),
            );
        }
    }
}

/// Targets that are sources of other entries, and rings of them.
fn chains(seen: &[Seen<'_>], findings: &mut Vec<Finding>) {
    let mut sources: HashMap<&Endpoint, &Desired> = HashMap::new();
    let mut patterns: HashMap<&Repository, Vec<&Wish>> = HashMap::new();
    // A target has one source, so a walk backwards from any entry finds its ring if there is one.
    let mut before: HashMap<&Endpoint, &Endpoint> = HashMap::new();
    for one in seen {
        match one.wish {
            Wish::Exact(desired) => {
                sources.entry(&desired.source).or_insert(desired);
                before.insert(&desired.target, &desired.source);
            }
            Wish::Wildcard(wildcard) => patterns.entry(&wildcard.source).or_default().push(one.wish),
        }
    }
    for one in seen {
        let next = match one.wish {
            Wish::Exact(desired) => {
                if in_ring(&desired.target, &before) {
                    findings.push(
                        one.place
                            .finding(
                                Severity::Error,
                                "cycle",
                                "this target comes back to itself through other lines",
                            )
                            .hint("each run would pass images around in a ring; take one line out"),
                    );
                    continue;
                }
                let exact = sources.get(&desired.target).map(|next| &next.origin);
                exact.or_else(|| read_by_pattern(&desired.target, &patterns))
            }
            Wish::Wildcard(wildcard) => match &wildcard.target {
                Destination::Registry(target) => {
                    patterns.get(target).and_then(|next| next.first()).map(|next| next.origin())
                }
                Destination::Layout(_) => None,
            },
        };
        if let Some(next) = next {
            let message = format!("this target is the source of {next}");
            findings.push(
                one.place
                    .finding(Severity::Warning, "chain", message)
                    .hint("the second copy is a run behind; copy from the first source"),
            );
        }
    }
}

fn in_ring(start: &Endpoint, before: &HashMap<&Endpoint, &Endpoint>) -> bool {
    let mut passed = HashSet::new();
    let mut at = start;
    while let Some(source) = before.get(at) {
        if *source == start {
            return true;
        }
        if !passed.insert(*source) {
            return false;
        }
        at = source;
    }
    false
}

fn read_by_pattern<'a>(
    target: &Endpoint,
    patterns: &HashMap<&Repository, Vec<&'a Wish>>,
) -> Option<&'a crate::model::Origin> {
    let Endpoint::Registry(image) = target else { return None };
    let Version::Tag(tag) = &image.version else { return None };
    patterns.get(&image.repository)?.iter().find_map(|wish| match wish {
        Wish::Wildcard(wildcard) if wildcard.pattern.matches(tag) => Some(&wildcard.origin),
        _ => None,
    })
}

/// `X.Y` in the source and another `X.Z` in the target's tag, where each names one version only.
fn versions(desired: &Desired) -> Option<String> {
    let (Endpoint::Registry(source), Endpoint::Registry(target)) = (&desired.source, &desired.target) else {
        return None;
    };
    let (Version::Tag(from), Version::Tag(to)) = (&source.version, &target.version) else { return None };
    let stream = source.repository.name.rsplit('/').next().unwrap_or_default();
    let from = one_version(&format!("{stream} {from}"))?;
    let to = one_version(to.as_str())?;
    (from.0 == to.0 && from.1 != to.1).then(|| {
        format!("the source is of version {}.{} and the target's tag of {}.{}", from.0, from.1, to.0, to.1)
    })
}

/// The only `MAJOR.MINOR` of a text, further parts left out.
fn one_version(text: &str) -> Option<(u32, u32)> {
    let mut found = BTreeSet::new();
    for word in text.split(|c: char| !c.is_ascii_digit() && c != '.') {
        let mut parts = word.split('.').filter(|part| !part.is_empty());
        if let (Some(major), Some(minor)) = (parts.next(), parts.next())
            && let (Ok(major), Ok(minor)) = (major.parse(), minor.parse())
        {
            found.insert((major, minor));
        }
    }
    let mut versions = found.into_iter();
    versions.next().filter(|_| versions.next().is_none())
}

/// `docker.io/centos` is `docker.io/library/centos` here; other tools ask for it as written.
fn hub_name(desired: &Desired, place: &Place) -> Option<Finding> {
    let Endpoint::Registry(source) = &desired.source else { return None };
    let name = source.repository.name.strip_prefix("library/").filter(|_| source.host().is_docker_hub())?;
    let line = String::from_utf8_lossy(place.file.line(place.line));
    if line.contains("library/") || !line.contains("docker.io/") {
        return None;
    }
    let message = format!("`docker.io/{name}` is read as `docker.io/library/{name}`");
    Some(
        place
            .finding(Severity::Warning, "hub-library", message)
            .hint(format!("write `docker.io/library/{name}`")),
    )
}

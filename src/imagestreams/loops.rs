//! Entries whose targets are sources of others: in which order they go, and where they never end.

use std::collections::{HashMap, HashSet};

use super::names::{CLUSTER_REGISTRY, Names};
use super::selection::IsTag;
use super::stream::ImageStream;
use super::streams::Streams;
use crate::model::{Endpoint, Host, ImageRef, Repository, Version};

/// Which addresses are one place.
#[derive(Debug)]
pub(super) struct Places {
    target: Repository,
    proxy: Repository,
    cluster: HashSet<Host>,
}

/// Where an entry stands among the others.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// So many entries go before it.
    Level(usize),
    /// It leads back to itself through these, from its own source backwards.
    Ring(Vec<usize>),
}

impl Places {
    pub(super) fn new(names: &Names, streams: &Streams) -> Self {
        let own = [names.cluster_host(), Host::new(CLUSTER_REGISTRY)];
        let cluster = streams.iter().flat_map(ImageStream::hosts).chain(own).collect();
        Self { target: names.target.clone(), proxy: names.proxy(), cluster }
    }

    /// The place of an image; two that are one place are equal. What a digest names is only itself.
    pub(super) fn of(&self, endpoint: &Endpoint) -> String {
        match endpoint {
            Endpoint::Registry(ImageRef { repository, version: Version::Tag(tag) }) => {
                if *repository == self.proxy {
                    return format!("{}:{tag}", self.target);
                }
                if self.cluster.contains(&repository.host) {
                    return format!("{}:{tag}", repository.name);
                }
                endpoint.to_string()
            }
            other => other.to_string(),
        }
    }

    /// The place of a tag of an ImageStream, whatever image is under it.
    pub(super) fn of_istag(istag: &IsTag) -> String {
        istag.to_string()
    }
}

/// How each of `entries` stands among them, given as the places of its source and its target. No two have one target.
pub(super) fn standings(entries: &[(String, String)]) -> Vec<Standing> {
    let writers: HashMap<&str, usize> =
        entries.iter().enumerate().map(|(at, (_, target))| (target.as_str(), at)).collect();
    let before = |at: usize| writers.get(entries[at].0.as_str()).copied();
    let rings: Vec<Vec<usize>> = (0..entries.len()).map(|at| walk(at, before)).map(ring).collect();
    let level = |at: usize| walk(at, |at| before(at).filter(|at| rings[*at].is_empty())).0.len() - 1;
    let standing = |(at, ring): (usize, &Vec<usize>)| match &ring[..] {
        [] => Standing::Level(level(at)),
        [_, others @ ..] => Standing::Ring(others.to_vec()),
    };
    rings.iter().enumerate().map(standing).collect()
}

/// Those before `start`, itself first, and where that ends: nowhere or at one that was passed already.
fn walk(start: usize, before: impl Fn(usize) -> Option<usize>) -> (Vec<usize>, Option<usize>) {
    let (mut passed, mut known, mut next) = (Vec::new(), HashSet::new(), Some(start));
    while let Some(at) = next.filter(|at| known.insert(*at)) {
        passed.push(at);
        next = before(at);
    }
    (passed, next)
}

/// The entries that were passed, if the walk came back to its first.
fn ring((passed, end): (Vec<usize>, Option<usize>)) -> Vec<usize> {
    if end.is_some() && end == passed.first().copied() { passed } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standings_of(entries: &[(&str, &str)]) -> Vec<Standing> {
        let entries: Vec<_> =
            entries.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        standings(&entries)
    }

    #[test]
    fn a_chain_is_in_order_whatever_order_it_is_written_in() {
        let standings = standings_of(&[("b", "c"), ("a", "b"), ("c", "d"), ("x", "y"), ("b", "z")]);
        assert_eq!(standings, [1, 0, 2, 0, 1].map(Standing::Level));
    }

    #[test]
    fn a_ring_is_each_of_its_entries_and_none_that_it_leads_to() {
        let standings = standings_of(&[("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("s", "s")]);
        let ring = |others: &[usize]| Standing::Ring(others.to_vec());
        assert_eq!(standings, [ring(&[1]), ring(&[0]), Standing::Level(0), Standing::Level(1), ring(&[])]);
    }
}

//! Hands on what may start, and finds out what wildcards stand for.
//!
//! Entries wait only when a wildcard goes to their repository too: every conflict is known before the first write to
//! a repository. Nothing is written here, and each source repository is listed once.

use std::collections::{HashMap, HashSet};
use std::future::{Future, ready};
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _, stream};

use super::finding::{Finding, Severity};
use super::grammar::Destination;
use super::set::{Entry, MappingSet, Wildcard, Wish, conflict, repetition};
use crate::error::{Failure, Stage};
use crate::model::{
    Batch, Desired, Endpoint, ImageRef, Locator, Outcome, Repository, Row, Skip, Tag, Version,
};
use crate::registry::Client;

/// Tag lists read at a time.
const AT_ONCE: usize = 8;

/// Reads the tags of a repository.
pub trait ListTags: Send + Sync {
    /// All tags of `repository`.
    fn list(&self, repository: &Repository) -> impl Future<Output = Result<Vec<Tag>, Failure>> + Send;
}

impl ListTags for Client {
    async fn list(&self, repository: &Repository) -> Result<Vec<Tag>, Failure> {
        self.tags(repository).await.map_err(|error| Failure::new(Stage::Read, error))
    }
}

impl<L: ListTags> ListTags for Arc<L> {
    async fn list(&self, repository: &Repository) -> Result<Vec<Tag>, Failure> {
        (**self).list(repository).await
    }
}

/// How wildcards are expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpandOptions {
    /// A wildcard that matches more tags than this fails, in each of its targets.
    pub max_wildcard_tags: usize,
}

impl Default for ExpandOptions {
    fn default() -> Self {
        Self { max_wildcard_tags: 10_000 }
    }
}

/// Entries that may start, and what became known with them.
#[derive(Debug, Default)]
pub struct Arrival {
    /// Entries that contradict no other entry of the set, now or later.
    pub batch: Batch,
    /// Rows of what ended here.
    pub rows: Vec<Row>,
    /// Findings that the set did not have.
    pub findings: Vec<Finding>,
}

/// Everything that `set` asks for. The first arrival comes at once, with the rows of the set and every entry that has to
/// wait for no tag list; `tags` should be a client in the source role.
pub fn batches<L: ListTags + 'static>(
    set: MappingSet,
    tags: L,
    options: ExpandOptions,
) -> impl Stream<Item = Arrival> + Send {
    let (first, mut waiting) = Waiting::split(set, options);
    let tags = Arc::new(tags);
    let lists = stream::iter(std::mem::take(&mut waiting.order))
        .map(move |repository| {
            let tags = Arc::clone(&tags);
            async move {
                let list = tags.list(&repository).await;
                (repository, list)
            }
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(move |(repository, list)| ready(waiting.listed(repository, list)));
    stream::once(ready(first)).chain(lists)
}

/// What goes to one repository or layout that a wildcard goes to.
#[derive(Debug, Default)]
struct Group {
    exact: Vec<Entry>,
    contested: Vec<Entry>,
    wildcards: Vec<Entry>,
    /// Source repositories whose tags are not known yet.
    awaits: HashSet<Repository>,
}

#[derive(Debug, Default)]
struct Waiting {
    options: ExpandOptions,
    /// What is to be listed, in the order of the files.
    order: Vec<Repository>,
    waiters: HashMap<Repository, Vec<Destination>>,
    groups: HashMap<Destination, Group>,
    lists: HashMap<Repository, Result<Vec<Tag>, Failure>>,
}

impl Waiting {
    fn split(set: MappingSet, options: ExpandOptions) -> (Arrival, Self) {
        let mut waiting = Self { options, ..Self::default() };
        for entry in &set.entries {
            if let Wish::Wildcard(wildcard) = &entry.wish {
                waiting.expect(wildcard);
            }
        }
        let mut at_once = Vec::new();
        for entry in set.entries {
            let Entry { wish, place } = entry;
            match wish {
                Wish::Exact(desired) => match waiting.groups.get_mut(&Destination::of(&desired.target)) {
                    Some(group) => group.exact.push(Entry { wish: Wish::Exact(desired), place }),
                    None => at_once.push(desired),
                },
                Wish::Wildcard(wildcard) => {
                    if let Some(group) = waiting.groups.get_mut(&wildcard.target) {
                        group.wildcards.push(Entry { wish: Wish::Wildcard(wildcard), place });
                    }
                }
            }
        }
        for entry in set.contested {
            let Wish::Exact(desired) = &entry.wish else { continue };
            if let Some(group) = waiting.groups.get_mut(&Destination::of(&desired.target)) {
                group.contested.push(entry);
            }
        }
        let batch = Batch::admit(at_once).batch;
        (Arrival { batch, rows: set.rows, findings: Vec::new() }, waiting)
    }

    fn expect(&mut self, wildcard: &Wildcard) {
        let group = self.groups.entry(wildcard.target.clone()).or_default();
        if group.awaits.insert(wildcard.source.clone()) {
            let waiters = self.waiters.entry(wildcard.source.clone()).or_default();
            if waiters.is_empty() {
                self.order.push(wildcard.source.clone());
            }
            waiters.push(wildcard.target.clone());
        }
    }

    /// Takes in a tag list and gives what waited for it last.
    fn listed(&mut self, repository: Repository, list: Result<Vec<Tag>, Failure>) -> Option<Arrival> {
        let mut complete = Vec::new();
        for destination in self.waiters.remove(&repository).unwrap_or_default() {
            let Some(group) = self.groups.get_mut(&destination) else { continue };
            if group.awaits.remove(&repository) && group.awaits.is_empty() {
                complete.push(destination);
            }
        }
        let list = list.map(|mut tags| {
            tags.sort();
            tags.dedup();
            tags
        });
        self.lists.insert(repository, list);
        let mut arrival = Arrival::default();
        let mut entries = Vec::new();
        for destination in &complete {
            if let Some(group) = self.groups.remove(destination) {
                entries.extend(self.close(group, &mut arrival));
            }
        }
        arrival.batch = Batch::admit(entries).batch;
        (!complete.is_empty()).then_some(arrival)
    }

    /// What stands of a group whose wildcards are all known.
    fn close(&self, group: Group, arrival: &mut Arrival) -> Vec<Desired> {
        let mut entries = group.exact;
        for entry in &group.wildcards {
            if let Wish::Wildcard(wildcard) = &entry.wish {
                entries.extend(self.expand(entry, wildcard, arrival));
            }
        }
        let reported = entries.len();
        entries.extend(group.contested);
        let desired: Vec<Desired> = entries
            .iter()
            .filter_map(|entry| match &entry.wish {
                Wish::Exact(desired) => Some(desired.clone()),
                Wish::Wildcard(_) => None,
            })
            .collect();
        let judged = Batch::judge(&desired);
        for group in judged.conflicts {
            let new: Vec<bool> = group.iter().map(|one| *one < reported).collect();
            let group: Vec<_> = group.iter().map(|one| (&desired[*one], &entries[*one].place)).collect();
            let (findings, rows) = conflict(&group);
            let news = |at: usize| new.get(at).copied().unwrap_or_default();
            arrival
                .findings
                .extend(findings.into_iter().enumerate().filter_map(|(at, f)| news(at).then_some(f)));
            arrival.rows.extend(rows.into_iter().enumerate().filter_map(|(at, row)| news(at).then_some(row)));
        }
        for (first, again) in judged.repeated.into_iter().filter(|(_, again)| *again < reported) {
            arrival.findings.push(repetition(&desired[first].origin, &entries[again].place));
        }
        judged.stands.into_iter().filter(|one| *one < reported).map(|one| desired[one].clone()).collect()
    }

    fn expand(&self, entry: &Entry, wildcard: &Wildcard, arrival: &mut Arrival) -> Vec<Entry> {
        let tags = match self.lists.get(&wildcard.source) {
            Some(Ok(tags)) => tags,
            Some(Err(failure)) => {
                let message = format!("the tags of `{}` cannot be listed", wildcard.source);
                arrival.findings.push(entry.place.finding(Severity::Error, "tag-list", message));
                arrival.rows.push(wildcard_row(wildcard, Outcome::of_failure(failure.clone())));
                return Vec::new();
            }
            None => return Vec::new(),
        };
        let matching: Vec<&Tag> = tags.iter().filter(|tag| wildcard.pattern.matches(tag)).collect();
        if matching.is_empty() {
            let message = format!("`{}:{}` matches no tag", wildcard.source, wildcard.pattern.as_str());
            arrival.findings.push(entry.place.finding(Severity::Warning, "matched-nothing", message));
            arrival.rows.push(wildcard_row(wildcard, Outcome::Skipped(Skip::MatchedNothing)));
        }
        if matching.len() > self.options.max_wildcard_tags {
            let (count, most) = (matching.len(), self.options.max_wildcard_tags);
            let message = format!("the pattern matches {count} tags, more than the {most} that are allowed");
            let finding = entry
                .place
                .finding(Severity::Error, "too-many-tags", message)
                .hint("narrow the pattern, or allow more with `--max-wildcard-tags`");
            arrival.findings.push(finding.clone());
            let failure = Failure::new(Stage::Read, finding);
            arrival.rows.push(wildcard_row(wildcard, Outcome::Failed(failure)));
            return Vec::new();
        }
        matching.into_iter().map(|tag| entry.expanded(expanded(wildcard, tag))).collect()
    }
}

fn expanded(wildcard: &Wildcard, tag: &Tag) -> Desired {
    let source = ImageRef::new(wildcard.source.clone(), Version::Tag(tag.clone()));
    Desired {
        origin: wildcard.origin.clone(),
        owner: wildcard.owner.clone(),
        source: Endpoint::Registry(source),
        target: wildcard.target.tagged(tag.clone()),
        guards: Vec::new(),
    }
}

fn wildcard_row(wildcard: &Wildcard, outcome: Outcome) -> Row {
    let source = format!("{}:{}", wildcard.source, wildcard.pattern.as_str());
    let ends = (Locator::Text(source.into()), Locator::Text(wildcard.target.to_string().into()));
    Row::of_nothing(wildcard.origin.clone(), wildcard.owner.clone(), ends, outcome)
}

//! What the catalog knows, and how an image gets from certified to published.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use image_mirror::model::Digest;
use serde_json::Value;
use tokio::time::Instant;

use super::customer::Customer;
use super::pyxis::{PyxisFault, PyxisRequest};
use super::record::Record;
use super::requests::Asked;
use crate::support::image::Image;
use crate::support::registry::{Glance, Stop};

/// How long a certified image takes to be published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lag {
    /// No time.
    #[default]
    None,
    /// So many more looks at a tag that is this image.
    Looks(usize),
    /// So long, by tokio's clock.
    Time(Duration),
    /// It is never published by itself.
    Never,
}

/// Everything but what the registries hold.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) public_host: String,
    pub(super) records: Vec<Record>,
    pub(super) published: BTreeSet<Digest>,
    pub(super) certifies_everything: bool,
    pub(super) lag: Lag,
    /// Looks at images that are certified and not published.
    looks: BTreeMap<Digest, usize>,
    pub(super) stale: BTreeMap<String, usize>,
    /// What a tag was when it was last what it is.
    pub(super) settled: BTreeMap<String, Digest>,
    pub(super) instead: BTreeMap<String, (Image, usize)>,
    pub(super) customers: Vec<Customer>,
    /// What the API was asked to do.
    pub(super) asked: Vec<Asked>,
    /// How what it is asked for ends: status and message.
    pub(super) ends: Option<(String, String)>,
    pub(super) log: Vec<PyxisRequest>,
    pub(super) faults: Vec<PyxisFault>,
    pub(super) tools: Option<Value>,
    pub(super) stop: Option<Stop>,
    /// What the tags of the upload registry are, as far as was seen.
    seen: BTreeMap<String, Digest>,
    pub(super) changes: Vec<Change>,
}

/// A request made a tag of the upload registry something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The tag.
    pub tag: String,
    /// What it was.
    pub before: Option<Digest>,
    /// What it is.
    pub after: Option<Digest>,
    /// What customers got of each tag right before that.
    pub served: BTreeMap<String, Digest>,
}

impl State {
    /// The record of a child, made if there is none.
    pub(super) fn record(&mut self, child: &Digest, architecture: Option<&str>) -> &mut Record {
        let known = self.records.iter().position(|record| record.digest == *child);
        let at = known.unwrap_or_else(|| {
            let record = Record::new(self.records.len(), child, architecture.unwrap_or("amd64"));
            self.records.push(record);
            self.records.len() - 1
        });
        &mut self.records[at]
    }

    pub(super) fn certify(&mut self, child: &Digest, architecture: Option<&str>) {
        self.record(child, architecture).certified.get_or_insert_with(Instant::now);
    }

    /// From now on customers may have a child. Its record is not changed any more.
    pub(super) fn publish(&mut self, child: &Digest) {
        self.published.insert(child.clone());
    }

    /// Whether an image is published. One that is certified becomes so when its time has come; `is_look`: somebody looks at it.
    pub(super) fn is_published(&mut self, glance: &Glance<'_>, digest: &Digest, is_look: bool) -> bool {
        let children = glance.children(digest);
        if self.certifies_everything {
            for (architecture, child) in &children {
                self.certify(child, architecture.as_deref());
            }
        }
        let is_there = |state: &Self| children.iter().all(|(_, child)| state.published.contains(child));
        if !is_there(self) && self.is_due(&children, digest, is_look) {
            for (_, child) in &children {
                self.publish(child);
            }
        }
        is_there(self)
    }

    fn is_due(&mut self, children: &[(Option<String>, Digest)], digest: &Digest, is_look: bool) -> bool {
        let certified = |(_, child): &(_, Digest)| {
            let record = self.records.iter().find(|record| record.digest == *child);
            record.and_then(|record| record.certified)
        };
        let certified: Option<Vec<Instant>> = children.iter().map(certified).collect();
        let Some(last) = certified.and_then(|all| all.into_iter().max()) else { return false };
        match self.lag {
            Lag::None => true,
            Lag::Never => false,
            Lag::Time(lag) => last.elapsed() >= lag,
            Lag::Looks(most) => {
                let looks = self.looks.entry(digest.clone()).or_default();
                let is_due = *looks >= most;
                *looks += usize::from(is_look);
                is_due
            }
        }
    }

    /// Somebody wrote to the upload registry without a request.
    pub(super) fn put(&mut self, glance: &Glance<'_>) {
        self.seen = glance.tags().clone();
    }

    /// A request wrote to the upload registry.
    pub(super) fn written(&mut self, glance: &Glance<'_>) {
        let before = std::mem::replace(&mut self.seen, glance.tags().clone());
        let published = |state: &mut Self, digest: &Digest| state.is_published(glance, digest, false);
        let served: BTreeMap<String, Digest> =
            before.clone().into_iter().filter(|(_, digest)| published(self, digest)).collect();
        for tag in before.keys().chain(glance.tags().keys()).collect::<BTreeSet<_>>() {
            let (before, after) = (before.get(tag).cloned(), glance.tags().get(tag).cloned());
            if before != after {
                self.changes.push(Change { tag: tag.clone(), before, after, served: served.clone() });
            }
        }
        self.let_customers_pull(glance);
    }

    pub(super) fn let_customers_pull(&mut self, glance: &Glance<'_>) {
        for customer in self.customers.clone() {
            customer.pulls(self.served(glance, customer.tag()));
        }
    }
}

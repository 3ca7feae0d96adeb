//! What is known of what there is to mirror: the ImageStreams, and what each target should be by them.
//!
//! Looks take their time and may overtake one another, so what a look or a turn has come to counts only while its entry
//! still is the one that is known.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::service::Service;
use crate::imagestreams::{
    Asked, ImageStream, IsTag, Names, StreamName, Streams, Wanted, Wish, changed_tags, wish,
};
use crate::model::{Endpoint, ImageRef, Repository};

/// What is known.
#[derive(Debug)]
pub(super) struct Known {
    asked: Asked,
    streams: Streams,
    targets: HashMap<Endpoint, Target>,
    /// Entries whose source is the target of another, by that target.
    followers: HashMap<Endpoint, Vec<Wanted>>,
}

/// What a target should be.
#[derive(Debug)]
struct Target {
    source: Endpoint,
    istag: Option<IsTag>,
}

impl Known {
    pub(super) fn new(asked: Asked) -> Self {
        Self { asked, streams: Streams::default(), targets: HashMap::new(), followers: HashMap::new() }
    }
}

impl Service {
    /// What was asked for when everything was looked through last.
    pub(super) fn asked(&self) -> Asked {
        self.with_known(|known| known.asked.clone())
    }

    /// Takes what was read of everything for what there is. What nobody wants any more leaves the queue, unless it may
    /// only not have been read.
    pub(super) fn learn_all(&self, asked: Asked, streams: Streams) -> Wish {
        self.with_known(|known| {
            (known.asked, known.streams) = (asked, streams);
            self.settle(known)
        })
    }

    /// Takes an ImageStream for what it is now (none: it is gone); gives its tags that are to be looked at.
    pub(super) fn learn_one(&self, name: &StreamName, now: Option<ImageStream>) -> Vec<IsTag> {
        self.with_known(|known| {
            let Some(now) = now else {
                known.streams.remove(name);
                return Vec::new();
            };
            let changed = changed_tags(known.streams.get(&name.namespace, &name.name), &now);
            known.streams.insert(now);
            let StreamName { namespace, name } = name;
            let istag = |tag| IsTag { namespace: Arc::clone(namespace), name: Arc::clone(name), tag };
            changed.into_iter().map(istag).collect()
        })
    }

    /// What is wanted by what is known now. As for [`Service::learn_all`].
    pub(super) fn wish(&self) -> Wish {
        self.with_known(|known| self.settle(known))
    }

    /// Whether something changed in an ImageStream that somebody has to look at.
    pub(super) fn is_news(&self, stream: &ImageStream) -> bool {
        self.with_known(|known| {
            !changed_tags(known.streams.get(&stream.namespace, &stream.name), stream).is_empty()
        })
    }

    /// Whether what is known still wants this of its target.
    pub(super) fn is_wanted(&self, wanted: &Wanted) -> bool {
        let desired = &wanted.desired;
        self.with_known(|known| {
            known.targets.get(&desired.target).is_some_and(|target| target.source == desired.source)
        })
    }

    /// The entries whose source is `target`.
    pub(super) fn followers(&self, target: &Endpoint) -> Vec<Wanted> {
        self.with_known(|known| known.followers.get(target).cloned().unwrap_or_default())
    }

    fn settle(&self, known: &mut Known) -> Wish {
        let wish = wish(&known.asked, &known.streams);
        let mut before = std::mem::take(&mut known.targets);
        for Wanted { desired, istag, .. } in &wish.wanted {
            before.remove(&desired.target);
            let target = Target { source: desired.source.clone(), istag: istag.clone() };
            known.targets.insert(desired.target.clone(), target);
        }
        for (name, target) in before {
            let unread = |istag: &IsTag| known.streams.failure_of(&istag.namespace, &istag.name).is_some();
            if target.istag.as_ref().is_some_and(unread) {
                known.targets.insert(name, target);
            } else {
                self.queue.drop_target(&name);
            }
        }
        known.followers = followers(&wish.wanted, &known.asked.names);
        wish
    }

    fn with_known<T>(&self, then: impl FnOnce(&mut Known) -> T) -> T {
        then(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn followers(wanted: &[Wanted], names: &Names) -> HashMap<Endpoint, Vec<Wanted>> {
    let mut followers: HashMap<Endpoint, Vec<Wanted>> = HashMap::new();
    for wanted in wanted.iter().filter(|wanted| wanted.level > 0) {
        let leader = behind_proxy(&wanted.desired.source, names);
        followers.entry(leader).or_default().push(wanted.clone());
    }
    followers
}

/// What an image of the proxy is: one of the target repository.
fn behind_proxy(source: &Endpoint, names: &Names) -> Endpoint {
    match source {
        Endpoint::Registry(ImageRef { repository: Repository { host, name }, version })
            if *host == names.proxy_host && *name == names.target.name =>
        {
            Endpoint::Registry(ImageRef::new(names.target.clone(), version.clone()))
        }
        other => other.clone(),
    }
}

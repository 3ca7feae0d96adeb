//! What a destination holds of what is wanted, and what that asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::order::{Order, Setup, Verify};
use crate::model::{Digest, Key};
use crate::objects::{Object, Over, Stamp, Store};
use crate::state::StateError;
use crate::stream::plan::{Plan, Wanted};
use crate::stream::state::{Cache, Known};

/// So many questions at a time for each file under way: they are small.
const LOOKS: usize = 4;

/// What a destination holds below the directories that matter.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// What lies there.
    pub(super) objects: BTreeMap<Key, Object>,
    /// What of it is what, as far as that is known.
    pub(super) digests: BTreeMap<Key, Digest>,
    /// What is noted for the next run, by directory.
    pub(super) known: BTreeMap<Option<Key>, Known>,
    /// The notes that differ from what is stored.
    pub(super) is_news: BTreeSet<Option<Key>>,
    /// The notes of which this machine has no copy.
    pub(super) is_uncopied: BTreeSet<Option<Key>>,
}

/// What is to be done under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Need {
    /// It is right.
    Nothing,
    /// It is not there, or may be replaced.
    Bring(Over),
    /// It is something else, and must not be replaced.
    Conflict,
}

/// Looks at everything that `order` wants to be in `store`. What was found right before is not read again.
/// `before` is what this run has found already: what was not written since is not read again either.
pub(super) async fn look(
    order: &Order<'_>,
    setup: &Setup<'_>,
    (store, before): (&Store, Held),
) -> Result<Held, StateError> {
    let mut held = Held {
        known: before.known.clone(),
        is_news: before.is_news.clone(),
        is_uncopied: before.is_uncopied.clone(),
        ..Held::default()
    };
    let listed: BTreeSet<&Key> =
        order.plan.directories.iter().filter_map(|directory| directory.key.as_ref()).collect();
    let lists = stream::iter(&listed).map(|folder| store.list(Some(folder)));
    let mut lists = lists.buffered(setup.jobs * LOOKS);
    while let Some(objects) = lists.try_next().await? {
        held.objects.extend(objects.into_iter().map(|object| (object.key.clone(), object)));
    }
    let others = keys(order.plan).filter(|key| key.parent().is_none_or(|folder| !listed.contains(&folder)));
    let candidates = order.candidates.values().flatten();
    let looks = stream::iter(others.chain(candidates)).map(|key| store.look(key));
    let mut looks = looks.buffered(setup.jobs * LOOKS);
    while let Some(object) = looks.try_next().await? {
        held.objects.extend(object.map(|object| (object.key.clone(), object)));
    }
    held.recognise(order, setup, (store, &before)).await?;
    Ok(held)
}

/// Every key that a plan speaks of.
fn keys(plan: &Plan) -> impl Iterator<Item = &Key> {
    plan.files.iter().flat_map(|wanted| {
        let signature = wanted.signature.iter().map(|(_, key)| key);
        std::iter::once(&wanted.key).chain(&wanted.aliases).chain(signature)
    })
}

impl Held {
    /// Finds out what is there, where the notes do not say it.
    async fn recognise(
        &mut self,
        order: &Order<'_>,
        setup: &Setup<'_>,
        (store, before): (&Store, &Held),
    ) -> Result<(), StateError> {
        let asked: BTreeSet<&Key> = keys(order.plan).chain(order.candidates.values().flatten()).collect();
        let cache = setup.state.map(|state| Cache::of(state, store));
        let folders: BTreeSet<Option<Key>> = self.objects.keys().map(Key::parent).collect();
        for folder in folders.into_iter().filter(|folder| !before.known.contains_key(folder)) {
            let asked = self.objects.values().filter(|object| asked.contains(&object.key));
            let asked: Vec<&Object> = asked.filter(|object| object.key.parent() == folder).collect();
            let known = match &cache {
                Some(cache) => cache.read(folder.as_ref()).await,
                None => Known::default(),
            };
            let is_enough = asked.iter().all(|object| known.digest(object).is_some());
            let known = if is_enough && !asked.is_empty() {
                known
            } else {
                self.is_uncopied.insert(folder.clone());
                Known::read(store, folder.as_ref()).await?
            };
            self.known.insert(folder, known);
        }
        let mut open = Vec::new();
        for object in self.objects.values().filter(|object| asked.contains(&object.key)) {
            let noted = self.noted(object).filter(|_| order.verify == Verify::Known);
            match before.found(object).or(noted) {
                Some(digest) => {
                    self.digests.insert(object.key.clone(), digest.clone());
                }
                None => open.push(object.clone()),
            }
        }
        let found = stream::iter(&open).map(async |object| Ok((object, store.sha256(object).await?)));
        let found: Vec<(&Object, Option<Digest>)> =
            found.buffer_unordered(setup.jobs).try_collect().await.map_err(StateError::Store)?;
        for (object, digest) in found {
            if let Some(digest) = digest {
                self.note(object, digest);
            }
        }
        Ok(())
    }

    /// What this run has found it to be, if it is still what it was.
    fn found(&self, object: &Object) -> Option<&Digest> {
        let seen = self.objects.get(&object.key).filter(|seen| seen.stamp == object.stamp)?;
        self.digests.get(&seen.key)
    }

    fn noted(&self, object: &Object) -> Option<&Digest> {
        self.known.get(&object.key.parent())?.digest(object)
    }

    /// Something has just been written there.
    pub(super) fn put(&mut self, key: &Key, stamp: Stamp, digest: Digest) {
        // Nobody compares more of it than its stamp.
        let object = Object { key: key.clone(), size: 0, modified: SystemTime::UNIX_EPOCH, stamp };
        self.note(&object, digest);
    }

    /// Something is this, for now and for the next run.
    fn note(&mut self, object: &Object, digest: Digest) {
        let folder = object.key.parent();
        let known = self.known.entry(folder.clone()).or_default();
        if known.digest(object) != Some(&digest) {
            known.note(object.key.name(), object.stamp.clone(), digest.clone());
            self.is_news.insert(folder);
        }
        self.objects.insert(object.key.clone(), object.clone());
        self.digests.insert(object.key.clone(), digest);
    }

    /// Whether `key` holds `digest`.
    pub(super) fn is_right(&self, key: &Key, digest: &Digest) -> bool {
        self.digests.get(key) == Some(digest)
    }

    /// What is to be done for `wanted` under `key`.
    pub(super) fn need(&self, wanted: &Wanted, key: &Key, is_overwriting: bool) -> Need {
        let Some(object) = self.objects.get(key) else { return Need::Bring(Over::Nothing) };
        match self.digests.get(key) {
            Some(digest) if *digest == wanted.sha256 => Need::Nothing,
            Some(_) if wanted.is_immutable && !is_overwriting => Need::Conflict,
            // What nobody knows anything about may be what is wanted; it becomes so.
            _ => Need::Bring(Over::Only(object.stamp.clone())),
        }
    }

    /// A key of this destination, other than its own, that holds what is wanted.
    pub(super) fn elsewhere<'a>(&self, order: &'a Order<'_>, wanted: &Wanted) -> Option<&'a Key> {
        let candidates = order.candidates.get(&wanted.sha256)?;
        candidates.iter().find(|key| **key != wanted.key && self.is_right(key, &wanted.sha256))
    }
}

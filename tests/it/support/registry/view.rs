//! A registry that shows part of another one, and whoever watches one while it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use image_mirror::model::Digest;

use super::log::{Kind, Target};
use super::store::Repository;
use super::{FakeRegistry, Shared};
use crate::support::image::Image;

/// A repository at one moment, and what is asked for.
#[derive(Debug)]
pub struct Glance<'a> {
    /// The tag whose manifest is asked for, if one is.
    pub tag: Option<&'a str>,
    held: Repository,
}

/// What is shown of a repository.
#[derive(Debug, Default)]
pub struct Shown {
    /// Its tags.
    pub tags: BTreeMap<String, Digest>,
    /// Its manifests; with them go the blobs that they name.
    pub manifests: BTreeSet<Digest>,
    /// What it has besides, without tags.
    pub besides: Vec<Image>,
}

impl<'a> Glance<'a> {
    pub(super) fn at(shared: &Shared, name: &str, tag: Option<&'a str>) -> Self {
        let held = shared.store().repositories.get(name).cloned().unwrap_or_default();
        Self { tag, held }
    }

    /// All tags.
    pub fn tags(&self) -> &BTreeMap<String, Digest> {
        &self.held.tags
    }

    /// All manifests.
    pub fn manifests(&self) -> impl Iterator<Item = &Digest> {
        self.held.manifests.keys()
    }

    /// What an index names, each with its architecture; an image names itself, with none.
    pub fn children(&self, digest: &Digest) -> Vec<(Option<String>, Digest)> {
        let listed = self.held.manifests.get(digest).and_then(|stored| stored.json["manifests"].as_array());
        let Some(listed) = listed else { return vec![(None, digest.clone())] };
        let child = |link: &serde_json::Value| {
            let architecture = link["platform"]["architecture"].as_str().map(str::to_owned);
            Some((architecture, Digest::parse(link["digest"].as_str()?).ok()?))
        };
        listed.iter().filter_map(child).collect()
    }
}

type Choose = dyn Fn(&Glance<'_>) -> Shown + Send + Sync;

/// How a registry is made of another one.
pub(super) struct View {
    of: FakeRegistry,
    from: String,
    to: String,
    choose: Box<Choose>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({} of {}/{})", self.to, self.of.host(), self.from)
    }
}

impl View {
    pub(super) fn new(
        (of, from): (&FakeRegistry, &str),
        to: &str,
        choose: impl Fn(&Glance<'_>) -> Shown + Send + Sync + 'static,
    ) -> Self {
        Self { of: of.clone(), from: from.to_owned(), to: to.to_owned(), choose: Box::new(choose) }
    }

    /// Makes the registry anew, for a request.
    pub(super) fn refresh(&self, shared: &Shared, target: &Target) {
        let is_look = matches!(target.kind, Kind::GetManifest | Kind::HeadManifest)
            && target.repository.as_deref() == Some(self.to.as_str());
        let tag = target.reference.as_deref().filter(|text| is_look && Digest::parse(text).is_err());
        let glance = Glance::at(&self.of.shared, &self.from, tag);
        let Shown { tags, manifests, besides } = (self.choose)(&glance);
        let mut store = shared.store();
        store.repositories.remove(&self.to);
        for image in &besides {
            store.put_manifests(&self.to, image);
        }
        for digest in &manifests {
            let Some(stored) = glance.held.manifests.get(digest) else { continue };
            let repository = store.repository(&self.to);
            for blob in stored.blobs() {
                let bytes = glance.held.blobs.get(blob).map(|bytes| (blob.clone(), bytes.clone()));
                repository.blobs.extend(bytes);
            }
            repository.manifests.insert(digest.clone(), stored.clone());
        }
        if !tags.is_empty() {
            store.repository(&self.to).tags = tags;
        }
    }
}

type Watcher = Arc<dyn Fn(&Glance<'_>) + Send + Sync>;

/// Those who watch repositories.
#[derive(Default)]
pub(super) struct Watchers(Mutex<Vec<(String, Watcher)>>);

impl std::fmt::Debug for Watchers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watchers")
    }
}

impl Watchers {
    pub(super) fn add(&self, name: &str, watcher: impl Fn(&Glance<'_>) + Send + Sync + 'static) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((name.to_owned(), Arc::new(watcher)));
    }

    pub(super) fn tell(&self, shared: &Shared, name: &str) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (_, watcher) in all.iter().filter(|(watched, _)| watched == name) {
            watcher(&Glance::at(shared, name, None));
        }
    }
}

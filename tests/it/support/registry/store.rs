//! What the registry holds, and the rules it holds it by. No HTTP here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use image_mirror::model::Digest;
use serde_json::Value;

use crate::support::image::{Blob, Image};

/// A manifest with what it names.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
    pub(super) json: Value,
    blobs: Vec<Digest>,
    children: Vec<Digest>,
}

impl Stored {
    /// Reads a manifest.
    pub(super) fn read(media_type: &str, bytes: Bytes) -> Result<Self, String> {
        let json: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let own = json["mediaType"].as_str().unwrap_or(media_type);
        if own != media_type {
            return Err(format!("mediaType is {own}, Content-Type is {media_type}"));
        }
        let foreign = |link: &&Value| link["urls"].as_array().is_none_or(Vec::is_empty);
        let links =
            |key: &str| json[key].as_array().into_iter().flatten().filter(foreign).collect::<Vec<_>>();
        let config = json.get("config").filter(|config| !config.is_null());
        let blobs =
            config.into_iter().chain(links("layers")).chain(links("blobs")).map(|link| &link["digest"]);
        let blobs = blobs.chain(links("fsLayers").into_iter().map(|link| &link["blobSum"]));
        let (blobs, children) =
            (digests(blobs)?, digests(links("manifests").into_iter().map(|link| &link["digest"]))?);
        Ok(Self { media_type: media_type.to_owned(), bytes, blobs, children, json })
    }

    /// The blobs that it names.
    pub(super) fn blobs(&self) -> &[Digest] {
        &self.blobs
    }

    pub(super) fn is_index(&self) -> bool {
        self.json["manifests"].is_array()
    }
}

fn digests<'a>(values: impl Iterator<Item = &'a Value>) -> Result<Vec<Digest>, String> {
    values
        .map(|value| {
            let text = value.as_str().ok_or("a descriptor without digest")?;
            Digest::parse(text).map_err(|error| format!("{text}: {error}"))
        })
        .collect()
}

/// One repository.
#[derive(Debug, Clone, Default)]
pub(super) struct Repository {
    pub(super) manifests: BTreeMap<Digest, Stored>,
    pub(super) tags: BTreeMap<String, Digest>,
    pub(super) blobs: BTreeMap<Digest, Bytes>,
}

/// An upload under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Session {
    pub(super) repository: String,
    pub(super) bytes: Vec<u8>,
    /// Changes with each request, where addresses carry it.
    pub(super) state: u64,
}

/// A tag that a request wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagWrite {
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: String,
    /// What it names from then on.
    pub digest: Digest,
}

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) repositories: BTreeMap<String, Repository>,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) last_session: u64,
    /// Each blob is visible in every repository.
    pub(super) shared_blobs: bool,
    /// Indexes may list children that are absent.
    pub(super) sparse_indexes: bool,
    /// Manifests are taken in whether or not what they name is there.
    pub(super) trusting: bool,
    /// Since they were asked for last.
    pub(super) tag_writes: Vec<TagWrite>,
}

impl Store {
    pub(super) fn repository(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }

    /// Puts an image in without asking questions, whole.
    pub(super) fn put_image(&mut self, repository: &str, tag: &str, image: &Image) {
        self.put_manifests(repository, image);
        self.repository(repository).tags.insert(tag.to_owned(), image.digest.clone());
    }

    pub(super) fn put_manifests(&mut self, repository: &str, image: &Image) {
        for Blob { digest, bytes } in image.tree_blobs() {
            self.repository(repository).blobs.insert(digest.clone(), bytes.clone());
        }
        for manifest in image.tree() {
            let stored =
                Stored::read(&manifest.media_type, manifest.bytes.clone()).unwrap_or_else(|_| Stored {
                    media_type: manifest.media_type.clone(),
                    bytes: manifest.bytes.clone(),
                    json: Value::Null,
                    blobs: Vec::new(),
                    children: Vec::new(),
                });
            self.repository(repository).manifests.insert(manifest.digest.clone(), stored);
        }
    }

    pub(super) fn blob(&self, repository: &str, digest: &Digest) -> Option<Bytes> {
        if self.shared_blobs {
            return self.repositories.values().find_map(|repository| repository.blobs.get(digest).cloned());
        }
        self.repositories.get(repository)?.blobs.get(digest).cloned()
    }

    /// The manifest of a tag or digest.
    pub(super) fn manifest(&self, repository: &str, reference: &str) -> Option<(Digest, &Stored)> {
        let repository = self.repositories.get(repository)?;
        let digest = match Digest::parse(reference) {
            Ok(digest) => digest,
            Err(_) => repository.tags.get(reference)?.clone(),
        };
        let stored = repository.manifests.get(&digest)?;
        Some((digest, stored))
    }

    /// What a manifest names itself and the repository lacks.
    pub(super) fn missing(&self, repository: &str, manifest: &Stored) -> Vec<Digest> {
        if self.trusting {
            return Vec::new();
        }
        let has_child = |digest: &&Digest| {
            self.sparse_indexes
                || self
                    .repositories
                    .get(repository)
                    .is_some_and(|repository| repository.manifests.contains_key(*digest))
        };
        let blobs = manifest.blobs.iter().filter(|digest| self.blob(repository, digest).is_none());
        blobs.chain(manifest.children.iter().filter(|digest| !has_child(digest))).cloned().collect()
    }

    /// Points a tag at a manifest, as a request asked for it.
    pub(super) fn write_tag(&mut self, repository: &str, tag: &str, digest: &Digest) {
        self.repository(repository).tags.insert(tag.to_owned(), digest.clone());
        let write =
            TagWrite { repository: repository.to_owned(), tag: tag.to_owned(), digest: digest.clone() };
        self.tag_writes.push(write);
    }

    /// Forgets what no tag needs.
    pub(super) fn collect_garbage(&mut self) {
        self.sessions.clear();
        for repository in self.repositories.values_mut() {
            let mut needed: BTreeSet<Digest> = repository.tags.values().cloned().collect();
            let mut ahead: Vec<Digest> = needed.iter().cloned().collect();
            while let Some(digest) = ahead.pop() {
                let Some(stored) = repository.manifests.get(&digest) else { continue };
                needed.extend(stored.blobs.iter().cloned());
                ahead.extend(stored.children.iter().filter(|child| needed.insert((*child).clone())).cloned());
            }
            repository.manifests.retain(|digest, _| needed.contains(digest));
            repository.blobs.retain(|digest, _| needed.contains(digest));
        }
    }

    /// One line for each tag of the repository whose tree is not whole.
    pub(super) fn broken_tags(&self, name: &str) -> Vec<String> {
        let Some(repository) = self.repositories.get(name) else { return Vec::new() };
        let mut broken = Vec::new();
        for (tag, digest) in &repository.tags {
            let mut missing = BTreeSet::new();
            self.walk(name, digest, &mut missing, true);
            if !missing.is_empty() {
                broken.push(format!("{name}:{tag} ({digest}) lacks {missing:?}"));
            }
        }
        broken
    }

    fn walk(&self, name: &str, digest: &Digest, missing: &mut BTreeSet<Digest>, needed: bool) {
        match self.repositories.get(name).and_then(|repository| repository.manifests.get(digest)) {
            None if needed => drop(missing.insert(digest.clone())),
            None => {}
            Some(stored) => {
                missing.extend(stored.blobs.iter().filter(|blob| self.blob(name, blob).is_none()).cloned());
                stored
                    .children
                    .iter()
                    .for_each(|child| self.walk(name, child, missing, !self.sparse_indexes));
            }
        }
    }
}

//! The ImageStreams that were read, and what could not be.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::selection::StreamName;
use super::stream::{ImageStream, Malformed};
use crate::error::{Failure, Stage};

/// What was asked of a cluster at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Every ImageStream.
    All,
    /// Those of a namespace.
    Namespace(Arc<str>),
    /// One.
    Stream(StreamName),
    /// One, and nobody knows which.
    Unnamed,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Namespace(namespace) => f.write_str(namespace),
            Self::Stream(stream) => stream.fmt(f),
            Self::Unnamed => f.write_str("?"),
        }
    }
}

/// What could not be read, and why.
#[derive(Debug, Clone)]
pub struct Unread {
    /// What it was.
    pub part: Part,
    /// Why.
    pub failure: Failure,
}

/// The ImageStreams that are known. One that was asked for, is not among them and was not unreadable does not exist.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    by_namespace: BTreeMap<Arc<str>, BTreeMap<Arc<str>, ImageStream>>,
    unread: Vec<Unread>,
}

impl Streams {
    /// Adds one that was read; it takes the place of one of the same name.
    pub fn insert(&mut self, stream: ImageStream) {
        let namespace = self.by_namespace.entry(Arc::clone(&stream.namespace)).or_default();
        namespace.insert(Arc::clone(&stream.name), stream);
    }

    /// Forgets one that is gone.
    pub fn remove(&mut self, name: &StreamName) {
        if let Some(namespace) = self.by_namespace.get_mut(&name.namespace) {
            namespace.remove(&name.name);
        }
    }

    /// Says that `part` could not be read; once is enough.
    pub fn unread(&mut self, part: Part, failure: Failure) {
        let is_known = part != Part::Unnamed && self.unread.iter().any(|known| known.part == part);
        if !is_known {
            self.unread.push(Unread { part, failure });
        }
    }

    /// Says that an object was read and is no ImageStream.
    pub fn malformed(&mut self, malformed: Malformed) {
        let part = malformed.stream.clone().map_or(Part::Unnamed, Part::Stream);
        self.unread(part, Failure::new(Stage::Read, malformed));
    }

    /// The ImageStream of that name.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<&ImageStream> {
        self.by_namespace.get(namespace)?.get(name)
    }

    /// Those of a namespace, by their names.
    pub fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = &ImageStream> {
        self.by_namespace.get(namespace).into_iter().flat_map(BTreeMap::values)
    }

    /// All, by their namespaces and names.
    pub fn iter(&self) -> impl Iterator<Item = &ImageStream> {
        self.by_namespace.values().flat_map(BTreeMap::values)
    }

    /// Why the ImageStream of that name is not known, if it could not be read.
    #[must_use]
    pub fn failure_of(&self, namespace: &str, name: &str) -> Option<&Unread> {
        self.unread.iter().find(|unread| match &unread.part {
            Part::All => true,
            Part::Namespace(one) => &**one == namespace,
            Part::Stream(stream) => &*stream.namespace == namespace && &*stream.name == name,
            Part::Unnamed => false,
        })
    }

    /// Why the ImageStreams of a namespace are not known, if they could not be read.
    #[must_use]
    pub fn failure_of_namespace(&self, namespace: &str) -> Option<&Unread> {
        self.unread.iter().find(|unread| match &unread.part {
            Part::All => true,
            Part::Namespace(one) => &**one == namespace,
            Part::Stream(_) | Part::Unnamed => false,
        })
    }

    /// What could not be read.
    #[must_use]
    pub fn failures(&self) -> &[Unread] {
        &self.unread
    }
}

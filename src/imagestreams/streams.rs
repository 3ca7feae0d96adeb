//! The ImageStreams that were read, and what could not be.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use super::selection::StreamName;
use super::stream::{ImageStream, Malformed};
use crate::error::{Failure, Stage};
use crate::model::{Finding, Severity};

/// What was asked of a cluster at once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Every ImageStream.
    All,
    /// Those of a namespace.
    Namespace(Arc<str>),
    /// One.
    Stream(StreamName),
    /// One, and nobody knows which; where it stands, if that is a file.
    Unnamed(Option<Arc<str>>),
}

impl Part {
    /// What it is, in words.
    #[must_use]
    pub fn described(&self) -> String {
        match self {
            Self::All => "every ImageStream".to_owned(),
            Self::Namespace(namespace) => format!("the ImageStreams of {namespace}"),
            Self::Unnamed(None) => "an object without a name".to_owned(),
            Self::Stream(_) | Self::Unnamed(Some(_)) => self.to_string(),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Namespace(namespace) => f.write_str(namespace),
            Self::Stream(stream) => stream.fmt(f),
            Self::Unnamed(place) => f.write_str(place.as_deref().unwrap_or("?")),
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
    /// The file that each comes from, if it is one.
    files: HashMap<StreamName, Arc<str>>,
    findings: Vec<Finding>,
}

impl Streams {
    /// Adds one that was read; it takes the place of one of the same name.
    pub fn insert(&mut self, stream: ImageStream) {
        let namespace = self.by_namespace.entry(Arc::clone(&stream.namespace)).or_default();
        namespace.insert(Arc::clone(&stream.name), stream);
    }

    /// Adds one that `file` holds; that it takes the place of one with other tags is worth a word.
    pub(super) fn insert_of(&mut self, file: &Arc<str>, stream: ImageStream) {
        let name = StreamName { namespace: Arc::clone(&stream.namespace), name: Arc::clone(&stream.name) };
        let before = self.get(&name.namespace, &name.name).filter(|before| before.tags != stream.tags);
        if let Some(other) = before.and(self.files.get(&name)) {
            let message = if other == file {
                format!(
                    "the ImageStream `{name}` is here more than once, with other tags: the last one counts"
                )
            } else {
                format!("the ImageStream `{name}` is also in `{other}`, with other tags: what is here counts")
            };
            self.findings.push(Finding::about(file, Severity::Warning, "twice", message));
        }
        self.files.insert(name, Arc::clone(file));
        self.insert(stream);
    }

    /// Forgets one that is gone.
    pub fn remove(&mut self, name: &StreamName) {
        if let Some(namespace) = self.by_namespace.get_mut(&name.namespace) {
            namespace.remove(&name.name);
        }
    }

    /// Says that `part` could not be read; once is enough.
    pub fn unread(&mut self, part: Part, failure: Failure) {
        let is_known =
            !matches!(part, Part::Unnamed(_)) && self.unread.iter().any(|known| known.part == part);
        if !is_known {
            self.unread.push(Unread { part, failure });
        }
    }

    /// Says that an object was read and is no ImageStream.
    pub fn malformed(&mut self, malformed: Malformed) {
        let unnamed = || Part::Unnamed(malformed.place.clone());
        let part = malformed.stream.clone().map_or_else(unnamed, Part::Stream);
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
            Part::Unnamed(_) => false,
        })
    }

    /// Why the ImageStreams of a namespace are not known, if they could not be read.
    #[must_use]
    pub fn failure_of_namespace(&self, namespace: &str) -> Option<&Unread> {
        self.unread.iter().find(|unread| match &unread.part {
            Part::All => true,
            Part::Namespace(one) => &**one == namespace,
            Part::Stream(_) | Part::Unnamed(_) => false,
        })
    }

    /// What is odd about where they come from.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What could not be read.
    #[must_use]
    pub fn failures(&self) -> &[Unread] {
        &self.unread
    }
}

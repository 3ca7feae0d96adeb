//! A stream file: what it lists, and how it is changed.
//!
//! Whatever its envelope (`stream` object, `ConfigMap` in JSON or YAML, map of streams), the file is read with the places
//! of its values, and a change puts new text at such a place. Nothing is serialised anew, so that every byte that
//! was not to be changed stays as it was.
//!
//! 1. `tree`: JSON and YAML with places. `places`: where the parts of a text within a file are. `page`: findings there.
//! 2. `envelope`: where in a file the stream is. `listing` and `artifact`: what it lists.
//! 3. `edit`: changes as edits of the tree. `splice`: edits as new bytes.

mod artifact;
mod change;
mod edit;
mod envelope;
mod error;
mod listed;
mod listing;
mod page;
mod places;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod splice;
#[cfg(test)]
mod tests;
mod tree;

use std::sync::Arc;

pub use change::Change;
use envelope::Opened;
pub use error::EditError;
pub use listed::{Artifact, Container, File, Place, Platform, Stream};
use page::{Page, Within};
use tree::Node;

use crate::model::Finding;

/// A stream file that was read.
#[derive(Debug)]
pub struct Document {
    name: Arc<str>,
    bytes: Vec<u8>,
    /// The stream that was asked for.
    key: Option<String>,
    opened: Opened,
    stream: Stream,
    warnings: Vec<Finding>,
}

impl Document {
    /// Reads the file called `name`; of a file with many streams that which is called `key`.
    ///
    /// # Errors
    /// Everything that is wrong with the file as a whole. What is wrong with an artifact is told there.
    pub fn read(name: &str, bytes: &[u8], key: Option<&str>) -> Result<Self, Vec<Finding>> {
        let name: Arc<str> = name.into();
        let opened = envelope::open(&name, bytes, key)?;
        let page = Page::new(&name, Opened::page_text(bytes));
        let within = Within { page: &page, places: &opened.places };
        let (stream, warnings) = listing::read(opened.stream(), within)?;
        let (bytes, key) = (bytes.to_vec(), key.map(str::to_owned));
        Ok(Self { name: Arc::clone(&name), bytes, key, opened, stream, warnings })
    }

    /// Reads all streams of the file called `name`: of a `ConfigMap` the one that is used without a key, and those with keys.
    ///
    /// # Errors
    /// Everything that is wrong with one of them as a whole.
    pub fn all(name: &str, bytes: &[u8]) -> Result<Vec<Self>, Vec<Finding>> {
        let keys = envelope::keys(&name.into(), bytes)?;
        keys.iter().map(|key| Self::read(name, bytes, key.as_deref())).collect()
    }

    /// The file, named as its reader would.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it lists.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// What is odd about it, and no reason to refuse it.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    /// Where an artifact is, as it is written there; a [`File`] has it as addresses are written usually.
    #[must_use]
    pub fn location(&self, artifact: usize) -> Option<&str> {
        self.written(artifact, "location")
    }

    /// Where the signature of an artifact is, as it is written there.
    #[must_use]
    pub fn signature(&self, artifact: usize) -> Option<&str> {
        self.written(artifact, "signature")
    }

    fn written(&self, artifact: usize, key: &str) -> Option<&str> {
        self.member(artifact, key)?.text().filter(|text| !text.is_empty())
    }

    fn member(&self, artifact: usize, key: &str) -> Option<&Node> {
        let Place { arch, artifact, format, kind } = &self.stream.artifacts.get(artifact)?.place;
        let keys = ["architectures", arch, "artifacts", artifact, "formats", format, kind, key];
        keys.into_iter().try_fold(self.opened.stream(), Node::get)
    }

    /// The bytes that were read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The file with `changes` made and every other byte as it was. Changes to what it says already change nothing, also
    /// where an address is written in another way than [`Url`](url::Url) does.
    ///
    /// # Errors
    /// When a change cannot be made, or the new file does not say exactly what was meant: then there are no bytes.
    pub fn edited(&self, changes: &[Change]) -> Result<Vec<u8>, EditError> {
        let edits = edit::edits(&self.opened, &self.stream, changes)?;
        if edits.is_empty() {
            return Ok(self.bytes.clone());
        }
        let (text, bytes) = splice::spliced(&self.opened, &self.bytes, &edits);
        let unproven = || EditError::Unproven { file: Arc::clone(&self.name) };
        let again = envelope::open(&self.name, &bytes, self.key.as_deref()).map_err(|_| unproven())?;
        let is_meant = again.text == text && again.root == edits.apply(&self.opened.root);
        let is_kept = match (&self.opened.map, &again.map) {
            (Some(old), Some(new)) => old.saying(&text) == new.tree,
            (old, new) => old.is_none() && new.is_none(),
        };
        if is_meant && is_kept && again.path == self.opened.path { Ok(bytes) } else { Err(unproven()) }
    }
}

//! What each key would be, so that nothing takes the place of something else.

use std::collections::BTreeMap;

use super::super::document::Stream;
use super::super::findings;
use crate::model::{Digest, Finding, Key};

/// What a key would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// A file of these bytes.
    File(Digest),
    /// The signature of a file of these bytes.
    Signature(Digest),
    /// Something that is made for each directory.
    Own,
    /// A further name for a file of these bytes.
    Alias(Digest),
}

/// All keys that were asked for.
pub(super) struct Claims<'a> {
    stream: &'a Stream,
    keys: BTreeMap<Key, (Content, usize)>,
    /// What was asked for twice.
    pub(super) findings: Vec<Finding>,
}

impl<'a> Claims<'a> {
    pub(super) fn new(stream: &'a Stream) -> Self {
        Self { stream, keys: BTreeMap::new(), findings: Vec::new() }
    }

    /// Asks for a key on behalf of an artifact. Two may ask for the same.
    pub(super) fn claim(&mut self, key: &Key, content: Content, at: usize) {
        match self.keys.get(key) {
            None => drop(self.keys.insert(key.clone(), (content, at))),
            Some((before, _)) if *before == content => {}
            Some((before, first)) => {
                let message = format!("`{key}` would be {content} and {}", self.named(before, *first));
                self.refuse(at, "clash", &message);
            }
        }
    }

    /// Asks for a further key, unless something has it in its own right. Whether it may have it.
    pub(super) fn claim_alias(&mut self, key: &Key, digest: &Digest, at: usize) -> bool {
        let is_free = matches!(self.keys.get(key), None | Some((Content::Alias(_), _)));
        if is_free {
            self.claim(key, Content::Alias(digest.clone()), at);
        }
        is_free
    }

    /// Asks for a further key, unless it would be anything else. Whether it may have it.
    pub(super) fn claim_if_free(&mut self, key: &Key, digest: &Digest, at: usize) -> bool {
        let alias = Content::Alias(digest.clone());
        let is_free = self.keys.get(key).is_none_or(|(before, _)| *before == alias);
        if is_free {
            self.claim(key, alias, at);
        }
        is_free
    }

    /// Finds the keys that would be files and folders at once.
    pub(super) fn check_folders(&mut self) {
        let mut found = Vec::new();
        for (key, (_, at)) in &self.keys {
            let folders = std::iter::successors(key.parent(), Key::parent);
            for folder in folders {
                if let Some((content, first)) = self.keys.get(&folder) {
                    let file = self.named(content, *first);
                    found.push((*at, format!("`{folder}` would be a folder, for `{key}`, and {file}")));
                }
            }
        }
        for (at, message) in found {
            self.refuse(at, "clash", &message);
        }
    }

    fn named(&self, content: &Content, at: usize) -> String {
        let artifact = &self.stream.artifacts[at];
        format!("{content} of {} (line {})", artifact.place, artifact.line)
    }

    fn refuse(&mut self, at: usize, code: &'static str, message: &str) {
        let finding = findings::error(self.stream, &self.stream.artifacts[at], code, message);
        self.findings.push(finding.hint("give a layout that keeps them apart, such as `build`"));
    }
}

impl std::fmt::Display for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(digest) => write!(f, "the file {digest}"),
            Self::Signature(digest) => write!(f, "the signature of the file {digest}"),
            Self::Own => f.write_str("the list of sums or the mark of its directory"),
            Self::Alias(digest) => write!(f, "a further name of the file {digest}"),
        }
    }
}

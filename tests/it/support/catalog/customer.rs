//! A customer who wants one tag all the time.

use std::sync::{Arc, Mutex, PoisonError};

use image_mirror::model::Digest;

/// Pulls a tag after each request that writes to the upload registry and each look at the public one, so that no moment is
/// missed. A tag that was never there is none that is missed.
#[derive(Debug, Clone)]
pub struct Customer {
    tag: Arc<str>,
    got: Arc<Mutex<Vec<Option<Digest>>>>,
}

impl Customer {
    pub(super) fn of(tag: &str) -> Self {
        Self { tag: tag.into(), got: Arc::default() }
    }

    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    pub(super) fn pulls(&self, got: Option<Digest>) {
        let mut all = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        if all.last() != Some(&got) && !(all.is_empty() && got.is_none()) {
            all.push(got);
        }
    }

    /// What the tag was, one after the other; none: it could not be pulled any more.
    pub fn got(&self) -> Vec<Option<Digest>> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The tag could be pulled at every moment since it first could.
    pub fn assert_could_always_pull(&self) {
        let got = self.got();
        assert!(got.iter().all(Option::is_some), "`{}` could not be pulled in between: {got:#?}", self.tag);
    }
}

//! What progress needs to know of a run.

use std::fmt::Debug;

use crate::model::{Desired, Row};

/// Told what the engine does while it does it. Every method does nothing unless overridden; none may block.
pub trait Observer: Send + Sync + Debug {
    /// `count` more entries are known.
    fn announced(&self, _count: usize) {}
    /// Work on an entry begins.
    fn started(&self, _entry: &Desired) {}
    /// A transfer of `bytes` more bytes lies ahead.
    fn expected(&self, _bytes: u64) {}
    /// `bytes` more bytes of blobs were sent to a target.
    fn sent(&self, _bytes: u64) {}
    /// An entry ended.
    fn finished(&self, _row: &Row) {}
}

/// An observer that says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

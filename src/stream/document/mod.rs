//! A stream file: what it lists, and how it is changed.
//!
//! Whatever its envelope (`stream` object, `ConfigMap` in JSON or YAML, map of streams), the file is read with the places
//! of its values, and a change puts new text at such a place. Nothing is serialised anew, so that every byte that
//! was not to be changed stays as it was.

mod change;
mod listed;

pub use change::Change;
pub use listed::{Artifact, Container, File, Place, Stream};

//! How a file is served.

/// Whether a file stays what it is. Buckets tell caches so; a directory has nobody to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is never another under this key: caches may keep it for a year.
    Immutable,
    /// It may be another soon: caches may keep it for five minutes.
    Mutable,
}

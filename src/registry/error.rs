//! What can go wrong with a registry.

use crate::error::{Class, Classify};

/// A failed operation on a registry: what was attempted, on what, how often, and why.
#[derive(Debug, thiserror::Error)]
#[error("{operation}")]
pub struct Error {
    /// For example `HEAD quay.io/a/b:v1`.
    operation: String,
    attempts: u32,
    #[source]
    kind: Kind,
}

/// The cause. (To be filled in by the one who builds this module.)
#[derive(Debug, thiserror::Error)]
pub enum Kind {
    /// Placeholder.
    #[error("not built yet")]
    Unbuilt,
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self.kind {
            Kind::Unbuilt => Class::Protocol,
        }
    }

    fn attempts(&self) -> u32 {
        self.attempts
    }
}

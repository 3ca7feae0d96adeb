//! The ImageStreams of the nightlies: what they are to say, and how they are made to say it.
//!
//! 1. [`Definition`]: what one ImageStream is to hold, which is an artifact as well.
//! 2. [`merge`](merge()): what that makes of the object that is there; a pure decision.
//! 3. [`plan`](plan()): says what would change, and asks for nothing but the objects.
//! 4. [`apply`]: writes what differs, deletes what is not wanted, and reads all of it back.
//!
//! Objects are in a [`Backend`]: a directory of YAML files ([`StreamFiles`]), or a cluster ([`ClusterStreams`]).

mod apply;
mod artifacts;
mod backend;
mod cluster;
mod definition;
mod files;
mod import;
mod merge;
pub(in crate::nightly) mod object;
mod plan;
pub(in crate::nightly) mod rows;
mod verify;

pub(in crate::nightly) use apply::{Change, change};
pub use apply::{Options, apply};
pub use artifacts::{ArtifactError, write_definitions};
pub use backend::{Backend, BackendError, Put};
pub use cluster::ClusterStreams;
pub(in crate::nightly) use definition::API_VERSION;
pub use definition::{Definition, TagDefinition};
pub use files::{FileError, StreamFiles};
pub use merge::{Merge, Merged, TagChange, merge};
pub use plan::{Action, StreamPlan, plan};

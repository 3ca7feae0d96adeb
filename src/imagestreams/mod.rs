//! Mirrors what the ImageStreams of a cluster say: which tags there are, and the images under them.
//!
//! 1. [`Config::load`] and [`Selection`]: what was asked for.
//! 2. [`Asked::needed`]: which ImageStreams that takes; whoever reads them fills [`Streams`].
//! 3. [`wish`]: both into entries for the engine, and rows for what ends before it.
//!
//! These look at neither a registry nor a cluster. [`Inventory`] reads ImageStreams, [`serve()`] does all of it for as long
//! as it runs, and [`prune`] deletes the keep tags that became old.

mod announce;
mod asked;
mod config;
mod desired;
mod excluding;
mod files;
mod ignoring;
mod inventory;
mod loops;
mod names;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
pub mod prune;
mod selection;
mod serve;
mod source_check;
mod stream;
mod streams;
mod told;

pub use announce::announce;
pub use asked::{Asked, Needed};
pub use config::{ArtRule, Config, ConfigError, Ignored, Supplemental, ToCluster, Written};
pub use desired::{EntryError, Wanted, Wish, wish};
pub use files::{FileError, read_file};
pub use inventory::Inventory;
pub use names::{CLUSTER_REGISTRY, KeepTag, Names};
pub use selection::{Exclusion, IsTag, NameError, Namespace, Selection, StreamName};
pub use serve::{Connect, ServeError, Setup, serve};
pub use source_check::source_check;
pub use stream::{ImageStream, Malformed, Newest, StreamTag, TagImage, changed_tags};
pub use streams::{Part, Streams, Unread};

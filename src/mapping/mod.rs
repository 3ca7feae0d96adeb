//! Mapping files: which image of which registry should be where, a line an entry.
//!
//! [`read`] turns files into a [`MappingSet`]: wishes, rows for the lines that cannot be mirrored, and findings with
//! their place. `batches` lists the tags that wildcards stand for and hands on what the engine may start with. Nothing here
//! copies anything or decides what to copy.

pub mod configmap;
mod expand;
mod files;
mod finding;
mod grammar;
mod lint;
mod owners;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod render;
mod set;
mod shard;
mod since;
mod word;

pub use expand::{Arrival, ExpandOptions, ListTags, batches};
pub use files::{Input, MappingFile, ReadError, WordError};
pub use finding::{Finding, Severity, Span};
pub use grammar::Destination;
pub use lint::{LintError, LintOptions, lint};
pub use render::render;
pub use set::{Entry, MappingSet, ReadOptions, Wildcard, Wish, read};
pub use shard::of_shard;
pub use since::{SinceError, since};
pub use word::Pattern;

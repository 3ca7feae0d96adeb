//! Plain values: what should exist, and what became of it. No I/O, nothing asynchronous.

mod batch;
mod compared;
mod desired;
mod digest;
mod finding;
mod foreseen;
mod guard;
mod key;
mod manifest;
mod outcome;
mod past;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod reference;
mod row;
mod shard;
mod state;
mod tag_template;

pub use batch::{Admitted, Batch, Conflict, Judged};
pub use compared::{Compared, Former, Relocated, Replacement};
pub use desired::{Desired, Endpoint, LayoutRef, Origin};
pub use digest::{Digest, DigestError, Hasher};
pub use finding::{Finding, Severity, Span};
pub use foreseen::{Foreseen, Presence};
pub use guard::{Guard, Rule, Which};
pub use key::{Key, KeyError};
pub use manifest::{Content, Descriptor, MANIFEST_MEDIA_TYPES, Manifest, ManifestError, OCI_INDEX, Platform};
pub use outcome::{Cause, Outcome, Reason, Refusal, Skip, Update};
pub use past::{Past, Standing, Urgency};
pub use reference::{Host, ImageRef, Misread, Reference, ReferenceError, Repository, Tag, Version};
pub use row::{Bytes, Locator, Moved, Requests, Row, Wire};
pub use shard::{Shard, ShardError};
pub use state::{State, StateFound};
pub use tag_template::{TagTemplate, TemplateError};

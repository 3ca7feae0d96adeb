//! Brings a release payload to the nightlies: checks it, mirrors its images, updates the ImageStreams.
//!
//! 1. [`payload`]: the file that says which builds make the payload, and what may be wrong with it.
//! 2. [`inspected`]: what the registries say of those builds; after this nothing is resolved again.
//! 3. [`checks`]: what is inconsistent about them, and whether the [`permits`](Permit) allow it.
//! 4. [`imagestream`]: what the ImageStreams are to hold, and how they are made to hold it.
//!
//! [`retrigger`] does none of that: it makes the release controller look at what is there.
//! [`publish`] makes a release image of a payload, [`multi`] one for all architectures.

pub mod annotations;
pub mod arch;
pub mod checks;
pub mod clearance;
pub mod embargo;
pub mod entries;
pub mod facts;
pub mod git;
pub mod images;
pub mod imagestream;
pub mod inspected;
pub mod issue;
pub mod mirror;
pub mod multi;
pub mod names;
pub mod notices;
pub mod parameters;
pub mod payload;
pub mod permits;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
pub mod publish;
pub mod report;
pub mod retrigger;
pub mod run;
#[cfg(test)]
mod sample;

pub use arch::Arch;
pub use issue::{Code, Issue};
pub use names::{Privacy, StreamName};
pub use payload::Payload;
pub use permits::Permit;

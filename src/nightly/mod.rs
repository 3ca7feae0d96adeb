//! Brings a release payload to the nightlies: checks it, mirrors its images, updates the ImageStreams.
//!
//! [`run`] takes these in their order. What one gives the next takes, and none looks back.
//!
//! 1. [`payload`]: the file that says which builds make the payload, and what may be wrong with it. [`parameters`] lays over
//!    it what this run is asked for.
//! 2. [`facts`]: asks the registries what is in those builds, which [`inspected`] holds; after this nothing is resolved again.
//! 3. [`entries`]: what each tag is, of each architecture, for everyone and in private. `clearance` says what may become public.
//! 4. `checks`: what is inconsistent; `permits`: whether that is allowed; `embargo`: whether whoever runs this knows of it;
//!    `annotations` and `report`: how it is told.
//! 5. [`mirror`]: which images are copied where.
//! 6. [`imagestream`]: what the ImageStreams are to hold, and how they are made to hold it.
//! 7. [`multi`]: a release for all architectures. [`publish`]: release images, of that and of each payload.
//!
//! [`retrigger`] does none of that: it makes the release controller look at what is there. [`notices`] are texts for people
//! where a run failed. [`names`] says what ImageStreams and images are called.

mod annotations;
mod arch;
mod checks;
mod clearance;
mod embargo;
pub mod entries;
pub mod facts;
mod git;
mod images;
pub mod imagestream;
pub mod inspected;
mod issue;
pub mod mirror;
pub mod multi;
pub mod names;
pub mod notices;
pub mod parameters;
pub mod payload;
mod permits;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
pub mod publish;
mod report;
pub mod retrigger;
pub mod run;
#[cfg(test)]
mod sample;

pub use arch::Arch;
pub use issue::{Code, Issue};
pub use names::{Privacy, StreamName};
pub use payload::Payload;
pub use permits::Permit;

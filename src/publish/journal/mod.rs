//! What was done of a publication, so that a run that died is gone on with.
//!
//! One file for each number of a version, a JSON object a line. What is about to be done is noted before it is done, and what
//! came of it after. The truth is in the registries; the journal only tells **whose** state is seen there. It never holds secrets.

mod error;
mod event;
mod file;
mod folders;
mod lines;
mod story;

pub use error::JournalError;
pub use event::{Certified, Event, Plan, Platformed};
pub use file::Journal;
pub use folders::{Begun, Folders};
pub use story::{Moving, Story};

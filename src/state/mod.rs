//! Small records of our own in a place that is written, below its `.image-mirror/`, and the lock that keeps others from writing there.
//!
//! Each thing is a small JSON file of its own ([`record`]). One that cannot be read is an error, never an empty one: who
//! does not know what was noted must not act as if nothing was.

mod lock;
mod process;
pub mod record;
pub mod time;

pub use lock::{Holder, Lock, LockError};
pub use process::Process;
pub use record::StateError;

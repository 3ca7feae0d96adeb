//! What is kept in the destination itself, below `.image-mirror/`, so that a run on another machine finds it too.
//!
//! Each thing is a small JSON file of its own ([`record`]). One that cannot be read is an error, never an empty one: who
//! does not know what was noted must not act as if nothing was.

mod cache;
mod known;
mod lease;
mod lock;
mod pin_count;
mod process;
pub mod record;
pub mod time;
mod tombstone;

pub use cache::Cache;
pub use known::Known;
pub use lease::{Lease, leases};
pub use lock::{Holder, Lock, LockError};
pub use pin_count::PinCount;
pub use process::Process;
pub use record::StateError;
pub use tombstone::{Tombstone, tombstones};

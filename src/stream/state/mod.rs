//! What is kept in the destination itself, below `.image-mirror/`, so that a run on another machine finds it too. Its lock is
//! there as well.

mod cache;
mod known;
mod lease;
mod pin_count;
mod tombstone;

pub use cache::Cache;
pub use known::Known;
pub use lease::{Lease, leases};
pub use pin_count::PinCount;
pub use tombstone::{Tombstone, tombstones};

//! Pins: which builds somebody needs, and who says so.
//!
//! A pin is an architecture and a build ([`Pin`]). Streams say it with URLs, but the hosts in those change while the
//! build stays what it is, so they are never looked at. All sources are read, each time, or none counts
//! ([`Reader`]): who collects what nothing pins must not take a source that could not be read for one that pins nothing.

mod error;
mod git;
mod globs;
mod list;
mod pin;
mod reading;
mod sources;

pub use error::{PinsError, Problem, Unread};
pub use git::{Depth, Git};
pub use globs::{Glob, GlobError};
pub use pin::{Pin, PinSet, PinnedBy, canonical};
pub use sources::{Fetch, Fetching, Place, Reader, Sources};

/// What is pinned by all of `sources`.
///
/// # Errors
/// When one of them cannot be read, or none of them pins anything.
pub async fn pins(sources: &Sources) -> Result<PinSet, PinsError> {
    Reader::new(sources).read().await
}

//! `stream`: boot images of CoreOS, which stream metadata lists: mirrored, rewritten, validated and pruned.
//!
//! 1. [`document`]: a stream file in one of its envelopes, what it lists, and edits that leave every other byte alone.
//! 2. [`selection`] and [`plan`]: which of it is wanted, and under which key each file belongs; pure.
//! 3. [`rewrite`], [`origins`] and [`resolve`]: the edits that bring its locations to a mirror, and back; pure.
//! 4. [`sums`] and [`versions`]: what the files say that lie beside the images of a build, and which build is the latest; pure.
//! 5. [`source`] and [`uncompressed`]: where files come from, and what they decompress to.
//! 6. [`mirror`]: how they get where they belong; [`hook`] tells whoever is to know.
//! 7. [`pins`]: which builds somebody needs. [`prune`]: which directories nobody needs any more, and how they go.
//! 8. [`state`]: what is kept in the destination, for the next run and for those that run at the same time.

pub mod arch;
pub mod document;
mod findings;
pub mod hook;
pub mod location;
pub mod mirror;
pub mod origins;
pub mod pins;
pub mod plan;
pub mod prerelease;
pub mod prune;
pub mod resolve;
pub mod rewrite;
#[cfg(test)]
mod sample;
pub mod selection;
pub mod source;
pub mod state;
pub mod sums;
pub mod uncompressed;
pub mod validate;
pub mod versions;

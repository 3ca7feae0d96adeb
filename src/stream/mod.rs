//! `stream`: boot images of CoreOS, which stream metadata lists: mirrored, rewritten, validated and pruned.
//!
//! 1. [`document`]: a stream file in one of its envelopes, what it lists, and edits that leave every other byte alone.
//! 2. [`plan`]: which of it is wanted, and under which key each file belongs; pure.
//! 3. [`state`]: what is kept in the destination, for the next run and for those that run at the same time.
//! 4. [`source`]: files from where they are now; [`uncompressed`]: what is in them.
//! 5. [`validate`]: whether all is where the stream says.

pub mod document;
pub mod plan;
pub mod source;
pub mod state;
pub mod uncompressed;
pub mod validate;

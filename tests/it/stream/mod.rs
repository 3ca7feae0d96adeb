//! `stream`: boot images, end to end and over the wire.

mod fetch;
mod probe;
mod validate;
mod documents;
//! Boot images: over a wire, and on a disk.

mod objects;
mod prune;

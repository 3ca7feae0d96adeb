//! `stream`: boot images, end to end and over the wire.

mod fetch;
mod probe;
mod validate;
mod documents;

//! `stream`: boot images, end to end and over the wire.

mod documents;
mod fetch;
mod mirror;
mod objects;
mod probe;
mod prune;
mod validate;
mod world;

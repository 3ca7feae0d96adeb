//! `stream`: boot images, end to end and over the wire.

mod commands;
mod documents;
mod fetch;
mod killed;
mod mirror;
mod objects;
mod probe;
mod prune;
mod validate;
mod world;

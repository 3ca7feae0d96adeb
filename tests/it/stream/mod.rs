//! `stream`: boot images, end to end and over the wire.

mod objects;

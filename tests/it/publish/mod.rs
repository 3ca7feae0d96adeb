//! `publish` on the wire: what is asked of each registry, and what is written where.

mod registries;
mod source;
mod upload;

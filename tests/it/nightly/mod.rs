//! `nightly`: a release payload, on the wire.

mod facts;
mod facts_rhcos;
mod payloads;

//! `nightly`: a payload in, ImageStreams and release images out.

mod entries;
mod facts;
mod facts_rhcos;
mod multi;
mod parameters;
mod payloads;
mod publish;
mod world;

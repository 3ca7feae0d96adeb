//! `nightly`: a payload in, ImageStreams and release images out.

mod apply;
mod embargoes;
mod entries;
mod facts;
mod facts_rhcos;
mod import;
mod multi;
mod parameters;
mod payloads;
mod publish;
mod real;
mod retrigger;
mod stream_files;
mod streams;
mod whole;
mod world;

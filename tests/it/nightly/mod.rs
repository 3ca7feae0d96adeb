//! `nightly`: a payload in, ImageStreams and release images out.

mod apply;
mod cluster;
mod embargoes;
mod entries;
mod facts;
mod facts_rhcos;
mod for_all;
mod import;
mod multi;
mod parameters;
mod payloads;
mod publish;
mod real;
mod released;
mod retrigger;
mod retriggered;
mod rows;
mod stream_files;
mod streams;
mod whole;
mod world;

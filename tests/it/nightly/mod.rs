//! `nightly`: a payload in, ImageStreams and release images out.

mod apply;
mod entries;
mod import;
mod multi;
mod publish;
mod retrigger;
mod stream_files;
mod streams;
mod world;

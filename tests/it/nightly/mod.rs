//! `nightly`: a payload in, ImageStreams and release images out.

mod entries;
mod multi;
mod parameters;
mod publish;
mod world;

//! `nightly`: a payload in, ImageStreams and release images out.

mod entries;
mod parameters;
mod world;

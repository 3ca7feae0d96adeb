//! Mirrors what the ImageStreams of a cluster say: which tags there are, and the images under them.

pub mod prune;

//! Every integration test, in one binary: a module per subject.

mod demo_images;
mod shipped;

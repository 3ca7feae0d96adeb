<<<<<<< HEAD
//! `nightly` against servers.

mod apply;
mod import;
mod retrigger;
mod stream_files;
mod streams;
=======
//! `nightly`: a payload in, ImageStreams and release images out.

mod entries;
mod multi;
mod publish;
mod world;
>>>>>>> main

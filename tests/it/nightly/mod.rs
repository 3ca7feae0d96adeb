//! `nightly` against servers.

mod apply;
mod import;
mod retrigger;
mod stream_files;
mod streams;

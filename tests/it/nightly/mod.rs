//! `nightly`, part by part.

mod multi;
mod publish;

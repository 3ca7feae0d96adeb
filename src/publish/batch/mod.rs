//! Many publications in one run.

pub mod versions;

pub use versions::{Plain, Selection};

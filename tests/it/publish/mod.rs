//! `publish`: images to a certified catalog.

mod catalog;
mod presence;
mod public;
mod public_ends;
pub(crate) mod site;

//! `publish`: an image goes to a certified catalog so that customers never see anything else than a whole, certified image.
//!
//! 1. `source`: the image as it lies at its source, once; `unique` makes it one that the catalog does not know, where asked for.
//! 2. `decide`: what the journal and both registries say comes to what is left to do; pure.
//! 3. `upload`: the image under its unique tag, `VERSION-N`, and nothing else.
//! 4. `preflight`: the certification, by an outside program.
//! 5. `public`: waits until the public registry serves what was uploaded.
//! 6. `floating`: only then the tags that customers use.
//!
//! # Guarantees
//! - No tag but `VERSION-N` is written before the public registry serves the image under it, for every platform.
//! - `VERSION-N` is never written where it is another image, and never moved or deleted.
//! - Only the upload registry is written. Nothing is unpublished or deleted.
//! - All tags of a publication are the same bytes.

pub mod batch;
pub mod config;
pub mod decide;
pub mod fault;
pub mod image;
pub mod journal;
pub mod metadata;
pub mod names;
pub mod number;
pub mod site;

pub use fault::{Fault, Refused};
pub use image::{Child, Image};
pub use names::{Number, ReleaseVersion};
pub use site::Site;

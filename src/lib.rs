//! image-mirror: mirrors container images between registries.
//!
//! A family (`mapping`, `imagestreams`) reads what should exist and turns it into [`model::Desired`]
//! entries. The [`engine`] takes each entry through the stages
//! **resolve → plan → transfer → verify** and gives back one [`model::Row`].
//! [`report`] renders the rows. [`registry`] and [`layout`] are the only modules that touch
//! registries and layout directories; [`cli`] is the only one that reads the environment.
//! `docs/architecture.md` has the picture.

pub mod cli;
pub mod cluster;
pub mod engine;
pub mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod history;
pub mod imagestreams;
pub mod layout;
pub mod mapping;
pub mod model;
pub mod nightly;
pub mod objects;
pub mod policy;
pub mod publish;
pub mod reading;
pub mod redact;
pub mod registry;
pub mod report;
pub mod state;
pub mod stream;
mod yaml;

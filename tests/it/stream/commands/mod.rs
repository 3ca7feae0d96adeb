//! The commands of `stream` other than those that mirror, through the built program.

mod pins;
mod prune;
mod refusals;
mod resolve;
mod rewrite;
mod sample;
mod state;
mod validate;

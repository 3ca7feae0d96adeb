//! `publish`: its parts against registries and programs that the tests play, and the whole of it.

mod catalog;
mod inside;
mod interrupted;
mod invariants;
mod preflight;
mod preflight_ended;
mod preflight_install;
mod preflight_secrets;
mod presence;
mod public;
mod public_ends;
mod published;
mod registries;
mod rivals;
pub(crate) mod site;
mod source;
mod stage;
mod stand_in;
mod upload;

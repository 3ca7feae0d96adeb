//! `publish`: its parts against registries and programs that the tests play, and the whole of it.

mod batch;
mod asked;
mod catalog;
mod certified;
mod floating;
mod preflight;
mod preflight_ended;
mod preflight_install;
mod preflight_secrets;
mod presence;
mod public;
mod public_ends;
mod published;
mod real;
mod registries;
mod several;
mod rehearsed;
mod resumed;
mod rolled_back;
mod secrets;
pub(crate) mod site;
mod source;
mod stage;
mod stand_in;
mod standing;
mod upload;

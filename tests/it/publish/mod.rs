//! `publish`: its parts against registries and programs that the tests play, and the whole of it.

mod awaited;
mod catalog;
mod cut;
mod dry_run;
mod guards;
mod inputs;
mod made_unique;
mod numbers;
mod preflight;
mod preflight_ended;
mod preflight_install;
mod preflight_secrets;
mod presence;
mod public;
mod public_ends;
mod published;
mod registries;
pub(crate) mod site;
mod source;
mod sources;
mod stage;
mod stand_in;
mod upload;

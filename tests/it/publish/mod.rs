//! `publish`: its parts against registries and programs that the tests play.

mod preflight;
mod preflight_ended;
mod preflight_install;
mod preflight_secrets;
mod stand_in;

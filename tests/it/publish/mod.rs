<<<<<<< HEAD
//! `publish` on the wire: what is asked of each registry, and what is written where.

mod registries;
mod source;
mod upload;
=======
//! `publish`: its parts against registries and programs that the tests play.

mod preflight;
mod preflight_ended;
mod preflight_install;
mod preflight_secrets;
mod stand_in;
>>>>>>> wt-preflight

//! What pins builds, and what becomes of directories that nothing pins.

mod history;
mod kept;
mod property;
mod refused;
mod swept;
mod world;

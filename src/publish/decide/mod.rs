//! What is left to do of a publication, by what is seen of it and by whose it is; pure.
//!
//! 1. [`rebuild`]: which number a run goes on with that was asked for the next one.
//! 2. [`decide`]: what both registries say of that number.
//! 3. [`certification`]: what was uploaded, and whether it is still to be certified.
//!
//! Nobody asks for what it is not sure of: what could not be told is an error long before it comes here.

mod certification;
mod rebuild;
mod seen;

pub use certification::{Certification, Record, certification};
pub use rebuild::{Asked, Rebuild, rebuild};
pub use seen::{Known, Seen, Step, Whose, decide};

//! What is kept between runs: since when each entry is known, when its target was last right, how often in a row it failed.
//!
//! One object, which is read once and written once a run: an artifact of a registry or of a layout directory, or a ConfigMap.
//! Nothing hangs on it: a state that is lost or damaged is told of, and the run goes on as without one.
//!
//! [`record`](self) is the document, `fold` what a run adds to it, `place` where it is kept, `store` how it gets there.

mod fault;
mod fold;
mod keeper;
mod place;
mod record;
mod store;
#[cfg(test)]
mod tests;

pub use fold::tell;
pub use keeper::{Keeper, Means};
pub use place::{Place, PlaceError};
pub use store::{ARTIFACT, LAYER};

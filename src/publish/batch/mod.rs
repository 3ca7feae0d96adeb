//! Many publications: of each product its versions, one at a time; products side by side.

mod due;
mod left_over;
mod run;
pub mod versions;

pub use due::due;
pub use left_over::left_over;
pub use run::{Lane, run, unlisted};
pub use versions::{Plain, Selection};

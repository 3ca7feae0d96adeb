//! What is wanted of a stream and where each file belongs. Pure: everything that could clash is found before a byte moves.

mod wanted;

pub use wanted::{Directory, Plan, Wanted};

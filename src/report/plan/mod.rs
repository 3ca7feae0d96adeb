//! A plan as a reviewer reads it: what would move, file by file, and what that comes to.

mod entries;
mod markdown;
mod sums;
mod text;

pub use markdown::markdown;
pub(super) use text::diff;

use super::{Report, text::with_diff};

/// As [`text`](super::text()), for a plan: what would move is a diff.
#[must_use]
pub fn plan_text(report: &Report, width: Option<u16>, color: bool) -> String {
    with_diff(report, width, color)
}

//! The sums of a report; every renderer shows the same ones.

use serde::{Deserialize, Serialize};

use crate::model::{Bytes, Outcome, Row};

/// How many rows ended in each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// See [`Outcome::Kept`].
    pub kept: u64,
    /// See [`Outcome::Copied`].
    pub copied: u64,
    /// See [`Outcome::Planned`].
    pub planned: u64,
    /// See [`Outcome::Updated`].
    pub updated: u64,
    /// See [`Outcome::Deleted`].
    pub deleted: u64,
    /// See [`Outcome::Skipped`].
    pub skipped: u64,
    /// See [`Outcome::Refused`].
    pub refused: u64,
    /// See [`Outcome::Failed`].
    pub failed: u64,
    /// See [`Outcome::Unfinished`].
    pub unfinished: u64,
}

impl Counts {
    /// One row more.
    pub fn add(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Kept => &mut self.kept,
            Outcome::Copied(_) => &mut self.copied,
            Outcome::Planned(_) => &mut self.planned,
            Outcome::Updated(_) => &mut self.updated,
            Outcome::Deleted => &mut self.deleted,
            Outcome::Skipped(_) => &mut self.skipped,
            Outcome::Refused(_) => &mut self.refused,
            Outcome::Failed(_) => &mut self.failed,
            Outcome::Unfinished(_) => &mut self.unfinished,
        } += 1;
    }

    /// Each count with the outcome's word in the report format.
    #[must_use]
    pub fn by_word(&self) -> [(&'static str, u64); 9] {
        [
            ("kept", self.kept),
            ("copied", self.copied),
            ("planned", self.planned),
            ("updated", self.updated),
            ("deleted", self.deleted),
            ("skipped", self.skipped),
            ("refused", self.refused),
            ("failed", self.failed),
            ("unfinished", self.unfinished),
        ]
    }

    /// All rows.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.by_word().iter().map(|(_, count)| count).sum()
    }
}

/// The sums over the rows of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows by outcome.
    pub counts: Counts,
    /// Bytes by what was done for them.
    pub bytes: Bytes,
}

impl Totals {
    /// Sums up `rows`.
    #[must_use]
    pub fn of(rows: &[Row]) -> Self {
        let mut totals = Self::default();
        for row in rows {
            totals.counts.add(&row.outcome);
            totals.bytes += row.moved.bytes;
        }
        totals
    }
}

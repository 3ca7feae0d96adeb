//! What the program exits with, and which code wins where several apply.
//!
//! Decides nothing about an entry; it only counts what the rows say.

use std::process::ExitCode;

use crate::model::{Cause, Outcome, Row};

/// An exit code. The same for all commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// 0: everything is as desired, or now is.
    AsDesired,
    /// 1: at least one entry failed or was refused, or a check found something.
    Failed,
    /// 2: bad input or usage; nothing was attempted.
    Usage,
    /// 3: could not tell or could not finish; safe to run again.
    Unfinished,
    /// 4: a guard refused the whole operation.
    Guarded,
    /// 5: timed out waiting for an outside party.
    TimedOut,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::AsDesired => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unfinished => 3,
            Self::Guarded => 4,
            Self::TimedOut => 5,
        }
    }

    /// The one with this number.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        let all =
            [Self::AsDesired, Self::Failed, Self::Usage, Self::Unfinished, Self::Guarded, Self::TimedOut];
        all.into_iter().find(|exit| exit.code() == code)
    }

    /// What `rows` amount to.
    ///
    /// A host that never answered is a failure of its rows, unless nothing at all came to an end: then it may well be our
    /// own network, and the answer is "could not tell". What is skipped may have been so without a question to anybody.
    #[must_use]
    pub fn of(rows: &[Row]) -> Self {
        Self::of_but(rows, |_| false)
    }

    /// As [`Exit::of`], but what failed or was refused in so many runs in a row that it is quarantined counts as it should.
    #[must_use]
    pub fn without_quarantined(rows: &[Row]) -> Self {
        Self::of_but(rows, Row::is_quarantined)
    }

    fn of_but(rows: &[Row], is_pardoned: impl Fn(&Row) -> bool) -> Self {
        let nothing_ended =
            rows.iter().all(|row| matches!(row.outcome, Outcome::Unfinished(_) | Outcome::Skipped(_)));
        let counted = rows.iter().filter(|row| !is_pardoned(row));
        counted.map(|row| Self::of_one(&row.outcome, nothing_ended)).fold(Self::AsDesired, Self::or)
    }

    fn of_one(outcome: &Outcome, nothing_ended: bool) -> Self {
        match outcome {
            Outcome::Failed(_) | Outcome::Refused(_) => Self::Failed,
            Outcome::Unfinished(Cause::Unreachable { .. }) if !nothing_ended => Self::Failed,
            Outcome::Unfinished(Cause::TimedOut { .. }) => Self::TimedOut,
            Outcome::Unfinished(_) => Self::Unfinished,
            Outcome::Kept
            | Outcome::Copied(_)
            | Outcome::Planned(_)
            | Outcome::Updated(_)
            | Outcome::Deleted
            | Outcome::Skipped(_) => Self::AsDesired,
        }
    }

    /// The one that decides where both apply: the first of 2, 4, 1, 5, 3, 0.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.rank() <= other.rank() { self } else { other }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Usage => 0,
            Self::Guarded => 1,
            Self::Failed => 2,
            Self::TimedOut => 3,
            Self::Unfinished => 4,
            Self::AsDesired => 5,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {

    use std::time::Duration;

    use super::*;
    use crate::error::{Class, Classify, Failure, Stage};
    use crate::model::{Locator, Origin, Reason, Refusal, Skip, Update};

    #[derive(Debug, thiserror::Error)]
    #[error("broken")]
    struct Broken;

    impl Classify for Broken {
        fn class(&self) -> Class {
            Class::Denied
        }
    }

    fn row(outcome: Outcome) -> Row {
        let ends = (Locator::Text("a".into()), Locator::Text("b".into()));
        Row::of_nothing(Origin::Line { file: "mapping_x".into(), line: 1 }, None, ends, outcome)
    }

    fn code(outcomes: impl IntoIterator<Item = Outcome>) -> u8 {
        let rows: Vec<_> = outcomes.into_iter().map(row).collect();
        Exit::of(&rows).code()
    }

    fn unreachable() -> Outcome {
        Outcome::Unfinished(Cause::Unreachable { host: "quay.io".into(), error: "refused".into() })
    }

    fn late() -> Outcome {
        Outcome::Unfinished(Cause::Deadline)
    }

    fn skipped() -> Outcome {
        Outcome::Skipped(Skip::NoImage(None))
    }

    fn failed() -> Outcome {
        Outcome::Failed(Failure::new(Stage::Transfer, Broken))
    }

    #[test]
    fn rows_that_need_nobody_exit_with_0() {
        let fine = [
            Outcome::Kept,
            Outcome::Copied(Reason::Absent),
            Outcome::Planned(Reason::Differs),
            Outcome::Updated(Update::Repaired),
            Outcome::Deleted,
            Outcome::Skipped(Skip::MatchedNothing),
        ];
        assert_eq!(code(fine), 0);
        assert_eq!(code([]), 0);
    }

    #[test]
    fn the_rows_decide_between_1_and_3() {
        assert_eq!(code([Outcome::Kept, failed()]), 1);
        assert_eq!(code([Outcome::Kept, Outcome::Refused(Refusal::Exists)]), 1);
        assert_eq!(code([Outcome::Kept, late()]), 3);
        assert_eq!(code([late(), failed()]), 1, "a failure wins over what was not finished");
        assert_eq!(code([Outcome::Kept, Outcome::Unfinished(Cause::Interrupted)]), 3);
        let untold = || Outcome::Unfinished(Cause::Untold("mirror.example.com: status 503".into()));
        assert_eq!(code([Outcome::Kept, untold()]), 3);
        assert_eq!(code([untold(), failed()]), 1, "what is known to be missing wins over what is not known");
    }

    #[test]
    fn who_waited_in_vain_for_somebody_else_exits_with_5_unless_something_failed() {
        let timed_out = || {
            Outcome::Unfinished(Cause::TimedOut {
                after: Duration::from_mins(10),
                awaited: "the import".into(),
            })
        };
        assert_eq!(code([Outcome::Kept, timed_out()]), 5);
        assert_eq!(code([late(), timed_out()]), 5);
        assert_eq!(code([failed(), timed_out()]), 1);
    }

    #[test]
    fn a_host_that_never_answered_is_3_only_if_nothing_came_to_an_end() {
        assert_eq!(code([unreachable(), unreachable()]), 3);
        assert_eq!(code([unreachable(), late()]), 3);
        assert_eq!(
            code([unreachable(), skipped()]),
            3,
            "what was skipped does not say that a host can be reached"
        );
        assert_eq!(code([skipped(), skipped()]), 0);
        assert_eq!(code([unreachable(), skipped(), Outcome::Kept]), 1);
        assert_eq!(code([unreachable(), Outcome::Kept]), 1);
        assert_eq!(code([unreachable(), failed()]), 1);
    }

    #[test]
    fn the_first_of_2_4_1_5_3_decides() {
        use Exit::{AsDesired, Failed, Guarded, TimedOut, Unfinished, Usage};
        let order = [Usage, Guarded, Failed, TimedOut, Unfinished, AsDesired];
        for (i, first) in order.into_iter().enumerate() {
            for second in &order[i..] {
                assert_eq!(first.or(*second), first);
                assert_eq!(second.or(first), first);
            }
        }
        assert_eq!(order.map(Exit::code), [2, 4, 1, 5, 3, 0]);
    }
}

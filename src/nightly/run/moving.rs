//! Images on their way to their repositories.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::stream;

use super::Setup;
use crate::engine::{Check, Engine, Extent, Options};
use crate::model::{Batch, Desired, Locator, Outcome, Row, Skip};

/// Compares both ends of `entries`, without a write: what is in place is kept, what is not is planned.
pub(super) async fn compare(entries: Vec<Desired>, setup: &Setup<'_>) -> Vec<Row> {
    take(entries, setup, Extent::Compare).await
}

/// Copies those of `entries` that `compared` says are to be copied, and looks below the others where that is asked for; gives
/// the rows of all.
pub(super) async fn copy(entries: Vec<Desired>, compared: Vec<Row>, setup: &Setup<'_>) -> Vec<Row> {
    let (planned, mut rows): (Vec<Row>, Vec<Row>) =
        compared.into_iter().partition(|row| is_open(row, setup.copying.check));
    let planned: HashMap<Locator, Row> = planned.into_iter().map(|row| (row.target.clone(), row)).collect();
    let is_planned = |desired: &Desired| planned.contains_key(&Locator::from(desired.target.clone()));
    let entries: Vec<Desired> = entries.into_iter().filter(is_planned).collect();
    let mut copied = take(entries, setup, Extent::Mirror).await;
    for row in &mut copied {
        // What the comparison cost belongs to it.
        row.moved.requests += planned.get(&row.target).map_or(0, |planned| planned.moved.requests);
    }
    rows.append(&mut copied);
    rows
}

/// Whether there is more to do than comparing.
fn is_open(row: &Row, check: Check) -> bool {
    matches!(row.outcome, Outcome::Planned(_))
        || (matches!(row.outcome, Outcome::Kept) && check != Check::Names)
}

/// Whether a target that came to this is what it is to be, whoever made it so.
pub(super) fn is_in_place(outcome: &Outcome) -> bool {
    use Outcome::{Copied, Kept, Skipped, Updated};
    matches!(outcome, Kept | Copied(_) | Updated(_) | Skipped(Skip::Overtaken))
}

async fn take(entries: Vec<Desired>, setup: &Setup<'_>, extent: Extent) -> Vec<Row> {
    let batch = Batch::admit(entries).batch.guarded(|desired| setup.policies.guards(desired));
    let options = Options { extent, began: setup.began, ..setup.copying.clone() };
    let engine = Engine::new(setup.client, options, Arc::clone(&setup.observer), setup.stop.clone());
    engine.run(stream::iter([batch])).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reason;

    #[test]
    fn what_someone_else_made_right_meanwhile_is_in_place() {
        assert!(is_in_place(&Outcome::Skipped(Skip::Overtaken)));
        assert!(is_in_place(&Outcome::Kept) && is_in_place(&Outcome::Copied(Reason::Absent)));
        for other in [Outcome::Skipped(Skip::Locked), Outcome::Planned(Reason::Absent)] {
            assert!(!is_in_place(&other));
        }
    }
}

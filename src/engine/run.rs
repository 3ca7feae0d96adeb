//! The order of the stages over all entries, without a barrier: the first transfer does not wait for
//! the last look.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::ahead::Ahead;
use super::entry::Ending;
use super::fanout::Recipients;
use super::queue::Queue;
use super::siblings::{Group, Siblings};
use super::{Engine, Error, Extent, Looked, Planned};
use crate::error::{Failure, Stage};
use crate::model::{Batch, Desired, Outcome, Row, Urgency};
use crate::registry::once;

/// Entries being looked at. A look is two requests, so this is as many under way to each of two hosts as servers commonly
/// allow on one HTTP/2 connection; each takes some 15 KiB.
const LOOKS: usize = 128;
/// Looks pause while this many entries wait for their transfer; it bounds what a run holds in memory.
const WAITING: usize = 4096;

/// The entries of a run by where they are.
struct Run {
    engine: Arc<Engine>,
    ahead: Ahead,
    looking: JoinSet<Looked>,
    /// How many of those that are being looked at are not set apart.
    looking_as_usual: usize,
    siblings: Siblings,
    waiting: Queue,
    moving: JoinSet<Row>,
    /// What is under way, so that an entry whose work is given up still ends as a row.
    under_way: HashMap<Id, Desired>,
    rows: Vec<Row>,
}

impl Engine {
    /// Takes every entry of every batch through the stages. Batches are taken as they come; the entries of one do
    /// not wait for the next. Each entry ends as exactly one row, in the order in which they end.
    pub async fn run(self, batches: impl Stream<Item = Batch> + Send) -> Vec<Row> {
        let mut batches = pin!(batches.fuse());
        let stop = self.stop.clone();
        let mut run = Run::new(self);
        let mut more = true;
        while more || run.is_busy() {
            run.start();
            tokio::select! {
                biased;
                () = stop.now.cancelled() => break,
                Some(looked) = run.looking.join_next_with_id() => run.looked(looked),
                Some(row) = run.moving.join_next_with_id() => run.moved(row),
                batch = batches.next(), if more => match batch {
                    Some(batch) => run.take(batch),
                    None => more = false,
                },
                () = stop.gently.cancelled(), if run.has_waiting() => run.give_up_waiting(),
            }
        }
        // What has come already has its rows, however early the stop.
        while let Some(Some(batch)) = batches.next().now_or_never() {
            run.take(batch);
        }
        run.end().await
    }

    /// How urgent `entry` is; none: nobody keeps track.
    fn urgency(&self, entry: &Desired) -> Option<Urgency> {
        self.options.past.as_ref().map(|past| past.urgency(entry))
    }

    /// Whether `entry` failed so often in a row that it is set apart.
    fn is_set_apart(&self, entry: &Desired) -> bool {
        self.options.past.as_ref().is_some_and(|past| past.is_quarantined(entry))
    }

    /// Says that `planned` will be written, where it surely will be.
    fn announce_write(&self, planned: &Planned) {
        let Planned { desired, check_only, .. } = planned;
        let writes = self.options.extent == Extent::Mirror && !check_only;
        if let Some(target) = desired.target.repository().filter(|_| writes) {
            self.target.plan_write(target, desired.source.repository());
        }
    }
}

impl Run {
    fn new(engine: Engine) -> Self {
        Self {
            engine: Arc::new(engine),
            ahead: Ahead::default(),
            looking: JoinSet::new(),
            looking_as_usual: 0,
            siblings: Siblings::default(),
            waiting: Queue::default(),
            moving: JoinSet::new(),
            under_way: HashMap::new(),
            rows: Vec::new(),
        }
    }

    fn is_busy(&self) -> bool {
        self.has_waiting() || !self.looking.is_empty() || !self.moving.is_empty()
    }

    fn has_waiting(&self) -> bool {
        !self.ahead.is_empty() || self.siblings.are_waiting() || self.waiting.len() > 0
    }

    fn take(&mut self, batch: Batch) {
        let mut entries = batch.into_entries();
        self.engine.observer.announced(entries.len());
        for entry in &entries {
            self.engine.looks.expect(&entry.source, &self.engine.source);
            self.engine.looks.expect(&entry.target, &self.engine.target);
            if self.engine.has_referrers(entry) {
                self.engine.referrers.expect(entry);
            }
        }
        let engine = Arc::clone(&self.engine);
        if engine.options.past.is_some() {
            entries.sort_by_cached_key(|entry| engine.urgency(entry));
        } else {
            let start = rotation(SystemTime::now(), entries.len());
            entries.rotate_left(start);
        }
        let (apart, entries) = entries.into_iter().partition(|entry| engine.is_set_apart(entry));
        self.ahead.add(self.siblings.note(entries), |entry| engine.urgency(entry));
        self.ahead.add_apart(apart);
    }

    /// Starts as much as may be under way.
    fn start(&mut self) {
        if self.engine.stop.gently.is_cancelled() {
            return;
        }
        while self.moving.len() < self.engine.options.jobs.max(1) {
            let Some(group) = self.waiting.pop() else { break };
            self.start_transfers(group);
        }
        while self.looking.len() < LOOKS && self.waiting.len() < WAITING {
            let Some(desired) = self.next_to_look_at() else { break };
            let (engine, entry) = (Arc::clone(&self.engine), desired.clone());
            let is_apart = engine.is_set_apart(&desired);
            let look = self.looking.spawn(async move { attempt(is_apart, engine.look(entry)).await });
            self.under_way.insert(look.id(), desired);
        }
    }

    /// What is set apart is looked at only when nothing else is, nor is to be.
    fn next_to_look_at(&mut self) -> Option<Desired> {
        if let Some(desired) = self.ahead.pop() {
            self.looking_as_usual += 1;
            return Some(desired);
        }
        if self.looking_as_usual == 0 { self.ahead.pop_apart() } else { None }
    }

    fn start_transfers(&mut self, group: Group) {
        let hosts = group.iter().filter_map(|planned| planned.desired.target.host().cloned());
        let recipients = Recipients::new(hosts.collect());
        for planned in group {
            let (engine, desired) = (Arc::clone(&self.engine), planned.desired.clone());
            let recipients = Arc::clone(&recipients);
            let is_apart = engine.is_set_apart(&desired);
            let transfer = self
                .moving
                .spawn(async move { attempt(is_apart, engine.transfer_guarded(planned, &recipients)).await });
            self.under_way.insert(transfer.id(), desired);
        }
    }

    fn looked(&mut self, looked: Result<(Id, Looked), JoinError>) {
        let id = looked.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        if self.under_way.get(&id).is_some_and(|desired| !self.engine.is_set_apart(desired)) {
            self.looking_as_usual -= 1;
        }
        match looked {
            Ok((id, looked)) => {
                let Some(desired) = self.under_way.remove(&id) else { return };
                let planned = match looked {
                    Looked::ToDo(planned) => {
                        self.engine.announce_write(&planned);
                        Some(planned)
                    }
                    Looked::Ended(row) => {
                        self.finish(*row);
                        None
                    }
                };
                self.gather(&desired, planned);
            }
            Err(error) => self.broken(error),
        }
    }

    fn moved(&mut self, moved: Result<(Id, Row), JoinError>) {
        match moved {
            Ok((id, row)) => {
                self.under_way.remove(&id);
                self.finish(row);
            }
            Err(error) => self.broken(error),
        }
    }

    fn broken(&mut self, error: JoinError) {
        if let Some(desired) = self.under_way.remove(&error.id()) {
            self.gather(&desired, None);
            let failure = Failure::new(Stage::Transfer, Error::Broken(error));
            self.finish(Ending::before(desired, Outcome::Failed(failure), 0, Instant::now()).row());
        }
    }

    fn gather(&mut self, desired: &Desired, planned: Option<Box<Planned>>) {
        // Nobody waits for what is set apart.
        let group = if self.engine.is_set_apart(desired) {
            planned.into_iter().collect()
        } else {
            self.siblings.looked(&desired.source, planned)
        };
        if !group.is_empty() {
            let urgency = group.iter().filter_map(|planned| self.engine.urgency(&planned.desired)).min();
            self.waiting.push(group, urgency);
        }
    }

    fn finish(&mut self, row: Row) {
        self.engine.observer.finished(&row);
        self.rows.push(row);
    }

    fn unfinished(&mut self, desired: Desired) {
        let outcome = Outcome::Unfinished(self.engine.stop.cause());
        self.finish(Ending::before(desired, outcome, 0, Instant::now()).row());
    }

    fn give_up_waiting(&mut self) {
        while let Some(desired) = self.ahead.pop().or_else(|| self.ahead.pop_apart()) {
            self.unfinished(desired);
        }
        let waiting = std::iter::from_fn(|| self.waiting.pop()).flatten();
        for planned in waiting.chain(self.siblings.take()).collect::<Vec<_>>() {
            self.unfinished(planned.desired);
        }
    }

    /// Gives up what is still under way; without a stop there is nothing left here.
    async fn end(mut self) -> Vec<Row> {
        self.looking.shutdown().await;
        self.moving.shutdown().await;
        self.give_up_waiting();
        for desired in std::mem::take(&mut self.under_way).into_values() {
            self.unfinished(desired);
        }
        self.rows
    }
}

/// `work` for an entry; for what is set apart each request is made once.
async fn attempt<T>(is_apart: bool, work: impl Future<Output = T>) -> T {
    let work = Box::pin(work);
    if is_apart { once(work).await } else { work.await }
}

/// Where a run begins among `count` entries: somewhere else each hour, so that a run that keeps
/// hitting its deadline starves no line. Multiples of the golden ratio spread evenly over any count.
fn rotation(now: SystemTime, count: usize) -> usize {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let hours = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 3600);
    let share = u128::from(hours.wrapping_mul(GOLDEN));
    usize::try_from((share * count as u128) >> 64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_part_of_a_long_list_comes_first_within_two_days() {
        let hour = |n: u64| UNIX_EPOCH + Duration::from_secs(n * 3600);
        let mut tenths = std::collections::HashSet::new();
        for n in 0..48 {
            let start = rotation(hour(490_000 + n), 1000);
            assert!(start < 1000);
            tenths.insert(start / 100);
        }
        assert_eq!(tenths.len(), 10);
        assert_eq!(rotation(hour(490_000), 0), 0);
    }
}

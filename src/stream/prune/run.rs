//! A run: what there is, what is to be done, and doing it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use super::holes::holes;
use super::judge::judge;
use super::plan::{Planned, Step, limit, plan};
use super::refused::{Ended, Refused};
use super::scan::{Latest, Scan, scan};
use super::sweep::{Sweep, leased};
use super::{PruneSettings, Pruned, Verdict, folders, rows};
use crate::engine::Stop;
use crate::model::{Key, Row};
use crate::objects::Store;
use crate::state::StateError;
use crate::stream::pins::{Pin, PinSet, PinnedBy, PinsError, Problem, Reader, Sources, Unread};
use crate::stream::state::{PinCount, Tombstone, tombstones};

/// What is known before anything is done.
struct Survey {
    scan: Scan,
    pins: PinSet,
    /// Pins of the sources that were named, each pair once.
    count: usize,
    tombstones: Vec<Tombstone>,
    planned: Vec<Planned>,
}

/// Deletes what nothing pins any more, as far as `settings` allow it; or says what would be deleted.
pub async fn prune(
    store: &Store,
    settings: &PruneSettings,
    sources: &Sources,
    now: SystemTime,
    stop: &Stop,
) -> Pruned {
    let mut reader = Reader::new(sources);
    let (rows, ended) = match survey(store, settings, &mut reader, now).await {
        Err(ended) => (Vec::new(), Err(ended)),
        Ok(survey) => match limit(&survey.planned, settings) {
            Err(refused) => (unmarked(store, settings, &survey, now).await, Err(refused.into())),
            Ok(()) if !settings.delete => (told(store, settings, &survey), Ok(())),
            Ok(()) => act(store, settings, (survey, &mut reader), now, stop).await,
        },
    };
    let verdict = match ended {
        Ok(()) => Verdict::AsRowsSay,
        Err(Ended::Refused(refused)) => Verdict::Refused(refused),
        Err(Ended::Unable(unable)) => Verdict::Unable(unable),
    };
    Pruned { rows, verdict, ignored: reader.ignored() }
}

async fn survey(
    store: &Store,
    settings: &PruneSettings,
    reader: &mut Reader<'_>,
    now: SystemTime,
) -> Result<Survey, Ended> {
    let mut pins = reader.read().await.map_err(Refused::Pins)?;
    let (count, last) = (pins.pairs().len(), PinCount::read(store).await?);
    Refused::unless_enough(count, settings.min_pins, last, settings.accept_pin_drop)?;
    unless_linked(store, settings).await?;
    let tombstones = tombstones(store).await?;
    let mut scan = scan(store, settings).await?;
    // A directory on disk goes at once; and a file that was given a second name there is as old as its first.
    if store.is_bucket() {
        scan.remember(&tombstones);
    }
    pins.extend(held(&scan.latest)?);
    pins.extend(leased(store, now).await?);
    let planned = plan(judge(&scan, &pins, settings, now), &tombstones, settings.grace, now);
    Ok(Survey { scan, pins, count, tombstones, planned })
}

/// Refuses to look at what a link leads to: it may be another architecture's, by whose pins it is kept.
async fn unless_linked(store: &Store, settings: &PruneSettings) -> Result<(), Ended> {
    for arch in &settings.arches {
        let folder = settings.folder(arch).map_err(super::Unable::from)?;
        if let Some(link) = folders::link_above(store, &folder).await.map_err(super::Unable::from)? {
            return Err(Refused::Linked { link }.into());
        }
    }
    Ok(())
}

/// What the directories called `latest…` pin.
fn held(latest: &[Latest]) -> Result<Vec<Pin>, Refused> {
    let (mut pins, mut unread) = (Vec::new(), Vec::new());
    for Latest { key, arch, holds } in latest {
        match holds {
            Some(release) => pins.push(Pin {
                arch: Some(Arc::clone(arch)),
                release: Arc::clone(release),
                by: PinnedBy::Latest { directory: key.clone() },
            }),
            None => unread.push(Unread::new(&key.as_str().into(), Problem::NoMark)),
        }
    }
    if unread.is_empty() { Ok(pins) } else { Err(Refused::Pins(PinsError::Unread(unread))) }
}

/// What would be done.
fn told(store: &Store, settings: &PruneSettings, survey: &Survey) -> Vec<Row> {
    let rows = survey.planned.iter().map(|planned| rows::planned(store, planned, false));
    rows.chain(hole_rows(settings, survey)).collect()
}

/// As [`told`]; but what is pinned again loses its mark, though nothing else is done: it was no orphan in every run.
async fn unmarked(store: &Store, settings: &PruneSettings, survey: &Survey, now: SystemTime) -> Vec<Row> {
    let mut rows = Vec::new();
    for one in &survey.planned {
        if settings.delete && one.step == Step::Unmark {
            rows.extend(marked(store, std::slice::from_ref(one), now).await);
        } else {
            rows.push(rows::planned(store, one, false));
        }
    }
    rows.extend(hole_rows(settings, survey));
    rows
}

fn hole_rows(settings: &PruneSettings, survey: &Survey) -> Vec<Row> {
    let holes = holes(&survey.scan, &survey.pins, &settings.arches, &BTreeSet::new());
    holes.iter().map(|hole| rows::hole(hole, settings.check)).collect()
}

/// Does it: what is kept after all loses its mark first, then what nothing pins gets one, then goes what is due.
async fn act(
    store: &Store,
    settings: &PruneSettings,
    (survey, reader): (Survey, &mut Reader<'_>),
    now: SystemTime,
    stop: &Stop,
) -> (Vec<Row>, Result<(), Ended>) {
    let Survey { scan, pins, count, tombstones, planned } = survey;
    let mut rows = marked(store, &planned, now).await;
    let last = pins.clone();
    let mut sweep = Sweep { store, scan: &scan, reader, pins, last, gone: BTreeSet::new(), now, stop };
    let (swept, mut ended) = sweep.all(&planned).await;
    rows.extend(swept);
    if ended.is_ok() && !sweep.gone.is_empty() {
        ended = sweep.look_again().await;
    }
    let holes = holes(&scan, &sweep.last, &settings.arches, &sweep.gone);
    rows.extend(holes.iter().map(|hole| rows::hole(hole, settings.check)));
    if ended.is_ok() {
        ended = after(store, settings, (&scan, &tombstones), PinCount { pins: count, at: now }).await;
    }
    (rows, ended)
}

/// Writes and takes away marks; gives the rows of all directories that are not due.
async fn marked(store: &Store, planned: &[Planned], now: SystemTime) -> Vec<Row> {
    let mut rows = Vec::new();
    for one in planned {
        let tombstone = Tombstone { directory: one.judged.directory.to_string(), since: now, release: None };
        let done: Result<(), StateError> = match one.step {
            Step::Delete { .. } => continue,
            Step::Keep | Step::Wait { .. } => Ok(()),
            Step::Mark => tombstone.write(store).await,
            Step::Unmark => tombstone.end(store).await,
        };
        rows.push(match done {
            Ok(()) => rows::planned(store, one, true),
            Err(error) => rows::failed(store, &one.judged, error),
        });
    }
    rows
}

/// What is left to do once all went well: marks of directories that are not there go, so does what was put aside long ago,
/// and the number of pins is kept.
async fn after(
    store: &Store,
    settings: &PruneSettings,
    (scan, tombstones): (&Scan, &[Tombstone]),
    count: PinCount,
) -> Result<(), Ended> {
    let there: BTreeSet<&str> = scan.directories.iter().map(|directory| directory.key.as_str()).collect();
    let folders = settings.arches.iter().map(|arch| settings.folder(arch)).collect::<Result<Vec<Key>, _>>();
    let folders = folders.map_err(StateError::from)?;
    for tombstone in tombstones.iter().filter(|tombstone| !there.contains(&*tombstone.directory)) {
        let is_ours = |directory: Key| folders.iter().any(|folder| directory.is_below(folder));
        if Key::parse(&tombstone.directory).is_ok_and(is_ours) {
            tombstone.end(store).await?;
        }
    }
    count.write(store).await?;
    folders::purge(store, count.at, settings.trash_ttl).await.map_err(super::Unable::from)?;
    Ok(())
}

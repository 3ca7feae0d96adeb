//! A run, phase by phase. What one gives the next takes, and none looks back.
//!
//! 1. `judged`: what registries say of the builds, and what is inconsistent about them.
//! 2. `definitions`: what each ImageStream is to hold.
//! 3. `plan`: what would be copied and changed; written down before anything is.
//! 4. `moving`: images are copied. Unless all are there, nothing else is touched.
//! 5. ImageStreams are changed and read back, then release images are made.

mod definitions;
mod judged;
mod moving;
mod multi;
mod plan;
mod releases;
mod rows;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::entries::Slice;
use super::imagestream::{self, Backend, Definition};
use super::mirror;
use super::parameters::Order;
use super::payload::Payload;
use crate::engine::{Observer, Options, Stop};
use crate::error::Classify;
use crate::model::{Cause, Origin, Outcome, Row, Skip};
use crate::policy::Policies;
use crate::registry::Client;
use crate::report::replace;

pub use plan::Plan;

/// What a run does it with.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The registries.
    pub client: &'a Client,
    /// What an operator allows.
    pub policies: &'a Policies,
    /// Where ImageStreams are.
    pub backend: &'a dyn Backend,
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// When to stop.
    pub stop: Stop,
    /// How images are copied.
    pub copying: Options,
    /// Where plans, definitions and reports are written.
    pub artifacts: PathBuf,
    /// Nothing is written but those.
    pub is_dry_run: bool,
    /// The stand-in has to be there even where nothing needs one.
    pub is_stand_in_required: bool,
    /// How long a cluster has to import images; none: that is not waited for.
    pub wait_import: Option<Duration>,
    /// Where this run can be looked at; empty: nowhere.
    pub build_url: &'a str,
    /// All times in release images; none: when their base was made.
    pub source_date: Option<SystemTime>,
    /// When the run began.
    pub began: SystemTime,
}

/// What a run came to.
#[derive(Debug)]
pub struct Finished {
    /// A row for all that was wanted and for all that was wrong.
    pub rows: Vec<Row>,
    /// What it means as a whole.
    pub verdict: Verdict,
}

impl Finished {
    /// Of a payload that cannot be made.
    fn bad_input(payload: &Payload, error: impl Classify) -> Self {
        Self { rows: vec![rows::wrong(payload, "", rows::failed(error))], verdict: Verdict::BadInput }
    }
}

/// What a run means, beyond its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What the rows say.
    AsRowsSay,
    /// The payload is inconsistent, and nothing was written.
    NotViable,
    /// Something embargoed would have become public, and nothing was written.
    Embargoed,
    /// The payload cannot be made at all, and nothing was written.
    BadInput,
}

/// Takes the payload to the nightlies, as far as it may go.
pub async fn run(order: &Order, setup: &Setup<'_>) -> Finished {
    phases(order, setup).await.unwrap_or_else(|finished| finished)
}

async fn phases(order: &Order, setup: &Setup<'_>) -> Result<Finished, Finished> {
    releases::check_name(order)?;
    let judged = judged::judge(order, setup).await?;
    let definitions = definitions::definitions(order, &judged, setup.build_url);
    write_artifacts(&order.payload, &judged.slices, &definitions, setup)?;
    let planned = plan::plan(order, &judged, &definitions, setup).await?;
    if !(judged.is_viable() || order.emergency) {
        let rows = [judged.complaints(&order.payload), planned.into_rows()].concat();
        return Ok(Finished { rows, verdict: Verdict::NotViable });
    }
    judged.tell(order.emergency);
    let mut rows = if setup.is_dry_run {
        planned.into_rows()
    } else {
        let mut rows = moving::copy(planned.entries, planned.compared, setup).await;
        let streams =
            update(&definitions, rows.iter().all(|row| moving::is_in_place(&row.outcome)), setup).await;
        rows.extend(streams);
        rows
    };
    let made = release(order, (&judged.slices, &definitions), &rows, setup).await;
    rows.extend(made);
    Ok(Finished { rows, verdict: Verdict::AsRowsSay })
}

/// Makes what is made of ImageStreams: the payload for all architectures, and release images. What is not made is a row, too.
async fn release(
    order: &Order,
    (slices, definitions): (&[Slice], &[Definition]),
    rows: &[Row],
    setup: &Setup<'_>,
) -> Vec<Row> {
    let made_of = slices.iter().zip(definitions);
    let (ready, others): (Vec<_>, Vec<_>) = made_of.partition(|(_, definition)| is_ready(definition, rows));
    let whys: Vec<Outcome> = others.iter().map(|(_, definition)| why_not(definition, rows)).collect();
    let mut made = Vec::new();
    if order.multi {
        made.extend(match whys.iter().find(|why| !is_locked(why)).or(whys.first()) {
            None => for_all(order, (slices, definitions), setup).await,
            Some(why) => vec![multi::not_made(&order.payload, setup, why.clone())],
        });
    }
    if order.publish {
        made.extend(releases::make(order, &ready, setup).await);
        made.extend(others.iter().zip(whys).map(|((_, of), why)| releases::row(order, of, why)));
    }
    made
}

/// The payload for all architectures, unless the run is stopped meanwhile.
async fn for_all(
    order: &Order,
    (slices, definitions): (&[Slice], &[Definition]),
    setup: &Setup<'_>,
) -> Vec<Row> {
    let stop = &setup.stop;
    tokio::select! {
        biased;
        () = stop.now.cancelled() => {
            vec![multi::not_made(&order.payload, setup, Outcome::Unfinished(stop.cause()))]
        }
        rows = multi::make(order, (slices, definitions), setup) => rows,
    }
}

/// Changes ImageStreams, unless what they are to name is not all there.
async fn update(definitions: &[Definition], is_all_there: bool, setup: &Setup<'_>) -> Vec<Row> {
    if is_all_there {
        return imagestream::apply(setup.backend, definitions, &setup.options(setup.wait_import)).await;
    }
    let untouched =
        |definition: &Definition| definition.row(setup.backend, Outcome::Unfinished(Cause::NotAllThere));
    definitions.iter().map(untouched).collect()
}

/// What became of an ImageStream and of its tags.
fn outcomes<'a>(definition: &Definition, rows: &'a [Row]) -> impl Iterator<Item = &'a Outcome> {
    let stream = definition.name.to_string();
    let is_its = move |row: &&Row| matches!(&row.origin, Origin::ImageStreamTag { stream: own, .. } if **own == *stream);
    rows.iter().filter(is_its).map(|row| &row.outcome)
}

/// Whether an ImageStream is as it is to be, or in a dry run could be made so.
fn is_ready(definition: &Definition, rows: &[Row]) -> bool {
    let is_fine = |outcome| matches!(outcome, &Outcome::Planned(_)) || moving::is_in_place(outcome);
    outcomes(definition, rows).all(is_fine)
}

/// Why nothing is made of an ImageStream that is not ready.
fn why_not(definition: &Definition, rows: &[Row]) -> Outcome {
    let locked = outcomes(definition, rows).find(|outcome| is_locked(outcome));
    locked.cloned().unwrap_or(Outcome::Unfinished(Cause::NotAllThere))
}

fn is_locked(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Skipped(Skip::Locked))
}

/// What would be mirrored, and what ImageStreams are to hold, as files.
fn write_artifacts(
    payload: &Payload,
    slices: &[Slice],
    definitions: &[Definition],
    setup: &Setup<'_>,
) -> Result<(), Finished> {
    for (name, text) in slices.iter().flat_map(mirror::files) {
        setup.write(&name, &text).map_err(|cause| setup.not_written(payload, &name, cause))?;
    }
    let written = imagestream::write_definitions(definitions, &setup.artifacts);
    written.map(drop).map_err(|error| Finished::bad_input(payload, error))
}

impl Setup<'_> {
    /// How ImageStreams are to be written.
    fn options(&self, wait_import: Option<Duration>) -> imagestream::Options {
        imagestream::Options { artifacts: self.artifacts.clone(), wait_import, stop: self.stop.clone() }
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        replace(&self.artifacts.join(name), text.as_bytes())
    }

    /// A run that ends before anything is written, since nobody would know what it did.
    fn not_written(&self, payload: &Payload, name: &str, cause: io::Error) -> Finished {
        Finished::bad_input(payload, imagestream::ArtifactError { path: self.artifacts.join(name), cause })
    }
}

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
mod plan;
mod rows;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::entries::Slice;
use super::imagestream::{self, Backend, Definition};
use super::mirror;
use super::parameters::Order;
use super::publish;
use crate::engine::{Observer, Stop};
use crate::model::{Outcome, Row};
use crate::policy::Policies;
use crate::registry::Client;

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
    /// Images being copied at a time.
    pub jobs: usize,
    /// Where plans, definitions and reports are written.
    pub artifacts: PathBuf,
    /// Nothing is written but those.
    pub is_dry_run: bool,
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

/// What a run means, beyond its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    let judged = match judged::judge(order, setup).await {
        Ok(judged) => judged,
        Err(finished) => return finished,
    };
    let definitions = definitions::definitions(order, &judged, setup.build_url);
    if let Err(failed) = write_artifacts(&judged.slices, &definitions, setup) {
        return Finished { rows: vec![failed], verdict: Verdict::BadInput };
    }
    let planned = match plan::plan(order, &judged, &definitions, setup).await {
        Ok(planned) => planned,
        Err(row) => return Finished { rows: vec![*row], verdict: Verdict::AsRowsSay },
    };
    let is_allowed = judged.is_viable() || order.is_emergency;
    if !is_allowed || setup.is_dry_run {
        let verdict = if is_allowed { Verdict::AsRowsSay } else { Verdict::NotViable };
        let complaints = if is_allowed { Vec::new() } else { judged.complaints(&order.payload) };
        return Finished { rows: [complaints, planned.into_rows()].concat(), verdict };
    }
    let rows = carry_out(order, setup, &judged, (&definitions, planned)).await;
    Finished { rows, verdict: Verdict::AsRowsSay }
}

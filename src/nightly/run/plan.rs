//! What a run would do, written down before it does any of it.

use serde::Serialize;

use super::judged::Judged;
use super::{Finished, Setup, moving};
use crate::model::{Desired, Locator, Row};
use crate::nightly::imagestream::{Definition, StreamPlan, plan as plan_streams};
use crate::nightly::mirror::{cleared, desired};
use crate::nightly::parameters::Order;

/// The file of the plan among the artifacts.
pub(super) const FILE: &str = "plan.json";

/// What would be done.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// The version of this format: 1.
    pub plan: u32,
    /// The version of the payload.
    pub version: String,
    /// The assembly.
    pub assembly: String,
    /// Whether all that is inconsistent is permitted.
    pub viable: bool,
    /// Images and indexes, by where they go.
    pub images: Vec<PlannedImage>,
    /// ImageStreams.
    pub imagestreams: Vec<StreamPlan>,
}

/// What would become of an image.
#[derive(Debug, Serialize)]
pub struct PlannedImage {
    /// Where it goes.
    pub target: String,
    /// Where it is.
    pub source: String,
    /// `planned`: it would be copied; `kept`: it is there; else the outcome that keeps the run from it.
    pub outcome: &'static str,
}

/// A plan, and what it was made of.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) entries: Vec<Desired>,
    pub(super) compared: Vec<Row>,
}

impl Planned {
    /// The rows of all of it, where it is not carried out.
    pub(super) fn into_rows(self) -> Vec<Row> {
        let streams = self.plan.imagestreams.into_iter().map(|stream| stream.row);
        self.compared.into_iter().chain(streams).collect()
    }
}

/// Looks at all targets and ImageStreams, and writes the plan down. Nothing else is written.
pub(super) async fn plan(
    order: &Order,
    judged: &Judged,
    definitions: &[Definition],
    setup: &Setup<'_>,
) -> Result<Planned, Finished> {
    let cleared = cleared(&order.payload, &judged.inspected, order.embargo_ack);
    let entries = desired(&order.payload, &judged.slices, &cleared);
    let compared = moving::compare(entries.clone(), setup).await;
    let imagestreams = plan_streams(setup.backend, definitions).await;
    let plan = Plan {
        plan: 1,
        version: order.payload.version.to_string(),
        assembly: order.payload.assembly.name.to_string(),
        viable: judged.is_viable(),
        images: images(&compared),
        imagestreams,
    };
    let text = serde_json::to_string_pretty(&plan).map_err(std::io::Error::other);
    let written = text.and_then(|text| setup.write(FILE, &(text + "\n")));
    written.map_err(|cause| setup.not_written(&order.payload, FILE, cause))?;
    Ok(Planned { plan, entries, compared })
}

fn images(compared: &[Row]) -> Vec<PlannedImage> {
    let name = Locator::to_string;
    let image = |row: &Row| PlannedImage {
        target: name(&row.target),
        source: name(&row.source),
        outcome: row.outcome.word(),
    };
    let mut images: Vec<PlannedImage> = compared.iter().map(image).collect();
    images.sort_by(|a, b| a.target.cmp(&b.target));
    images
}

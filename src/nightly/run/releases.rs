//! Release images of what was brought to the ImageStreams.

use futures_util::{StreamExt as _, stream};

use super::{Finished, Setup, rows};
use crate::error::{Failure, Stage};
use crate::model::{Locator, Outcome, Row, Skip};
use crate::nightly::entries::Slice;
use crate::nightly::imagestream::{Definition, Merge, merge};
use crate::nightly::parameters::Order;
use crate::nightly::publish::{Means, Release, ReleaseName, members, publish};

/// Release images being made at a time; each reads all images of its payload.
const AT_A_TIME: usize = 4;

/// Whether releases can be called what they are to be called. Known before anything is written.
pub(super) fn check_name(order: &Order) -> Result<(), Finished> {
    let payload = &order.payload;
    if !order.publish {
        return Ok(());
    }
    let name = ReleaseName::of_assembly(payload.version, &payload.assembly.name);
    name.map(drop).map_err(|error| Finished::bad_input(payload, error))
}

/// Makes a release image of each payload. A dry run puts them together, and says what they would be.
pub(super) async fn make(order: &Order, made_of: &[(&Slice, &Definition)], setup: &Setup<'_>) -> Vec<Row> {
    let releases = made_of.iter().map(|(slice, definition)| async move {
        match release(order, slice, definition, setup).await {
            Ok(release) => publish(&setup.means(), &release).await.row,
            Err(outcome) => row(order, definition, outcome),
        }
    });
    stream::iter(releases).buffered(AT_A_TIME).collect().await
}

async fn release(
    order: &Order,
    slice: &Slice,
    definition: &Definition,
    setup: &Setup<'_>,
) -> Result<Release, Outcome> {
    // What else is in an ImageStream that is changed in part belongs to its release, and what somebody took back does not.
    let live = setup.backend.get(&definition.name).await;
    let live = live.map_err(|error| Outcome::of_failure(Failure::new(Stage::Plan, error)))?;
    let Merge::Merged(merged) = merge(live.as_ref(), definition) else {
        return Err(Outcome::Skipped(Skip::Locked));
    };
    let members = members(slice, &merged, setup.is_dry_run).map_err(rows::failed)?;
    Release::of(&order.payload, slice, members, setup.source_date).map_err(rows::failed)
}

fn row(order: &Order, definition: &Definition, outcome: Outcome) -> Row {
    let release = format!("a release image of {}", order.payload.assembly.name);
    let ends = (Locator::Text(definition.file_name().into()), Locator::Text(release.into()));
    Row::of_nothing(definition.name.origin(None), None, ends, outcome)
}

impl Setup<'_> {
    pub(super) fn means(&self) -> Means {
        Means { client: self.client.clone(), stop: self.stop.clone(), is_dry_run: self.is_dry_run }
    }
}

//! The payload for all architectures: made of what is public, and named in an ImageStream of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Setup, rows};
use crate::error::{Chain, Failure, Stage};
use crate::model::{Outcome, Reason, Row, Skip};
use crate::nightly::StreamName;
use crate::nightly::entries::Slice;
use crate::nightly::imagestream::{self, Change, Definition};
use crate::nightly::multi::tags::{NewTag, Standing, merge};
use crate::nightly::multi::{self, Input, Made, Multi};
use crate::nightly::names::{Privacy, multi_stream_name};
use crate::nightly::parameters::Order;
use crate::nightly::payload::Payload;

/// What reports say that it is made of.
const SOURCE: &str = "the payload for all architectures";

/// Makes the payload for all architectures, if one is due.
pub(super) async fn make(
    order: &Order,
    (slices, definitions): (&[Slice], &[Definition]),
    setup: &Setup<'_>,
) -> Vec<Row> {
    let payload = &order.payload;
    let stream = multi_stream_name(payload);
    let live = match setup.backend.get(&stream).await {
        Ok(live) => live,
        Err(error) => {
            let outcome = Outcome::of_failure(Failure::new(Stage::Plan, error));
            return vec![of_stream(&stream, setup, outcome)];
        }
    };
    let annotations = annotations(definitions);
    let input = Input {
        payload,
        entries: &multi::entries(slices, setup.is_dry_run),
        live: live.as_ref(),
        annotations: &annotations,
        tag_annotations: &tag_annotations(slices, definitions),
        now: setup.began,
        created: setup.source_date,
    };
    match multi::make(&setup.means(&payload.file), &input).await {
        Ok(multi) => conclude(payload, (multi, &annotations), live.is_some(), setup).await,
        Err(error) => vec![of_stream(&stream, setup, rows::failed(error))],
    }
}

/// The row of one that is not made, for the ImageStreams of its architectures are not what they are to be.
pub(super) fn not_made(payload: &Payload, setup: &Setup<'_>, why: Outcome) -> Row {
    of_stream(&multi_stream_name(payload), setup, why)
}

async fn conclude(
    payload: &Payload,
    (multi, annotations): (Multi, &BTreeMap<String, String>),
    is_there: bool,
    setup: &Setup<'_>,
) -> Vec<Row> {
    let Multi { stream, standing, mut rows, made, documents } = multi;
    for (file, document) in &documents {
        let written = serde_yaml::to_string(document).map_err(std::io::Error::other);
        if let Err(error) = written.and_then(|text| setup.write(file, &text)) {
            tracing::warn!("`{file}` could not be written to the artifacts: {}", Chain(&error));
        }
    }
    let outcome = match (standing, made) {
        (Standing::Locked, _) => {
            tracing::warn!("{stream} is locked: it is left as it is");
            Outcome::Skipped(Skip::Locked)
        }
        (Standing::TooSoon { last, .. }, _) => {
            tracing::info!("{last} is too new for another release for all architectures");
            Outcome::Kept
        }
        (Standing::Due, None) => return rows,
        (Standing::Due, Some(_)) if setup.is_dry_run => {
            Outcome::Planned(if is_there { Reason::Differs } else { Reason::Absent })
        }
        (Standing::Due, Some(made)) => {
            rows.extend(write(payload, (&stream, &made, annotations), setup).await);
            return rows;
        }
    };
    rows.push(of_stream(&stream, setup, outcome));
    rows
}

/// Puts the release into the ImageStream, and looks whether it is there.
async fn write(
    payload: &Payload,
    (stream, made, annotations): (&StreamName, &Made, &BTreeMap<String, String>),
    setup: &Setup<'_>,
) -> Vec<Row> {
    let rules = (payload.assembly.kind, &payload.multi_arch);
    let new = NewTag { name: &made.name, image: &made.image, annotations };
    let merge = |live: Option<&Value>| merge(stream, live, rules, &new);
    let change = Change { name: stream, source: SOURCE, tags: &[new.definition()], merge: &merge };
    imagestream::change(setup.backend, change, &setup.options(None)).await
}

fn of_stream(stream: &StreamName, setup: &Setup<'_>, outcome: Outcome) -> Row {
    imagestream::rows::of_stream(setup.backend, (stream, SOURCE), outcome)
}

/// Those that say which build it was, of any of the ImageStreams: they all say the same.
fn annotations(definitions: &[Definition]) -> BTreeMap<String, String> {
    definitions.first().map(Definition::origin_annotations).unwrap_or_default()
}

fn tag_annotations(
    slices: &[Slice],
    definitions: &[Definition],
) -> BTreeMap<Arc<str>, BTreeMap<String, String>> {
    let made_of = slices.iter().zip(definitions);
    let public = made_of.filter(|(slice, _)| slice.privacy == Privacy::Public);
    let tags = public.flat_map(|(_, definition)| &definition.tags);
    let annotated = tags.filter(|tag| !tag.annotations.is_empty());
    annotated.map(|tag| (Arc::clone(&tag.name), tag.annotations.clone())).collect()
}

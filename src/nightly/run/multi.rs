//! The payload for all architectures: made of what is public, and named in an ImageStream of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::entries::Slice;
use super::super::imagestream::{BackendError, Definition, Put, TagDefinition};
use super::super::multi::tags::{NewTag, Standing, is_locked, next_tags};
use super::super::multi::{self, Input, Made, Multi};
use super::super::names::{Privacy, multi_stream_name};
use super::super::parameters::Order;
use super::super::payload::Payload;
use super::{Setup, rows};
use crate::error::{Chain, Class, Classify, Failure, Stage};
use crate::model::{Locator, Origin, Outcome, Reason, Row, Skip, Update};
use crate::nightly::StreamName;

/// How often the ImageStream is written that others change at the same time.
const TRIES: u32 = 5;

/// Someone else changes the ImageStream all the time, or what was written is not what is there.
#[derive(Debug, thiserror::Error)]
enum NotWritten {
    #[error("someone else changed {0} each time it was about to be written")]
    Contended(StreamName),
    #[error("{0} was written without an error, and the release is not in it")]
    NotApplied(StreamName),
}

impl Classify for NotWritten {
    fn class(&self) -> Class {
        match self {
            Self::Contended(_) => Class::Transient,
            Self::NotApplied(_) => Class::Protocol,
        }
    }

    fn advice(&self) -> Option<String> {
        Some("see what else writes it, then run again: the release is made already".to_owned())
    }
}

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
        Err(error) => return vec![of_stream(&stream, setup, of_backend(Stage::Resolve, error))],
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
    match multi::make(&setup.means(), &input).await {
        Ok(multi) => conclude(payload, (multi, &annotations), live, setup).await,
        Err(error) => vec![of_stream(&stream, setup, rows::failed(error))],
    }
}

async fn conclude(
    payload: &Payload,
    (multi, annotations): (Multi, &BTreeMap<String, String>),
    live: Option<Value>,
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
        (Standing::Locked, _) => locked(&stream),
        (Standing::TooSoon { last, .. }, _) => {
            tracing::info!("{last} is too new for another release for all architectures");
            Outcome::Kept
        }
        (Standing::Due, None) => return rows,
        (Standing::Due, Some(_)) if setup.is_dry_run => {
            Outcome::Planned(if live.is_some() { Reason::Differs } else { Reason::Absent })
        }
        (Standing::Due, Some(made)) => write(payload, (&stream, &made, annotations), live, setup).await,
    };
    rows.push(of_stream(&stream, setup, outcome));
    rows
}

/// Puts the release into the ImageStream, and looks whether it is there.
async fn write(
    payload: &Payload,
    (stream, made, annotations): (&StreamName, &Made, &BTreeMap<String, String>),
    mut live: Option<Value>,
    setup: &Setup<'_>,
) -> Outcome {
    let rules = (payload.assembly.kind, &payload.multi_arch);
    for _ in 0..TRIES {
        if setup.stop.gently.is_cancelled() {
            return Outcome::Unfinished(setup.stop.cause());
        }
        if is_locked(live.as_ref()) {
            return locked(stream);
        }
        let new = NewTag { name: &made.name, image: &made.image, annotations };
        let next = next_tags(stream, live.as_ref(), rules, &new);
        match setup.backend.put(stream, live.as_ref(), &next.object).await {
            Ok(Put::Stored) => {
                let done =
                    live.map_or(Outcome::Copied(Reason::Absent), |_| Outcome::Updated(Update::ImageStream));
                return verified((stream, made), &next.removed, done, setup).await;
            }
            Ok(Put::Conflict) => match setup.backend.get(stream).await {
                Ok(now) => live = now,
                Err(error) => return of_backend(Stage::Transfer, error),
            },
            Err(error) => return of_backend(Stage::Transfer, error),
        }
    }
    rows::failed(NotWritten::Contended(stream.clone()))
}

fn locked(stream: &StreamName) -> Outcome {
    tracing::warn!("{stream} is locked: it is left as it is");
    Outcome::Skipped(Skip::Locked)
}

/// `done`, if the release is there.
async fn verified(
    (stream, made): (&StreamName, &Made),
    removed: &[String],
    done: Outcome,
    setup: &Setup<'_>,
) -> Outcome {
    for tag in removed {
        if let Err(error) = setup.backend.delete_tag(stream, tag).await {
            tracing::warn!("{stream}:{tag} was not deleted: {}", Chain(&error));
        }
    }
    let now = match setup.backend.get(stream).await {
        Ok(now) => now.unwrap_or_default(),
        Err(error) => return of_backend(Stage::Verify, error),
    };
    let image = made.image.to_string();
    let mut tags = now["spec"]["tags"].as_array().into_iter().flatten();
    if tags.any(|tag| tag["name"] == made.name.as_str() && tag["from"]["name"] == image.as_str()) {
        done
    } else {
        Outcome::Failed(Failure::new(Stage::Verify, NotWritten::NotApplied(stream.clone())))
    }
}

fn of_backend(stage: Stage, error: BackendError) -> Outcome {
    Outcome::of_failure(Failure::new(stage, error))
}

fn of_stream(stream: &StreamName, setup: &Setup<'_>, outcome: Outcome) -> Row {
    let origin = Origin::ImageStreamTag { stream: stream.to_string().into(), tag: None };
    let ends = (Locator::Text("the payload for all architectures".into()), setup.backend.place(stream));
    Row::of_nothing(origin, None, ends, outcome)
}

/// Those that say which build it was, of any of the ImageStreams: they all say the same.
fn annotations(definitions: &[Definition]) -> BTreeMap<String, String> {
    definitions.first().map(Definition::origin_annotations).unwrap_or_default()
}

fn tag_annotations(slices: &[Slice], definitions: &[Definition]) -> BTreeMap<Arc<str>, Map<String, Value>> {
    let made_of = slices.iter().zip(definitions);
    let public = made_of.filter(|(slice, _)| slice.privacy == Privacy::Public);
    let tags = public.flat_map(|(_, definition)| &definition.tags);
    let annotated = tags.filter(|tag| !tag.annotations.is_empty());
    let texts = |tag: &TagDefinition| {
        tag.annotations.iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect()
    };
    annotated.map(|tag| (Arc::clone(&tag.name), texts(tag))).collect()
}

//! Release images of what was brought to the ImageStreams.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};

use super::{Finished, Setup, rows};
use crate::error::{Class, Classify, Failure, Stage};
use crate::model::{ImageRef, Locator, Outcome, Row, Skip};
use crate::nightly::entries::Slice;
use crate::nightly::imagestream::{Definition, Merge, merge};
use crate::nightly::names::Privacy;
use crate::nightly::parameters::Order;
use crate::nightly::payload::Payload;
use crate::nightly::publish::{Means, Release, ReleaseMember, ReleaseName, members, publish};

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
            Ok(release) => publish(&setup.means(&order.payload.file), &release).await.row,
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
    fit_for(&order.payload, slice.privacy, &members).map_err(rows::failed)?;
    Release::of(&order.payload, slice, members, setup.source_date).map_err(rows::failed)
}

/// Somebody put an image of the private repository into a public ImageStream.
#[derive(Debug, thiserror::Error)]
#[error("the tag `{tag}` of the public ImageStream is {image}, which is in the private repository")]
struct PrivateMember {
    tag: Arc<str>,
    image: ImageRef,
}

impl Classify for PrivateMember {
    fn class(&self) -> Class {
        Class::Denied
    }

    fn advice(&self) -> Option<String> {
        let tag = &self.tag;
        Some(format!("see who put it there; bring the image of `{tag}` with this payload, or delete the tag"))
    }
}

/// Whether a release may be made of `members`: no public one of what is private, whoever put that into its ImageStream.
fn fit_for(
    payload: &Payload,
    privacy: Privacy,
    members: &BTreeMap<Arc<str>, ReleaseMember>,
) -> Result<(), PrivateMember> {
    let private = payload.destination.components(Privacy::Private);
    let is_private =
        |member: &ReleaseMember| privacy == Privacy::Public && member.image.repository == private;
    match members.iter().find(|(_, member)| is_private(member)) {
        Some((tag, member)) => Err(PrivateMember { tag: Arc::clone(tag), image: member.image.clone() }),
        None => Ok(()),
    }
}

/// The row of a release of `definition` that is not made.
pub(super) fn row(order: &Order, definition: &Definition, outcome: Outcome) -> Row {
    let release = format!("a release image of {}", order.payload.assembly.name);
    let ends = (Locator::Text(definition.file_name().into()), Locator::Text(release.into()));
    Row::of_nothing(definition.name.origin(None), None, ends, outcome)
}

impl Setup<'_> {
    pub(super) fn means(&self, file: &Arc<str>) -> Means {
        Means {
            client: self.client.clone(),
            stop: self.stop.clone(),
            is_dry_run: self.is_dry_run,
            policies: self.policies.clone(),
            file: Arc::clone(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nightly::sample::{image_ref, payload};

    #[test]
    fn a_public_release_is_made_of_nothing_that_is_in_the_private_repository() {
        let digest = crate::model::Digest::of(b"etcd");
        let member = |repository: &str| {
            let image = image_ref(&format!("quay.io/openshift-release-dev/{repository}@{digest}"));
            let pull_spec = image.to_string().into();
            BTreeMap::from([("etcd".into(), ReleaseMember { component: "etcd".into(), image, pull_spec })])
        };
        let (public, private) = (member("ocp-v4.0-art-dev"), member("ocp-v4.0-art-dev-priv"));
        let refused = fit_for(&payload(), Privacy::Public, &private).unwrap_err();
        assert!(refused.to_string().contains("`etcd`") && refused.advice().is_some(), "{refused}");
        assert_eq!(refused.class(), Class::Denied);
        assert!(fit_for(&payload(), Privacy::Private, &private).is_ok());
        assert!(fit_for(&payload(), Privacy::Public, &public).is_ok());
    }
}

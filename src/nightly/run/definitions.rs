//! What each ImageStream is to hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::judged::Judged;
use crate::nightly::annotations::{Audience, Bearer, INCONSISTENCY, of_stream, of_tag};
use crate::nightly::entries::{Entry, EntryImage, Slice};
use crate::nightly::imagestream::{Definition, TagDefinition};
use crate::nightly::issue::Issue;
use crate::nightly::names::{Privacy, stream_name};
use crate::nightly::parameters::Order;

/// The ImageStream of each slice, in their order.
pub(super) fn definitions(order: &Order, judged: &Judged, build_url: &str) -> Vec<Definition> {
    let issues: Vec<Issue> = judged.issues.issues.iter().map(|judged| judged.issue.clone()).collect();
    let definition = |slice: &Slice| {
        let audience = match slice.privacy {
            Privacy::Public => Audience::Public(&judged.unspoken),
            Privacy::Private => Audience::Private,
        };
        let tags = slice.entries.iter().map(|entry| tag(order, entry, &issues, audience));
        Definition {
            name: stream_name(&order.payload, slice.arch, slice.privacy),
            build_url: build_url.to_owned(),
            basis_event: order.payload.assembly.basis_event.clone(),
            inconsistency: of_stream(&issues, audience),
            tags: tags.collect(),
            is_partial: order.images.is_some() || !slice.left_out.is_empty(),
        }
    };
    judged.slices.iter().map(definition).collect()
}

fn tag(order: &Order, entry: &Entry, issues: &[Issue], audience: Audience<'_>) -> TagDefinition {
    let bearer = match &entry.image {
        EntryImage::Built(_) => {
            order.payload.images.iter().find(|image| image.name == entry.component).map(Bearer::Image)
        }
        EntryImage::Rhcos { is_primary, .. } => Some(Bearer::Rhcos { is_primary: *is_primary }),
    };
    let said = bearer.and_then(|bearer| of_tag(issues, bearer, audience));
    let annotations: BTreeMap<String, String> =
        said.into_iter().map(|said| (INCONSISTENCY.to_owned(), said)).collect();
    TagDefinition { name: Arc::clone(&entry.tag), from: entry.pull_spec(), annotations }
}

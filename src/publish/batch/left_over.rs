//! What earlier runs left unfinished, as orders.

use std::sync::Arc;

use crate::model::{ImageRef, Reference, Tag, Version};
use crate::publish::journal::{Plan, Story, unfinished};
use crate::publish::protocol::{Latest, Means, Order, Resume, Until};
use crate::publish::source::Wanted;
use crate::publish::{Fault, Number, ReleaseVersion};

/// The orders that go on with what was begun in the project of `means` and neither ended nor did not pass.
///
/// # Errors
/// When a journal cannot be read, or names a source that is no image.
pub fn left_over(means: &Means, platforms: &[String], precheck: bool, is_dry_run: bool) -> Result<Vec<Order>, Fault> {
    let Some(state_dir) = &means.state_dir else { return Ok(Vec::new()) };
    let mut orders = Vec::new();
    for begun in unfinished(state_dir, &means.site.upload)? {
        let resumed = resumed((&begun.version, begun.number, &begun.story), platforms, precheck)?;
        orders.extend(resumed.map(|order| Order { is_dry_run, ..order }));
    }
    Ok(orders)
}

/// The order that goes on with what a journal tells of; none: nothing was planned, or all is done.
fn resumed(
    (version, number, story): (&ReleaseVersion, Number, &Story),
    platforms: &[String],
    precheck: bool,
) -> Result<Option<Order>, Fault> {
    let Some(plan) = story.planned.as_ref().filter(|_| !story.is_done) else { return Ok(None) };
    Ok(Some(Order {
        product: Arc::from(plan.product.as_str()),
        source: source(plan)?,
        wanted: Wanted {
            platforms: platforms.to_vec(),
            single_arch: plan.single_arch,
            strip_attestations: plan.stripped,
        },
        version: version.clone(),
        number: Some(number),
        latest: if plan.tags.iter().any(is_latest) { Latest::Unless } else { Latest::No },
        make_unique: plan.unique,
        precheck,
        // That it was to be published was decided before.
        force: true,
        resume: Resume::IfOurs,
        retry_preflight: false,
        request_publish: false,
        sync_tags: false,
        until: Until::Done,
        is_dry_run: false,
    }))
}

fn is_latest(tag: &Tag) -> bool {
    tag.as_str() == "latest"
}

/// The image that was resolved then, whatever its tag is by now.
fn source(plan: &Plan) -> Result<ImageRef, Fault> {
    let read = Reference::parse(&plan.source).map_err(|misread| {
        Fault::unsuitable(
            format!("the journal names the source `{}`, which is no image: {}", plan.source, misread.error),
            "publish it anew with `publish image`",
        )
    })?;
    Ok(ImageRef::new(read.repository, Version::Digest(plan.resolved.clone())))
}

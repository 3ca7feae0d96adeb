//! What earlier runs left unfinished, as orders.

use std::sync::Arc;

use crate::model::{ImageRef, Reference, Tag, Version};
use crate::publish::journal::{Begun, Folders, Plan, Story};
use crate::publish::protocol::{Latest, Means, Order, Resume, Until};
use crate::publish::source::Wanted;
use crate::publish::{Fault, Number, ReleaseVersion};

/// The orders that go on with what was begun in the project of `means` and neither ended nor did not pass.
///
/// # Errors
/// When a journal cannot be read, is another product's, or names a source that is no image.
pub fn left_over(
    (product, means): (&str, &Means),
    platforms: &[String],
    precheck: bool,
    is_dry_run: bool,
) -> Result<Vec<Order>, Fault> {
    let Some(state_dir) = &means.state_dir else { return Ok(Vec::new()) };
    let mut orders = Vec::new();
    let folders = Folders::new(state_dir);
    for begun in folders.unfinished(&means.site.upload)? {
        let last = folders.numbers(&means.site.upload, &begun.version)?.pop().map(|(number, _)| number);
        // Nothing comes of one that did not pass, unless somebody says so, nor of one that a later one has overtaken.
        if begun.story.has_failed() || last != Some(begun.number) {
            continue;
        }
        of_product(product, &begun)?;
        let resumed = resumed((&begun.version, begun.number, &begun.story), platforms, precheck)?;
        orders.extend(resumed.map(|order| Order { is_dry_run, ..order }));
    }
    Ok(orders)
}

/// Two products of one project would publish each other's images.
fn of_product(product: &str, begun: &Begun) -> Result<(), Fault> {
    let other =
        begun.story.planned.as_ref().map(|plan| plan.product.as_str()).filter(|other| *other != product);
    other.map_or(Ok(()), |other| {
        Err(Fault::unsuitable(
            format!(
                "{}-{} at {} was begun for the product `{other}`, and not for `{product}`",
                begun.version, begun.number, begun.upload
            ),
            "each product has a project of its own: correct `project_id` in the metadata",
        ))
    })
}

/// The order that goes on with what a journal tells of; none: nothing was planned.
fn resumed(
    (version, number, story): (&ReleaseVersion, Number, &Story),
    platforms: &[String],
    precheck: bool,
) -> Result<Option<Order>, Fault> {
    let Some(plan) = story.planned.as_ref() else { return Ok(None) };
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
    let advice = "publish it anew with `publish image`";
    let wrong = || {
        Fault::unsuitable(
            format!("the journal names the source `{}`, which is no image by digest", plan.source),
            advice,
        )
    };
    let read = Reference::parse(&plan.source).map_err(|_| wrong())?;
    let digest = read.digest.ok_or_else(wrong)?;
    Ok(ImageRef::new(read.repository, Version::Digest(digest)))
}

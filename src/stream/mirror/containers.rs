//! Container images that a stream lists: copied by digest, whatever their tags name by now.

use std::sync::Arc;

use futures_util::stream;

use super::order::{Order, Setup};
use crate::engine::{Engine, Extent, Options};
use crate::model::{
    Batch, Desired, Endpoint, Finding, ImageRef, Origin, Outcome, Reference, Repository, Row, Severity, Span,
    Tag, Version,
};
use crate::stream::arch::goarch;
use crate::stream::document::{Change, Container, Stream};

/// A container image that is to be copied, and what the stream says of it afterwards.
#[derive(Debug, Clone)]
pub struct WantedContainer {
    desired: Desired,
    change: Change,
}

/// The container images of `stream` that are wanted, in `repository`.
///
/// # Errors
/// Those that name no digest, or no build.
pub fn wanted(
    stream: &Stream,
    selected: impl Fn(&Container) -> bool,
    repository: &Repository,
) -> Result<Vec<WantedContainer>, Vec<Finding>> {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for (at, container) in stream.containers.iter().enumerate().filter(|(_, container)| selected(container)) {
        match one(stream, (at, container), repository) {
            Ok(wanted) => all.push(wanted),
            Err(message) => wrong.push(finding(stream, container, &message)),
        }
    }
    if wrong.is_empty() { Ok(all) } else { Err(wrong) }
}

fn one(
    stream: &Stream,
    (at, container): (usize, &Container),
    repository: &Repository,
) -> Result<WantedContainer, String> {
    let written = container.digest_ref.as_deref().unwrap_or_default();
    let source = match Reference::parse(written) {
        Ok(Reference { repository, digest: Some(digest), .. }) => {
            ImageRef::new(repository, Version::Digest(digest))
        }
        _ => return Err("`digest-ref` names no digest, as in `quay.io/a/b@sha256:…`".to_owned()),
    };
    let release = container.release.as_deref().ok_or("the container image names no `release`")?;
    let tag = Tag::parse(&format!("{release}-{}", goarch(&container.arch)))
        .map_err(|_| format!("`{release}` cannot be part of a tag"))?;
    let target = ImageRef::new(repository.clone(), Version::Tag(tag.clone()));
    let Version::Digest(digest) = &source.version else { return Err("it names no digest".to_owned()) };
    let change = Change::Container {
        container: at,
        image: target.to_string(),
        digest_ref: format!("{repository}@{digest}"),
    };
    let artifact = format!("{}/kubevirt", container.arch).into();
    let desired = Desired {
        origin: Origin::Artifact { file: Arc::clone(&stream.file), artifact },
        owner: None,
        source: Endpoint::Registry(source),
        target: Endpoint::Registry(target),
        guards: Vec::new(),
    };
    Ok(WantedContainer { desired, change })
}

fn finding(stream: &Stream, container: &Container, message: &str) -> Finding {
    let span = Span { line: container.line, column: 1, len: 1, text: "".into() };
    Finding {
        severity: Severity::Error,
        code: "container",
        message: format!("{}/kubevirt: {message}", container.arch),
        file: Arc::clone(&stream.file),
        span: Some(span),
        hint: None,
    }
}

/// Copies them, and gives what the stream says of those that are there.
pub(super) async fn copy(order: &Order<'_>, setup: &Setup<'_>) -> (Vec<Row>, Vec<Change>) {
    if order.containers.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let entries = order.containers.iter().map(|wanted| wanted.desired.clone()).collect();
    let extent = if setup.is_dry_run { Extent::Plan } else { Extent::Mirror };
    let options = Options { extent, began: setup.began, jobs: setup.jobs, ..Options::default() };
    let engine = Engine::new(setup.client, options, Arc::clone(&setup.observer), setup.stop.clone());
    let rows = engine.run(stream::iter([Batch::admit(entries).batch])).await;
    let is_there = |wanted: &&WantedContainer| {
        let target = wanted.desired.target.clone().into();
        let row = rows.iter().find(|row| row.target == target);
        row.is_some_and(|row| matches!(row.outcome, Outcome::Kept | Outcome::Copied(_) | Outcome::Updated(_)))
    };
    let changes = order.containers.iter().filter(is_there).map(|wanted| wanted.change.clone()).collect();
    (rows, changes)
}

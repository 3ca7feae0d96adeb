//! The engine on the wire: entries in, rows and requests out.

mod age;
mod apart;
mod blobs;
mod compare;
mod content;
mod copy;
mod deadline;
mod fanout;
mod further_tags;
mod given;
mod guards;
mod killed;
mod layouts;
mod looks;
mod meanwhile;
mod observed;
mod referrers;
mod stop;
mod tls;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use image_mirror::engine::{Engine, Options, Silent, Stop};
use image_mirror::model::{
    Batch, Desired, Endpoint, ImageRef, LayoutRef, Origin, Outcome, Reference, Row, Tag, Version,
};
use image_mirror::registry::{self, Client, Credentials};

use crate::support::{FakeRegistry, Image, Kind};

/// Two registries, and a way to mirror between them.
pub(crate) struct Pair {
    pub(crate) source: FakeRegistry,
    pub(crate) target: FakeRegistry,
    pub(crate) options: Options,
}

impl Pair {
    pub(crate) async fn start() -> Self {
        let (source, target) = (FakeRegistry::start().await, FakeRegistry::start().await);
        Self { source, target, options: Options::default() }
    }

    /// Puts `image` at the source as `org/app:v1`, and gives the entry that wants it at the target.
    pub(crate) fn offer(&self, image: &Image) -> Desired {
        self.source.put_image("org/app", "v1", image);
        self.entry("org/app:v1", "mirror/app:v1")
    }

    /// An entry from the source's `from` to the target's `to`.
    pub(crate) fn entry(&self, from: &str, to: &str) -> Desired {
        entry(&format!("{}/{from}", self.source.host()), &format!("{}/{to}", self.target.host()))
    }

    pub(crate) async fn mirror(&self, entries: Vec<Desired>) -> Vec<Row> {
        mirror(entries, self.options.clone(), Stop::default()).await
    }

    /// Mirrors one entry.
    pub(crate) async fn mirror_one(&self, entry: Desired) -> Row {
        let mut rows = self.mirror(vec![entry]).await;
        assert_eq!(rows.len(), 1, "one entry is one row");
        rows.remove(0)
    }

    pub(crate) fn clear_logs(&self) {
        self.source.clear_log();
        self.target.clear_log();
    }

    /// All requests at both ends.
    pub(crate) fn requests(&self) -> usize {
        self.source.requests().len() + self.target.requests().len()
    }
}

pub(crate) async fn mirror(entries: Vec<Desired>, options: Options, stop: Stop) -> Vec<Row> {
    let admitted = Batch::admit(entries);
    assert!(admitted.conflicts.is_empty(), "the test's entries contradict one another");
    let client = client(impatient());
    let engine = Engine::new(&client, options, Arc::new(Silent), stop);
    engine.run(stream::iter([admitted.batch])).await
}

/// Waits as short as retries need to be seen.
pub(crate) fn impatient() -> registry::Options {
    registry::Options {
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(5),
        stall_timeout: Duration::from_secs(5),
        ..registry::Options::default()
    }
}

pub(crate) fn client(options: registry::Options) -> Client {
    Client::new(options, Credentials::anonymous(), Credentials::anonymous()).unwrap()
}

pub(crate) fn entry(source: &str, target: &str) -> Desired {
    Desired {
        origin: Origin::Line { file: "mapping_test".into(), line: 1 },
        owner: None,
        source: endpoint(source),
        target: endpoint(target),
        guards: Vec::new(),
    }
}

/// `HOST/NAME:TAG`, `HOST/NAME@DIGEST`, or `oci:PATH:TAG`.
pub(crate) fn endpoint(text: &str) -> Endpoint {
    if let Some(layout) = text.strip_prefix("oci:") {
        let (path, tag) = layout.rsplit_once(':').unwrap();
        return Endpoint::Layout(LayoutRef { path: path.into(), tag: Some(Tag::parse(tag).unwrap()) });
    }
    let reference = Reference::parse(text).unwrap();
    let version = match (reference.digest, reference.tag) {
        (Some(digest), _) => Version::Digest(digest),
        (None, Some(tag)) => Version::Tag(tag),
        (None, None) => panic!("{text} names no version"),
    };
    Endpoint::Registry(ImageRef::new(reference.repository, version))
}

pub(crate) fn layout(path: &Path, tag: &str) -> String {
    format!("oci:{}:{tag}", path.display())
}

/// The outcome as one word.
pub(crate) fn word(row: &Row) -> &'static str {
    row.outcome.word()
}

/// The failure's chain, for a row that must have failed.
pub(crate) fn failure(row: &Row) -> String {
    match &row.outcome {
        Outcome::Failed(failure) => image_mirror::error::Chain(failure).to_string(),
        other => panic!("expected a failure, got {other:?}"),
    }
}

/// What was written at `registry`, in the order it came.
pub(crate) fn writes(registry: &FakeRegistry) -> Vec<Kind> {
    registry.requests().iter().map(|request| request.kind).filter(|kind| kind.is_write()).collect()
}

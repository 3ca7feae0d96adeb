//! Reports made by hand: one with a row of every outcome, and ones of any size.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use image_mirror::error::{Class, Classify, Failure, Stage};
use image_mirror::model::{
    Bytes, Cause, Digest, ImageRef, Locator, Moved, Origin, Outcome, Reason, Reference, Refusal, Requests,
    Row, Skip, Tag, Update, Version, Wire,
};
use image_mirror::report::Report;

/// An error with a cause, as adapters make them.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Broken {
    what: String,
    class: Class,
    attempts: u32,
    advice: Option<String>,
    #[source]
    why: Why,
}

#[derive(Debug)]
struct Why(String);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Why {}

impl Classify for Broken {
    fn class(&self) -> Class {
        self.class
    }

    fn attempts(&self) -> u32 {
        self.attempts
    }

    fn advice(&self) -> Option<String> {
        self.advice.clone()
    }
}

pub(crate) fn broken(class: Class, attempts: u32, what: &str, why: &str) -> Broken {
    Broken { what: what.to_owned(), class, attempts, advice: None, why: Why(why.to_owned()) }
}

impl Broken {
    pub(crate) fn advising(mut self, advice: &str) -> Self {
        self.advice = Some(advice.to_owned());
        self
    }
}

pub(crate) fn failed(stage: Stage, error: Broken) -> Outcome {
    Outcome::Failed(Failure::new(stage, error))
}

pub(crate) fn image(text: &str) -> Locator {
    let reference = Reference::parse(text).unwrap();
    Locator::Image(ImageRef::new(reference.repository, Version::Tag(reference.tag.unwrap())))
}

pub(crate) fn digest(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

const KNATIVE: &str = "mappings/knative/mapping_knative_v1_14";

pub(crate) fn row(line: u32, outcome: Outcome) -> Row {
    Row {
        origin: Origin::Line { file: KNATIVE.into(), line },
        owner: Some("knative-team".into()),
        source: image(&format!("registry.ci.openshift.org/knative/part-{line}:v1.14")),
        target: image(&format!("quay.io/openshift-knative/part-{line}:v1.14")),
        digest: Some(digest("new")),
        previous: Some(digest("new")),
        outcome,
        backups: Vec::new(),
        tags: Vec::new(),
        note: None,
        moved: Moved { bytes: Bytes::default(), requests: 2 },
        attempts: 1,
        elapsed: Duration::from_millis(84),
        standing: None,
        foreseen: None,
    }
}

fn copied(line: u32, outcome: Outcome) -> Row {
    let bytes = Bytes { copied: 12_897_484, mounted: 4_194_304, present: 1_288_490_188 };
    Row { previous: Some(digest("old")), moved: Moved { bytes, requests: 19 }, ..row(line, outcome) }
}

fn other_file(row: Row) -> Row {
    let (_, line) = row.origin.line().unwrap();
    let origin = Origin::Line { file: "mappings/ocp/mapping_origin_4_12".into(), line };
    Row { origin, owner: None, ..row }
}

fn failures() -> Vec<Row> {
    let unwell = "HEAD registry.ci.openshift.org/knative/part-14:v1.14";
    let lost = broken(Class::Transient, 3, unwell, "status 503");
    let pushed = "POST quay.io/openshift-knative/part-15";
    let denied =
        broken(Class::Denied, 1, pushed, "status 401: access to the requested resource is not authorized");
    let denied = denied
        .advising("give the account `robot$knative` write access to `quay.io/openshift-knative/part-15`");
    let line =
        broken(Class::Invalid, 1, "`quay.io/Bad/x:v1` is no image", "repository name must be lowercase");
    vec![
        Row { digest: None, previous: None, attempts: 3, ..row(14, failed(Stage::Resolve, lost)) },
        Row { previous: Some(digest("old")), ..row(15, failed(Stage::Transfer, denied)) },
        Row {
            source: Locator::Text("***:***@quay.io/Bad/x:v1".into()),
            target: Locator::Text("b:v1".into()),
            digest: None,
            previous: None,
            ..other_file(row(7, failed(Stage::Read, line)))
        },
    ]
}

/// Sources by digest, as ImageStreams have them: one that got further tags, and one that was held back.
fn pinned() -> [Row; 2] {
    let source = Reference::parse("registry.ci.openshift.org/ci/tool").unwrap().repository;
    let source = Locator::Image(ImageRef::new(source, Version::Digest(digest("new"))));
    let tag = |text: &str| vec![Tag::parse(text).unwrap()];
    let origin = || Origin::ImageStreamTag { stream: "ci/tool".into(), tag: Some("latest".into()) };
    let moved = copied(16, Outcome::Copied(Reason::Differs));
    let (tags, backups) = (tag("20260102_sha256_new"), tag("20260102_sha256_old"));
    [
        Row { origin: origin(), source: source.clone(), tags, backups, ..moved },
        Row { origin: origin(), source, ..row(17, Outcome::Unfinished(Cause::Withheld)) },
    ]
}

/// One row of every outcome.
pub(crate) fn every_outcome() -> Report {
    let unreachable =
        Cause::Unreachable { host: "registry.example.com".into(), error: "dns error: no such host".into() };
    let mut rows = vec![
        row(1, Outcome::Kept),
        row(2, Outcome::Kept),
        copied(3, Outcome::Copied(Reason::Differs)),
        Row { previous: None, ..copied(4, Outcome::Copied(Reason::Absent)) },
        copied(5, Outcome::Planned(Reason::Differs)),
        row(6, Outcome::Updated(Update::Repaired)),
        Row { digest: None, ..row(8, Outcome::Deleted) },
        other_file(row(9, Outcome::Skipped(Skip::MatchedNothing))),
        row(10, Outcome::Refused(Refusal::Moved { expected: None, found: Some(digest("other")) })),
        row(11, Outcome::Unfinished(Cause::Deadline)),
        row(12, Outcome::Unfinished(unreachable.clone())),
        other_file(row(13, Outcome::Unfinished(unreachable))),
    ];
    rows.extend(failures());
    rows.extend(pinned());
    report(rows)
}

/// One row of all that can become of a tag that is to be deleted.
pub(crate) fn deletions() -> Report {
    let repository: Arc<str> = "quay.io/openshift/ci".into();
    let of = |tag: u32, outcome: Outcome| Row {
        origin: Origin::Repository { repository: Arc::clone(&repository) },
        owner: None,
        source: Locator::Text("".into()),
        target: image(&format!("{repository}:tag-{tag}")),
        digest: None,
        previous: None,
        ..row(tag, outcome)
    };
    let error = broken(Class::Transient, 5, "DELETE tag quay.io/openshift/ci:tag-5", "status 503");
    let too_many = Refusal::TooMany { expired: 9, tags: 12, bound: "--max-fraction=0.5".into() };
    let rows = vec![
        of(1, Outcome::Deleted),
        of(2, Outcome::Planned(Reason::Expired)),
        of(3, Outcome::Skipped(Skip::Gone)),
        of(4, Outcome::Skipped(Skip::NoSuchDate)),
        Row { attempts: 5, ..of(5, failed(Stage::Delete, error)) },
        of(6, Outcome::Refused(too_many)),
        of(7, Outcome::Unfinished(Cause::Interrupted)),
    ];
    Report { command: "prune-tags".to_owned(), ..report(rows) }
}

/// A report of `rows`, with an exit code that fits an ordinary run with failures.
pub(crate) fn report(rows: Vec<Row>) -> Report {
    Report {
        command: "run".to_owned(),
        dry_run: false,
        started: SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045),
        elapsed: Duration::from_millis(3_217),
        exit_code: 1,
        unwritten: false,
        rows,
        part: None,
        compared: None,
        state: None,
        wire: Wire {
            received: 12_997_484,
            sent: 12_898_000,
            requests: Requests { token: 5, head: 2_004, get: 6, post: 4, patch: 0, put: 7, delete: 0 },
        },
    }
}

/// `count` rows that are kept, with the last three failed.
pub(crate) fn three_failed_of(count: u32) -> Report {
    let mut rows: Vec<Row> = (1..=count - 3).map(|line| row(line, Outcome::Kept)).collect();
    for line in count - 2..=count {
        let error = broken(Class::Missing, 1, &format!("HEAD part-{line}:v1.14"), "status 404");
        rows.push(Row { digest: None, previous: None, ..row(line, failed(Stage::Resolve, error)) });
    }
    report(rows)
}

/// `count` rows that failed for one and the same reason.
pub(crate) fn alike(count: u32) -> Report {
    let error = Arc::new(broken(Class::Denied, 1, "GET quay.io/v2/auth", "status 401"));
    let outcome = || Outcome::Failed(Failure::shared(Stage::Plan, &error));
    report((1..=count).map(|line| row(line, outcome())).collect())
}

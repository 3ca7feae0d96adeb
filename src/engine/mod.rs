//! Takes entries through the stages: **resolve → plan → transfer → verify**.
//!
//! 1. [`resolve`](self): one look a distinct source and a distinct target.
//! 2. `plan`: a pure decision, keep, copy or refuse.
//! 3. `transfer`: blobs, children, the manifest, the tag last; `blobs` brings each blob once.
//!    What refers to the image goes between its manifest and its tag (`referrers`).
//! 4. The digest that the target answers must be the source's.
//!
//! The engine does not know where entries come from, and it decides nothing about credentials, limits or
//! retries (that is `registry`).
//!
//! # Guarantees
//! One [`Desired`] ends as exactly one [`Row`], whatever happens. A tag never points at less than a whole image.

mod age;
mod ahead;
mod blobs;
mod content;
mod deadline;
mod entry;
mod error;
mod fanout;
mod filter;
mod foresee;
mod given;
mod guards;
mod manifests;
mod meanwhile;
mod observer;
mod once;
mod plan;
mod previous;
#[cfg(any(test, fuzzing))]
pub(crate) mod properties;
mod queue;
mod rate;
mod referrers;
mod resolve;
mod run;
mod siblings;
mod source_check;
mod store;
mod transfer;
mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub(crate) use age::instant;
pub use error::Error;
pub use given::Given;
pub use observer::{Observer, Silent};
pub use source_check::SourceCheck;

use crate::model::{Cause, Descriptor, Desired, Digest, Manifest, Past, Reason, Row};
use crate::registry::{Client, Role};
use once::Once;
use plan::Found;
use store::Place;

/// Blobs streaming at a time over all entries. A stream holds about 0.6 MiB, so this bounds them to 20 MiB.
const STREAMS: usize = 32;

/// How far a run looks below a tag that is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Check {
    /// Not at all: a tag that names the right digest is kept.
    #[default]
    Names,
    /// Every blob and child is asked for; what is missing is sent.
    Content,
    /// As `Content`, and every manifest is written again.
    Rewrite,
}

/// How far entries are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// Only their sources are looked for. Targets are not: an entry whose source exists ends as planned, for a
    /// reason unknown.
    Sources,
    /// Both ends are compared, and no more: what would have to be written ends as planned, without its bytes.
    Compare,
    /// Both ends are looked at, and what would be written is said.
    Plan,
    /// They are written.
    #[default]
    Mirror,
}

/// How a run is to be done.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own; none excludes another")]
pub struct Options {
    /// Entries being transferred at a time; it bounds memory, not load.
    pub jobs: usize,
    /// How far entries are taken.
    pub extent: Extent,
    /// How far to look below a tag that is right.
    pub check: Check,
    /// A source that does not exist is skipped.
    pub skip_missing: bool,
    /// Never mount.
    pub skip_mount: bool,
    /// What refers to an image (signatures, attestations, SBOMs) is copied with it, between registries.
    pub referrers: bool,
    /// Only the platforms `os/arch[/variant]` that match.
    pub filter_by_os: Option<regex::Regex>,
    /// A target that we may not see is a failure, never one that may be absent. For repositories that are known to exist.
    pub visible_targets: bool,
    /// Whether sources still are what entries say; none: nobody knows better than their registries.
    pub source_check: Option<SourceCheck>,
    /// Entries that would be written are told with when their images were made: at most two requests more for each.
    pub dates: bool,
    /// When the run began: what further tags say.
    pub began: SystemTime,
    /// What earlier runs know of the entries; none: entries begin at a place that moves with the hour.
    pub past: Option<Arc<Past>>,
    /// When no new entry starts any more: what would not be through by then does not start either.
    pub deadline: Option<tokio::time::Instant>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 32,
            extent: Extent::default(),
            check: Check::default(),
            skip_missing: false,
            skip_mount: false,
            referrers: false,
            filter_by_os: None,
            visible_targets: false,
            source_check: None,
            dates: false,
            began: SystemTime::now(),
            past: None,
            deadline: None,
        }
    }
}

/// How a run is asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// No new entry starts.
    pub gently: CancellationToken,
    /// Running entries are given up.
    pub now: CancellationToken,
    /// Whether it was the deadline (else a signal).
    pub deadline: Arc<AtomicBool>,
}

impl Stop {
    /// Why entries are left unfinished.
    #[must_use]
    pub fn cause(&self) -> Cause {
        if self.deadline.load(Ordering::Relaxed) { Cause::Deadline } else { Cause::Interrupted }
    }
}

/// What engines side by side share: how much streams at a time, and what is known to be at targets.
#[derive(Debug, Clone)]
pub struct Ground {
    streams: Arc<Semaphore>,
    blobs: Arc<blobs::Blobs>,
    /// Children that are whole in a place.
    complete: Arc<Once<(Place, Digest), ()>>,
}

impl Default for Ground {
    fn default() -> Self {
        Self { streams: Arc::new(Semaphore::new(STREAMS)), blobs: Arc::default(), complete: Arc::default() }
    }
}

/// One run's engine: what it may do, and what it has learnt so far.
pub struct Engine {
    source: Client,
    target: Client,
    options: Options,
    observer: Arc<dyn Observer>,
    stop: Stop,
    looks: resolve::Looks,
    manifests: manifests::Manifests,
    given: Given,
    ground: Ground,
    /// Blobs being written to a layout directory, or written.
    written: Once<(Place, Digest), ()>,
    referrers: referrers::Referrers,
    fanout: fanout::Fanout,
    /// When images were made, by the digest of their config.
    created: Once<Digest, Option<SystemTime>>,
    rate: rate::Rate,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("options", &self.options).finish_non_exhaustive()
    }
}

/// An entry that is to be written, or checked.
#[derive(Debug)]
struct Planned {
    desired: Desired,
    /// The manifest that the target should name.
    wanted: Descriptor,
    /// Its bytes, where a filter wrote it anew.
    rewritten: Option<Manifest>,
    found: Found,
    reason: Reason,
    /// Whether the target is right already, and only its content or what refers to it is to be checked.
    check_only: bool,
    /// Tags that are to be there before the target's own moves.
    further: Vec<guards::FurtherTag>,
    /// Requests made so far.
    requests: u32,
    started: tokio::time::Instant,
}

/// What a look at an entry led to.
enum Looked {
    Ended(Box<Row>),
    ToDo(Box<Planned>),
}

impl Engine {
    /// An engine over `client`'s registries. `observer` is told of everything; `stop` ends the run early.
    #[must_use]
    pub fn new(client: &Client, options: Options, observer: Arc<dyn Observer>, stop: Stop) -> Self {
        Self {
            source: client.with_role(Role::Source),
            target: client.with_role(Role::Target),
            options,
            observer,
            stop,
            looks: resolve::Looks::default(),
            manifests: manifests::Manifests::default(),
            given: Given::default(),
            ground: Ground::default(),
            written: Once::default(),
            referrers: referrers::Referrers::default(),
            fanout: fanout::Fanout::default(),
            created: Once::default(),
            rate: rate::Rate::default(),
        }
    }

    /// The same, on ground that it shares with others.
    #[must_use]
    pub fn on(mut self, ground: &Ground) -> Self {
        self.ground = ground.clone();
        self
    }
}

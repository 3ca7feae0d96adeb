//! What a run is asked to do, and what it does it with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::containers::WantedContainer;
use crate::engine::{Observer, Stop};
use crate::model::{Digest, Key};
use crate::objects::Store;
use crate::registry::Client;
use crate::stream::document::Document;
use crate::stream::plan::{Plan, ReleaseVersion};
use crate::stream::rewrite::{To, Touch, Unselected};

/// What becomes of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signatures {
    /// They must be there.
    Require,
    /// One that is not there is a warning.
    BestEffort,
    /// They are left alone.
    Skip,
}

/// When a file that is there counts as right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// When it was found right before, and was not written since.
    Known,
    /// When it is hashed again.
    Full,
}

/// What is to be where, and how it gets there.
#[derive(Debug)]
pub struct Order<'a> {
    /// The stream.
    pub document: &'a Document,
    /// Which of its artifacts are wanted.
    pub selected: &'a [usize],
    /// Under which keys they belong.
    pub plan: &'a Plan,
    /// Where a file may be already, under other keys of the same destination.
    pub candidates: BTreeMap<Digest, Vec<Key>>,
    /// What becomes of signatures.
    pub signatures: Signatures,
    /// When a file that is there counts as right.
    pub verify: Verify,
    /// Also compare what files decompress to.
    pub is_uncompressed_verified: bool,
    /// Replace what must not change.
    pub is_overwriting: bool,
    /// The release whose `latest` folders follow; none: they are left alone.
    pub latest: Option<ReleaseVersion>,
    /// How long nothing of a build that did not come whole is collected.
    pub lease: Duration,
    /// Container images that are wanted, too.
    pub containers: Vec<WantedContainer>,
    /// Where the stream file is to say that files are; none: it is not rewritten.
    pub rewriting: Option<To<'a>>,
    /// What becomes of artifacts in it that are not wanted.
    pub unselected: Unselected,
    /// What it says of its change.
    pub touch: Option<Touch>,
    /// Where it is published in each destination.
    pub publish: Option<Key>,
    /// What is published there stays if it is newer.
    pub keeps_newer: bool,
    /// A program that carries a destination on.
    pub push_command: Option<PathBuf>,
    /// A program that tells a CDN what changed.
    pub invalidate_command: Option<PathBuf>,
}

/// What a run does it with.
#[derive(Debug)]
pub struct Setup<'a> {
    /// Web servers and registries.
    pub client: &'a Client,
    /// Destinations.
    pub stores: &'a [Store],
    /// Who is told.
    pub observer: Arc<dyn Observer>,
    /// When to stop.
    pub stop: Stop,
    /// Files under way at a time.
    pub jobs: usize,
    /// Nothing is written.
    pub is_dry_run: bool,
    /// When the run began.
    pub began: SystemTime,
    /// The machine that it runs on, for others who want the destination.
    pub host: &'a str,
    /// Its name, which no other run has.
    pub run: &'a str,
    /// Where copies are kept of what destinations know.
    pub state: Option<&'a Path>,
}

//! What the commands of `stream` work with.

mod made;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use url::Url;

use super::{Connection, Pace};
use crate::cli::args::GitPins;
use crate::model::{Key, Repository};
use crate::objects::Address;
use crate::redact::Secret;
use crate::stream::mirror::{Signatures, Verify};
use crate::stream::pins::Depth;
use crate::stream::plan::LayoutSettings;
use crate::stream::prune::Policy;
use crate::stream::selection::Selection;

/// `stream`.
#[derive(Debug)]
pub enum Stream {
    /// `stream mirror`, `stream promote` and `stream prerelease publish`.
    Mirror(Box<StreamMirror>),
    /// `stream rewrite`.
    Rewrite(Box<StreamRewrite>),
    /// `stream validate`.
    Validate(Box<StreamValidate>),
    /// `stream resolve`.
    Resolve(Box<StreamResolve>),
    /// `stream pins`.
    Pins(Box<StreamPins>),
    /// `stream prune`.
    Prune(Box<StreamPrune>),
}

/// Which stream, and what of it.
#[derive(Debug)]
pub struct StreamInput {
    /// A path, an address, or `-`.
    pub src: String,
    /// Which of several.
    pub key: Option<String>,
    /// What of it.
    pub selection: Selection,
    /// Locations may be files of this machine.
    pub allow_files: bool,
}

/// Where files belong.
#[derive(Debug)]
pub struct Placing {
    /// As what, and under which version.
    pub settings: LayoutSettings,
    /// Whether the server is mirror.openshift.com, which reads some folders elsewhere.
    pub is_mirror_openshift: bool,
}

/// What a stream file becomes.
#[derive(Debug)]
pub struct Rewritten {
    /// What addresses begin with.
    pub url: Option<Url>,
    /// What addresses that begin with one of these begin with instead.
    pub maps: Vec<(Url, Url)>,
    /// All addresses, not only those of what was selected.
    pub is_of_all: bool,
    /// What was not selected goes.
    pub drop_unselected: bool,
    /// `metadata` says that it was changed.
    pub touch: bool,
    /// When it was changed, as `SOURCE_DATE_EPOCH` has it; none: now.
    pub date: Option<SystemTime>,
    /// Where the file goes; none: it is not made.
    pub file: Option<PathBuf>,
    /// Where it is noted what addresses were before.
    pub origins: Option<PathBuf>,
}

/// Which of the three commands that mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// `mirror`
    Mirror,
    /// `promote`
    Promote,
    /// `prerelease publish`
    Prerelease,
}

/// Where files are stored.
#[derive(Debug)]
pub struct Destinations {
    /// Directories and buckets.
    pub addresses: Vec<Address>,
    /// How buckets are reached: variables of the AWS tools.
    pub variables: Vec<(String, Secret)>,
}

/// `stream mirror`, `stream promote` and `stream prerelease publish`.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own; none excludes another")]
pub struct StreamMirror {
    /// Which of them.
    pub errand: Errand,
    /// Which stream.
    pub input: StreamInput,
    /// Where files belong.
    pub placing: Placing,
    /// The release that `latest` follows.
    pub version: Option<Arc<str>>,
    /// What the stream file becomes.
    pub rewritten: Rewritten,
    /// Where the rewritten file is published.
    pub publish: Option<Key>,
    /// Where to.
    pub destinations: Destinations,
    /// What becomes of signatures.
    pub signatures: Signatures,
    /// When a file that is there counts as right.
    pub verify: Verify,
    /// Older things may replace newer ones.
    pub force: bool,
    /// Files are compared by what they decompress to, too.
    pub verify_uncompressed: bool,
    /// What must not change is replaced.
    pub overwrite_differing: bool,
    /// The folders `latest` are left alone.
    pub no_latest: bool,
    /// Where container images go.
    pub containers: Option<Repository>,
    /// What addresses were before.
    pub from_origins: Option<PathBuf>,
    /// Where copies are kept of what destinations know of their files.
    pub state: Option<PathBuf>,
    /// How long nothing is collected of what did not come whole.
    pub lease: Duration,
    /// What carries a destination on.
    pub push_command: Option<PathBuf>,
    /// What tells a CDN.
    pub invalidate_command: Option<PathBuf>,
    /// Nothing is written.
    pub dry_run: bool,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How servers are reached.
    pub connection: Connection,
}

/// `stream rewrite`.
#[derive(Debug)]
pub struct StreamRewrite {
    /// Which stream.
    pub input: StreamInput,
    /// Where files belong.
    pub placing: Placing,
    /// What the file becomes.
    pub rewritten: Rewritten,
    /// How servers are reached.
    pub connection: Connection,
}

/// How much of each artifact is looked at.
pub use crate::cli::args::LevelWord as Level;

/// `stream validate`.
#[derive(Debug)]
pub struct StreamValidate {
    /// Which stream.
    pub input: StreamInput,
    /// What addresses must begin with.
    pub prefixes: Vec<Url>,
    /// How much is looked at.
    pub level: Level,
    /// Signatures must be there.
    pub signatures: bool,
    /// Container images are asked for.
    pub containers: bool,
    /// Only what this file does not have.
    pub changed_since: Option<String>,
    /// Which statuses say that a file is missing; none: the usual ones.
    pub missing: Vec<u16>,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How servers are reached.
    pub connection: Connection,
}

/// `stream resolve`.
#[derive(Debug)]
pub struct StreamResolve {
    /// Which stream.
    pub input: StreamInput,
    /// Where files belong.
    pub placing: Placing,
    /// What addresses are to begin with; none: they stay.
    pub prefix: Option<Url>,
    /// How the tree there is laid out; none: as here.
    pub prefix_layout: Option<String>,
    /// What addresses begin with.
    pub url: Option<Url>,
    /// What addresses were before.
    pub origins: Option<PathBuf>,
    /// Where the file goes; none: standard output.
    pub file: Option<PathBuf>,
    /// How servers are reached.
    pub connection: Connection,
}

/// What pins builds.
#[derive(Debug)]
pub struct PinSettings {
    /// Stream files.
    pub streams: Vec<String>,
    /// Histories.
    pub git: Vec<GitPins>,
    /// Files of old commits that are no stream files are passed over.
    pub ignore_unreadable: bool,
    /// Lists.
    pub lists: Vec<PathBuf>,
    /// Which commits count.
    pub depth: Depth,
}

/// `stream pins`.
#[derive(Debug)]
pub struct StreamPins {
    /// What pins builds.
    pub pins: PinSettings,
    /// How servers are reached.
    pub connection: Connection,
}

/// `stream prune`.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own; none excludes another")]
pub struct StreamPrune {
    /// What pins builds.
    pub pins: PinSettings,
    /// Where builds are.
    pub destinations: Destinations,
    /// Below which folder of it.
    pub root: Option<Key>,
    /// Nothing is written.
    pub dry_run: bool,
    /// What is pinned and not there is a failure.
    pub check: bool,
    /// So many pins there must be.
    pub min_pins: usize,
    /// Far fewer than last time are fine.
    pub accept_pin_drop: bool,
    /// What stays of releases although nothing pins it.
    pub release: Policy,
    /// The same of pre-releases.
    pub pre_release: Policy,
    /// What was marked a shorter while ago stays.
    pub mark_age: Duration,
    /// So many may go at once.
    pub max_delete: usize,
    /// So large a part may go at once.
    pub max_fraction: f64,
    /// Releases may go.
    pub include_ga: bool,
    /// How long what is gone from a directory can be taken back.
    pub trash_ttl: Duration,
    /// How much at a time and how long.
    pub pace: Pace,
    /// How servers are reached.
    pub connection: Connection,
}
